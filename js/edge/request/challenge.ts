// The value of `WWW-Authenticate` for a refusal. Its texts are fixed or the application's own.
// Nothing in it comes from the token.

import { reading } from "../options/invalid.js";
import { ownMembers } from "../options/own.js";
import { listOfTexts, number } from "../options/read.js";
import type { Policy } from "../result/verified.js";
import type { VerifyError } from "./error.js";

/** The `error` of the answer's body; those of RFC 6750 and RFC 9470 go into the challenge too. */
export type Refusal =
  | "token_missing"
  | "invalid_request"
  | "invalid_token"
  | "invalid_dpop_proof"
  | "use_dpop_nonce"
  | "insufficient_scope"
  | "insufficient_user_authentication"
  | "temporarily_unavailable"
  | "server_error";

/** What a verifier with `dpop` adds to its challenges. */
export interface DpopChallenge {
  /** The algorithms of proofs. */
  readonly algs: string;
  /** Whether the request came with the scheme DPoP. */
  readonly isUsed: boolean;
}

const dpopByError = new WeakMap<VerifyError, DpopChallenge>();

/** The error, of which it is known from now on that a verifier with `dpop` refused the request. */
export function withDpop(error: VerifyError, dpop: DpopChallenge): VerifyError {
  dpopByError.set(error, dpop);
  return error;
}

export function dpopOf(error: VerifyError): DpopChallenge | null {
  return dpopByError.get(error) ?? null;
}

/** These say that Bearer would not do, whatever the request came with. */
const OF_DPOP = /^(proof\.|token\.unbound|claim\.cnf|policy\.dpop_required)/;

/** What of a policy a challenge looks at: its own members. */
const MEMBERS: readonly string[] = [
  "realm",
  "scopes",
  "anyScope",
  "acr",
  "maxAge",
  "resourceMetadata",
  "dpop",
  "token",
] satisfies (keyof Policy)[];

/** @throws {VerifyError} config_invalid for a policy that is none */
export function challengeFor(...given: Parameters<typeof challengeOf>): string {
  return reading("policy", () => challengeOf(...given));
}

function challengeOf(
  refusal: Refusal,
  code: string,
  description: string,
  given: Policy,
  dpop: DpopChallenge | null,
): string {
  const policy = ownMembers(given, MEMBERS);
  const texts = (name: "scopes" | "anyScope" | "acr") =>
    listOfTexts(`policy.${name}`, policy[name] ?? []);
  const parameters: (readonly [name: string, value: string])[] = [];
  if (policy.realm !== undefined) parameters.push(["realm", policy.realm]);
  // RFC 6750 section 3.1: a request that brought no token at all gets no error code.
  if (refusal !== "token_missing")
    parameters.push(["error", refusal], ["error_description", description]);
  // RFC 6750 section 3. Without a token too: an MCP client asks its authority for these scopes.
  const scopes = new Set([...texts("scopes"), ...texts("anyScope")]);
  if (scopes.size > 0) parameters.push(["scope", [...scopes].join(" ")]);
  if (code === "policy.step_up") {
    if (policy.acr !== undefined) parameters.push(["acr_values", texts("acr").join(" ")]);
    if (policy.maxAge !== undefined) parameters.push(["max_age", secondsOf(policy.maxAge)]);
  }
  if (policy.resourceMetadata !== undefined)
    parameters.push(["resource_metadata", policy.resourceMetadata]);
  if (dpop === null) return written("Bearer", parameters);
  const algs = ["algs", dpop.algs] as const;
  // RFC 9449 section 7.2: the error goes to the scheme that was used.
  if (dpop.isUsed || policy.dpop === "required" || OF_DPOP.test(code))
    return written("DPoP", [...parameters, algs]);
  const bearer = written("Bearer", parameters);
  // Elsewhere than in `Authorization` a token can't come with a proof.
  return policy.token === undefined ? `${bearer}, ${written("DPoP", [algs])}` : bearer;
}

/** RFC 9470 section 3: a whole number. */
function secondsOf(maxAge: number): string {
  const seconds = number("policy.maxAge", maxAge, 0, 0, Number.POSITIVE_INFINITY);
  return String(Math.floor(Math.min(seconds, Number.MAX_SAFE_INTEGER)));
}

function written(
  scheme: string,
  parameters: readonly (readonly [name: string, value: string])[],
): string {
  const texts = parameters.map(([name, value]) => `${name}="${quotable(value)}"`);
  return [scheme, texts.join(", ")].join(" ").trimEnd();
}

/** RFC 9110 section 5.6.4, narrowed to visible ASCII. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "").replace(/["\\]/g, "\\$&");
}
