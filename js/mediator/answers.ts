// The mediator's answers. None may be cached, framed or sniffed, and none tells where it came from.

const HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
};

interface More {
  readonly cookies?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export function answer(status: number, body: object | null = null, more: More = {}): Response {
  const headers = new Headers({ ...HEADERS, ...more.headers });
  if (body !== null) headers.set("Content-Type", "application/json");
  for (const cookie of more.cookies ?? []) headers.append("Set-Cookie", cookie);
  return new Response(body === null ? null : JSON.stringify(body), { status, headers });
}

/** 303: the browser asks with GET whatever it asked with before. */
export function redirect(to: URL, cookies: readonly string[] = []): Response {
  return answer(303, null, { cookies, headers: { Location: to.href } });
}

/** An error code as a JSON body, the way of RFC 6749 section 5.2. */
export function refusal(status: number, error: string, more: More = {}): Response {
  return answer(status, { error }, more);
}

/** `seconds`: when to ask again. */
export function unavailable(seconds: number, status: 429 | 503 = 503): Response {
  const error = status === 429 ? "slow_down" : "temporarily_unavailable";
  return refusal(status, error, { headers: { "Retry-After": String(Math.ceil(seconds)) } });
}

/** An answer of somebody else, with the headers of ours. */
export function withHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  return response;
}
