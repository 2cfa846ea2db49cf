// Hands claims on to the handler as headers: `Policy.forward`.

import { valueAt } from "../result/claim-paths.js";
import type { Claims, Policy, Verified } from "../result/verified.js";

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
  const value = valueAt(claims, path);
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
