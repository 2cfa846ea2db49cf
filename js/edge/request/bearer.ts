// Takes the token out of `Authorization` (RFC 6750 section 2.1), and hands claims on as headers.

import type { Claims, Policy, Verified } from "../result/verified.js";
import { VerifyError } from "./error.js";

/**
 * The token of a request, or null when it has no `Authorization` at all. Tokens in the address or
 * in cookies are not looked for.
 */
export function bearerToken(request: Request): string | null {
  const value = request.headers.get("Authorization");
  if (value === null) return null;
  // The platform joins two headers by a comma. No token has one.
  const token = /^bearer +([\w.~+/-]+=*)$/i.exec(value)?.[1];
  if (token === undefined) throw new VerifyError("request.malformed");
  return token;
}

/**
 * The request as the handler gets it: the policy's headers say what the token says, and never what
 * the caller wrote into them.
 */
export function forwarded(request: Request, { forward }: Policy, auth: Verified | null): Request {
  if (forward === undefined) return request;
  const headers = new Headers(request.headers);
  for (const [name, claim] of Object.entries(forward)) {
    headers.delete(name);
    const text =
      auth === null ? null : textOf(auth.claims, typeof claim === "string" ? [claim] : claim);
    if (text !== null) setIfCarried(headers, name, text);
  }
  // A request can be copied with its body only while nobody has read it.
  return request.bodyUsed
    ? new Request(request.url, { method: request.method, headers, signal: request.signal })
    : new Request(request, { headers });
}

function textOf(claims: Claims, path: readonly string[]): string | null {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return null;
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : null;
}

function setIfCarried(headers: Headers, name: string, text: string): void {
  try {
    headers.set(name, text);
  } catch {
    return;
  }
  if (headers.get(name) !== text) headers.delete(name);
}
