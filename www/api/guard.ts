// The door of the API: no valid access token, no entry, and an answer that tells the client what to do next (RFC 6750).

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";
import { type AccessToken, judge } from "./access-tokens.ts";
import type { ApiBindings } from "./bindings.ts";

export type GuardedEnv = { Bindings: ApiBindings; Variables: { accessToken: AccessToken } };

export const requireAccessToken = createMiddleware<GuardedEnv>(async (c, next) => {
  const token = bearerToken(c.req.raw);
  if (token === null) return refuse(c, "none");
  let verdict;
  try {
    verdict = await judge(token, c.env.ISSUER, c.env.AUDIENCE, keySet(c.env));
  } catch (error) {
    // Not a 401: the token may be good, and a client that took this for a refusal would renew it for nothing.
    console.error(error);
    return c.json({ error: "keys_unavailable" }, 503, { "Retry-After": "5" });
  }
  if ("refused" in verdict) return refuse(c, "invalid");
  c.set("accessToken", verdict.accepted);
  return next();
});

/** The answer is the same for every fault: which check failed helps only whoever is trying them out. */
export function refuse(c: Context, presented: "none" | "invalid"): Response {
  // RFC 6750, section 3.1: a request that brought no token at all gets no error code.
  const challenge = presented === "none" ? 'Bearer realm="api"' : 'Bearer realm="api", error="invalid_token"';
  const error = presented === "none" ? "token_missing" : "invalid_token";
  return c.json({ error }, 401, { "WWW-Authenticate": challenge });
}

export function bearerToken(request: Request): string | null {
  const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
  return token ?? null;
}

let keySetOfThisIsolate: JWTVerifyGetKey | undefined;

/** One key set an isolate: jose keeps the keys for ten minutes, and asks again for an unknown `kid` at most every 30 s. */
function keySet(bindings: ApiBindings): JWTVerifyGetKey {
  keySetOfThisIsolate ??= createRemoteJWKSet(new URL("/.well-known/jwks.json", bindings.ISSUER), {
    [customFetch]: (url, init) => bindings.AUTHORITY.fetch(url, init),
  });
  return keySetOfThisIsolate;
}
