// Tokens for the examples and recipes, signed by jose, and what comes of showing one.

import { claims, type KeyPair, sign } from "../edge/suite/kit.ts";

export const AUDIENCE = "https://api.example.com";

/** A token as RFC 9068 wants it, good from now on for five minutes. */
export async function tokenOf(
  issuer: string,
  more: Record<string, unknown> = {},
  pair?: KeyPair,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = claims({
    iss: issuer,
    aud: AUDIENCE,
    iat: now,
    exp: now + 300,
    client_id: "app",
    scope: "read",
    ...more,
  });
  return sign(payload, { typ: "at+jwt" }, pair);
}

/** Asks, and says what came: the status and the challenge, or the body. */
export async function ask(
  url: string | URL,
  token: string | null,
  init: RequestInit = {},
): Promise<readonly [number, string]> {
  const response = await fetch(url, {
    ...init,
    headers: {
      ...(init.headers as Record<string, string>),
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
  });
  const body = await response.text();
  return [response.status, response.headers.get("WWW-Authenticate") ?? body];
}
