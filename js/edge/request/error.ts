// The one error class of the verifier, with what each code means for the caller: whose fault it is,
// which status answers it, and the challenge (RFC 6750 section 3, RFC 9470 section 3, RFC 9728
// section 5.1). No text here ever holds anything of a token.

import type { Policy } from "../result/verified.js";
import { challengeFor, dpopOf, type Refusal } from "./challenge.js";

/** Whose fault it is that a token was not let in. */
export type VerifyErrorCategory = "request" | "token" | "policy" | "keys" | "config" | "runtime";

/**
 * Why a token was not let in; docs/edge.md has the table. Codes are added with time, so a program
 * may compare with any text, and a `switch` needs a default.
 */
export type VerifyErrorCode =
  | "token.malformed"
  | "token.too_large"
  | "token.encrypted_unsupported"
  | "token.expired"
  | "token.not_yet_valid"
  | "token.revoked"
  | "token.inactive"
  | "token.undecryptable"
  | "token.not_encrypted"
  | "header.crit"
  | "header.typ"
  | "header.cty"
  | "header.b64"
  | "header.zip"
  | "header.enc"
  | "header.epk"
  | "header.apu"
  | "header.apv"
  | "header.p2c"
  | "header.p2s"
  | "header.iss"
  | "header.sub"
  | "header.aud"
  | "alg.not_allowed"
  | "alg.unsupported_by_runtime"
  | "issuer.unknown"
  | "issuer.unavailable"
  | "key.unknown"
  | "signature.invalid"
  | `claim.${string}`
  | "request.missing"
  | "request.malformed"
  | "policy.scope"
  | "policy.role"
  | "policy.permission"
  | "policy.audience"
  | "policy.delegation"
  | "policy.tenant"
  | "policy.step_up"
  | "policy.fingerprint"
  | "policy.dpop_required"
  | "token.bound"
  | "token.unbound"
  | "proof.missing"
  | "proof.malformed"
  | "proof.typ"
  | "proof.alg"
  | "proof.key"
  | "proof.claims"
  | "proof.method"
  | "proof.url"
  | "proof.time"
  | "proof.token"
  | "proof.binding"
  | "proof.nonce"
  | "proof.signature"
  | "proof.replayed"
  | "replay.unavailable"
  | "policy.fresh"
  | "jwks.unreachable"
  | "jwks.timeout"
  | "jwks.malformed"
  | "jwks.too_large"
  | "discovery.unreachable"
  | "discovery.timeout"
  | "discovery.malformed"
  | "discovery.too_large"
  | "discovery.mismatch"
  | "introspection.unreachable"
  | "introspection.timeout"
  | "introspection.malformed"
  | "introspection.too_large"
  | "introspection.busy"
  | "introspection.refused"
  | "introspection.unauthorized"
  | "revocation.unavailable"
  | "clock.unavailable"
  | "runtime.failed"
  | "runtime.wasm_unavailable"
  | "config_invalid"
  | (string & Record<never, never>);

interface Kind {
  readonly category: VerifyErrorCategory;
  readonly status: number;
  readonly refusal: Refusal;
}

const TOKEN: Kind = { category: "token", status: 401, refusal: "invalid_token" };
const FORBIDDEN: Kind = { category: "policy", status: 403, refusal: "insufficient_scope" };
const PROOF: Kind = { category: "request", status: 401, refusal: "invalid_dpop_proof" };
const KEYS: Kind = { category: "keys", status: 503, refusal: "temporarily_unavailable" };
const UNAVAILABLE: Kind = { category: "runtime", status: 503, refusal: "temporarily_unavailable" };

const CONFIG: Kind = { category: "config", status: 500, refusal: "server_error" };

/** Codes that are not a token's fault; the longest prefix counts. */
const KINDS: readonly (readonly [prefix: string, kind: Kind])[] = [
  ["request.missing", { category: "request", status: 401, refusal: "token_missing" }],
  ["request.", { category: "request", status: 400, refusal: "invalid_request" }],
  [
    "policy.step_up",
    { category: "policy", status: 401, refusal: "insufficient_user_authentication" },
  ],
  ["policy.audience", { ...TOKEN, category: "policy" }],
  ["policy.dpop_required", { ...TOKEN, category: "policy" }],
  ["policy.", FORBIDDEN],
  ["proof.binding", { ...PROOF, refusal: "invalid_token" }],
  ["proof.nonce", { ...PROOF, refusal: "use_dpop_nonce" }],
  ["proof.", PROOF],
  ["replay.", UNAVAILABLE],
  ["jwks.", KEYS],
  ["discovery.", KEYS],
  ["introspection.unauthorized", CONFIG],
  ["introspection.", UNAVAILABLE],
  ["revocation.", UNAVAILABLE],
  ["clock.", UNAVAILABLE],
  ["issuer.unavailable", UNAVAILABLE],
  ["runtime.", UNAVAILABLE],
  ["alg.unsupported_by_runtime", { category: "runtime", status: 500, refusal: "server_error" }],
  ["config_invalid", CONFIG],
];

