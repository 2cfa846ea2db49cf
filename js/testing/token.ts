// Tokens that nobody signed: an application reads their claims, a verifier refuses them.

import { decodeBase64url, encodeJson } from "../shared/base64url.js";

/**
 * A JWT with these claims and no valid signature, for what a test's server answers: a keep reads
 * the claims out of it, and every verifier refuses it.
 */
export function fakeToken(claims: Readonly<Record<string, unknown>> = {}): string {
  return `${encodeJson({ alg: "none", typ: "JWT" })}.${encodeJson(claims)}.not-signed`;
}

/** The claims of a JWT, or null where there are none to be read. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | null {
  try {
    const payload = token.split(".")[1] ?? "";
    const claims: unknown = JSON.parse(new TextDecoder().decode(decodeBase64url(payload)));
    return typeof claims === "object" ? (claims as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
