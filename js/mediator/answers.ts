// The mediator's answers. None may be cached, framed or sniffed, and none tells where it came from.

/** Headers of an answer. A name may come more than once. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export const HEADERS: HeaderList = [
  ["Cache-Control", "no-store"],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
];

export function answer(status: number, headers: HeaderList = []): Response {
  return new Response(null, { status, headers: headers as [string, string][] });
}

/** 303: the browser asks with GET whatever it asked with before. */
export function redirect(to: URL, cookies: HeaderList = []): Response {
  return answer(303, [["Location", to.href], ...cookies]);
}

/** An error code as a JSON body, the way of RFC 6749 section 5.2. */
export function refusal(status: number, error: string, headers?: HeadersInit): Response {
  return Response.json({ error }, { status, headers: headers ?? {} });
}

/** `seconds`: when to ask again. */
export function unavailable(seconds: number, status: 429 | 503 = 503): Response {
  const error = status === 429 ? "slow_down" : "temporarily_unavailable";
  return refusal(status, error, { "Retry-After": String(Math.ceil(seconds)) });
}

/** An access token. `expiresIn`: seconds; null where the provider did not say. */
export function tokenAnswer(accessToken: string, expiresIn: number | null): Response {
  return Response.json({
    access_token: accessToken,
    expires_in: expiresIn ?? undefined,
    token_type: "Bearer",
  });
}
