// The value of `WWW-Authenticate` for a refusal. Its texts are fixed or the application's own.
// Nothing in it comes from the token.

import type { Policy } from "../result/verified.js";

/** The `error` of the answer's body; those of RFC 6750 and RFC 9470 go into the challenge too. */
export type Refusal =
  | "token_missing"
  | "invalid_request"
  | "invalid_token"
  | "insufficient_scope"
  | "insufficient_user_authentication"
  | "temporarily_unavailable"
  | "server_error";

/** `policy`: of its own members alone. */
export function challengeFor(
  refusal: Refusal,
  code: string,
  description: string,
  policy: Policy,
): string {
  const parameters: (readonly [name: string, value: string])[] = [];
  if (policy.realm !== undefined) parameters.push(["realm", policy.realm]);
  // RFC 6750 section 3.1: a request that brought no token at all gets no error code.
  if (refusal !== "token_missing")
    parameters.push(["error", refusal], ["error_description", description]);
  // RFC 6750 section 3. Without a token too: an MCP client asks its authority for these scopes.
  const scopes = new Set([...(policy.scopes ?? []), ...(policy.anyScope ?? [])]);
  if (scopes.size > 0) parameters.push(["scope", [...scopes].join(" ")]);
  if (code === "policy.step_up") {
    if (policy.acr !== undefined) parameters.push(["acr_values", policy.acr.join(" ")]);
    if (policy.maxAge !== undefined) parameters.push(["max_age", String(policy.maxAge)]);
  }
  if (policy.resourceMetadata !== undefined)
    parameters.push(["resource_metadata", policy.resourceMetadata]);
  if (parameters.length === 0) return "Bearer";
  return `Bearer ${parameters.map(([name, value]) => `${name}="${quotable(value)}"`).join(", ")}`;
}

/** RFC 9110 section 5.6.4, narrowed to visible ASCII. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "").replace(/["\\]/g, "\\$&");
}