function kindOf(code: string): Kind {
  return KINDS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? TOKEN;
}

const WORDS: Record<Refusal, string> = {
  token_missing: "The request carries no access token.",
  invalid_request: "The request carries no usable access token.",
  invalid_token: "The access token is not valid.",
  invalid_dpop_proof: "The DPoP proof is not valid.",
  use_dpop_nonce: "The DPoP proof needs a nonce of this server.",
  insufficient_scope: "The access token does not allow this.",
  insufficient_user_authentication: "A stronger or more recent login is needed.",
  temporarily_unavailable: "The access token can't be checked at present.",
  server_error: "The verifier is not set up for this.",
};

/** What a developer is told in place of those words, where the error alone does not say it. */
const ADVICE = {
  // Nothing is a code by its prototype.
  __proto__: null,
  "discovery.mismatch":
    "The metadata are of another issuer, or name an origin that is not in `keyOrigins`. " +
    "Where tenants share metadata, name a tenant.",
} as unknown as Readonly<Record<string, string>>;

/**
 * What every call of the verifier rejects with. It says why a token was not let in, in a `code` for
 * logs and a `status` for the answer, and makes that answer. It holds nothing of the token.
 *
 * ```ts
 * try {
 *   await verifier.authenticate(request, policy);
 * } catch (error) {
 *   if (!(error instanceof VerifyError)) throw error;
 *   console.warn(error.code);
 *   return error.response(policy);
 * }
 * ```
 */
export class VerifyError extends Error {
  override name: string = "VerifyError";
  /**
   * Dotted and stable; docs/edge.md has the table. The code is for logs: an answer to a client
   * never holds it.
   */
  readonly code: VerifyErrorCode;
  /** Whose fault it is: the caller's (request, token, policy), or that of the verifier's side. */
  readonly category: VerifyErrorCategory;
  /** 400, 401, 403, 500 or 503. A key set that can't be had is 503, never 401. */
  readonly status: number;
  /** Whether the same token may be let in later: true for 503. */
  readonly retryable: boolean;
  /** The DPoP nonce to hand out with the answer, with `proof.nonce`: `response()` does so. */
  readonly dpopNonce?: string;
  // No private members: they would make the public type a nominal one, which an error of a test
  // could not stand in for.
  /** @internal */
  readonly retryAfter: number;

  /** @internal In the public types this is `Error`'s own. */
  constructor(
    code: VerifyErrorCode = "claim.custom",
    details: { message?: string; retryAfter?: number; dpopNonce?: string; cause?: unknown } = {},
  ) {
    const { category, status, refusal } = kindOf(code);
    super(
      details.message ?? `${ADVICE[code] ?? WORDS[refusal]} (${code})`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.category = category;
    this.status = status;
    this.retryable = status === 503;
    this.retryAfter = Math.max(1, Math.ceil(details.retryAfter ?? 5));
    if (details.dpopNonce !== undefined) this.dpopNonce = details.dpopNonce;
  }

  /**
   * The `WWW-Authenticate` value, or null where none belongs (500, 503: there `Retry-After` is sent
   * instead). Tells a client nothing that an attacker could use. The scheme is Bearer wherever
   * `policy.token` looks for the token: RFC 6750 section 3 asks for it however a token is sent. A
   * verifier with `dpop` names DPoP beside it, or alone.
   *
   * @throws {VerifyError} config_invalid for a policy that is none
   */
  challenge(policy: Policy = {}): string | null {
    const { refusal } = kindOf(this.code);
    return this.status >= 500
      ? null
      : challengeFor(refusal, this.code, WORDS[refusal], policy, dpopOf(this));
  }

  /**
   * The whole answer: status, challenge, `Cache-Control: no-store`, a fixed JSON body
   * `{ "error": … }`. `policy`: that of the route, for the challenge.
   */
  response(policy: Policy = {}): Response {
    const headers = new Headers({
      "Cache-Control": "no-store",
      "Content-Type": "application/json",
    });
    const challenge = this.challenge(policy);
    if (challenge !== null) headers.set("WWW-Authenticate", challenge);
    if (this.dpopNonce !== undefined) headers.set("DPoP-Nonce", this.dpopNonce);
    if (this.status === 503) headers.set("Retry-After", String(this.retryAfter));
    return new Response(JSON.stringify({ error: kindOf(this.code).refusal }), {
      status: this.status,
      headers,
    });
  }
}
