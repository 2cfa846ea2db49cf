// What `tokenkeep/edge` has promised: names and shapes here may be added to, never broken.
// tests/types/ holds the package to it. Runs in workerd, Node 20+, Bun, Deno and browsers.

/**
 * No I/O, no clock and no randomness until the first verify: safe at a Worker's module scope.
 * Throws `VerifyError` with code "config_invalid" for options that could never be right.
 */
export function createVerifier(options: VerifierOptions): Verifier;
// Always, with no option: canonical base64url without padding or white space; no duplicate member
// names; depth ≤ 32; finite numbers within ±2^53 for dates; `crit`, `zip`, `enc` and `b64:
// false` refused; thumbprints are RFC 7638 with SHA-256; a throwing `onEvent` changes nothing.

/**
 * Asymmetric algorithms of RFC 7518/8037/9864. `HS*` only with `IssuerOptions.secret`. `none` does
 * not exist.
 */
export type Algorithm =
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA"
  | "Ed25519"
  | "HS256"
  | "HS384"
  | "HS512";

/** A JSON Web Key as key sets publish it. */
export type Jwk = JsonWebKey & { kid?: string; [member: string]: unknown };

export interface IssuerOptions {
  /** Compared exactly with `iss`. */
  issuer: string;
  /** At least one must be among the token's `aud`. */
  audience: string | readonly string[];
  /**
   * The allow-list. Mandatory, not empty, never mixes HS* with the rest. "EdDSA" and "Ed25519" mean
   * the same for Ed25519 keys.
   */
  algorithms: readonly Algorithm[];
  /** https: (http: only for localhost, 127.0.0.0/8 and [::1]). No user info, no fragment. */
  jwksUri?: string | URL;
  /**
   * A set known at build time: used alone when there is no `jwksUri`, else as the last known good
   * one.
   */
  jwks?: { keys: readonly Jwk[] };
  /** For HS*: at least as long as the hash. */
  secret?: Uint8Array;
  /** A name for the tenant, handed back on `Verified.tenant`. */
  tenant?: string;
}

export interface VerifierOptions {
  /**
   * One issuer, several, or a resolver (multi-tenant). Tokens of an unknown issuer are refused with
   * no I/O.
   */
  issuers:
    | IssuerOptions
    | readonly IssuerOptions[]
    | ((issuer: string) => IssuerOptions | null | Promise<IssuerOptions | null>);
  /**
   * "access-token" demands typ at+jwt and the RFC 9068 claims; "jwt" (default) takes typ JWT,
   * at+jwt or none; "id-token".
   */
  profile?: "jwt" | "access-token" | "id-token";
  /** Seconds of slack on exp, nbf and iat. Default 30. Finite, 0 to 600. */
  clockTolerance?: number;
  /**
   * Most seconds since `iat`, whatever `exp` says. Makes `iat` mandatory, and one in the future
   * (beyond the slack) a refusal.
   */
  maxTokenAge?: number;
  /** Claims that must be present and not null. `exp` is always required unless `allowNoExpiry`. */
  requiredClaims?: readonly string[];
  allowNoExpiry?: boolean;
  /** Default 16 384. */
  maxTokenBytes?: number;
  /**
   * The application's own rule. Anything but exactly `true` (a throw included) refuses the token.
   */
  check?: (claims: Claims, header: JoseHeader) => boolean | Promise<boolean>;
  revocation?: RevocationStore;
  jwks?: JwksOptions;
  /**
   * Verified tokens remembered, 0 to switch off. Default 1 000. A hit re-runs time, revocation,
   * `check` and key-set epoch.
   */
  resultCacheSize?: number;
  /** Milliseconds since the epoch; for tests. */
  clock?: () => number;
  /** Never receives a token. */
  onEvent?: (event: VerifierEvent) => void;
}

export interface JwksOptions {
  /**
   * Seconds a set is fresh when its answer has no Cache-Control: max-age (which is clamped to 60 …
   * 86 400). Default 600; outside 60 … 86 400: config_invalid.
   */
  maxAge?: number;
  /**
   * Seconds, from the end of freshness, that a set still serves while its endpoint is failing.
   * Default 86 400.
   */
  maxStale?: number;
  /**
   * Per key set: least seconds between two fetches, other than by staleness after a success. The
   * cold fetch starts it; it is also the longest wait before a failed fetch is tried again. Default
   * 30.
   */
  cooldown?: number;
  /** Milliseconds, body included; holds even if `fetch` ignores its signal. Default 5 000. */
  timeout?: number;
  /** Default 262 144. */
  maxBytes?: number;
  /** Second layer, shared between isolates. */
  store?: JwksStore;
  /** Replaces `globalThis.fetch`; a service binding's fetch, say. */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
}

export interface JwksStore {
  get(key: string): Promise<StoredJwks | null>;
  put(key: string, value: StoredJwks, ttlSeconds: number): Promise<void>;
}
/** `fetchedAt`: epoch milliseconds. */
export interface StoredJwks {
  body: string;
  fetchedAt: number;
  etag?: string;
}
export function kvJwksStore(kv: KeyValue, options?: { prefix?: string }): JwksStore;
export function cacheJwksStore(cache: Cache): JwksStore;

/** What a Workers KV namespace offers of itself. */
export interface KeyValue {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface RevocationStore {
  /**
   * Asked for each verification, cached results included. A throw refuses the token (503), it never
   * lets one in.
   */
  isRevoked(subject: RevocationSubject): boolean | Promise<boolean>;
}
export interface RevocationSubject {
  issuer: string;
  jti: string | null;
  sid: string | null;
  sub: string | null;
  iat: number | null;
}
export interface Revoker {
  /** `expiresAt`: the token's `exp`, epoch seconds. */
  revokeToken(issuer: string, jti: string, expiresAt: number): Promise<void>;
  revokeSession(issuer: string, sid: string, ttlSeconds: number): Promise<void>;
  /** Refuses every token of the user issued up to now. */
  revokeUser(issuer: string, sub: string, ttlSeconds: number, issuedUpTo?: number): Promise<void>;
}
/**
 * Revocations in KV with a TTL, and an isolate-local memory of answers (`cacheTtl` seconds, default
 * 30, 0 for none).
 */
export function kvRevocation(
  kv: KeyValue,
  options?: { prefix?: string; cacheTtl?: number; clock?: () => number },
): RevocationStore & Revoker;
/**
 * Past `max` entries (default 100 000) only expired ones are dropped; if none is, revoking throws:
 * it never forgets silently.
 */
export function memoryRevocation(options?: {
  max?: number;
  clock?: () => number;
}): RevocationStore & Revoker;

export type Claims = Readonly<Record<string, unknown>> & {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
};
export type JoseHeader = Readonly<Record<string, unknown>> & {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
};

export interface Verified {
  readonly claims: Claims;
  readonly header: JoseHeader;
  readonly issuer: string;
  readonly tenant: string | null;
  readonly key: { readonly kid: string | null; readonly alg: string; readonly thumbprint: string };
  /** Where the answer came from. */
  readonly cached: boolean;
  readonly keys: {
    readonly source: "memory" | "store" | "network" | "bundled";
    readonly ageMs: number;
    readonly stale: boolean;
  };
  /** Space-separated `scope`, or `scp`. */
  readonly scopes: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  readonly permissions: ReadonlySet<string>;
}

export interface Verifier {
  /**
   * Rejects with `VerifyError`, never with anything else. `ctx` lets key refreshes outlive the
   * request.
   */
  verify(token: string, ctx?: ExecutionContextLike): Promise<Verified>;
  /**
   * Takes the token out of `Authorization: Bearer`, verifies it, applies the policy. With
   * `optional`, null for a request without one.
   */
  authenticate(
    request: Request,
    policy: Policy & { optional: true },
    ctx?: ExecutionContextLike,
  ): Promise<Verified | null>;
  authenticate(request: Request, policy?: Policy, ctx?: ExecutionContextLike): Promise<Verified>;
  /**
   * A Workers fetch handler that lets only authorised requests reach `handler`, and answers the
   * others itself (401, 403, 400 or 503 with the right WWW-Authenticate). Never throws for a
   * token's sake.
   */
  guard<Env = unknown>(
    handler: (
      request: Request,
      env: Env,
      ctx: ExecutionContextLike,
      auth: Verified | null,
    ) => Response | Promise<Response>,
    policy: Policy & { optional: true },
  ): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response>;
  guard<Env = unknown>(
    handler: (
      request: Request,
      env: Env,
      ctx: ExecutionContextLike,
      auth: Verified,
    ) => Response | Promise<Response>,
    policy?: Policy,
  ): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response>;
  /** Fetches key sets ahead of the first token. */
  prime(): Promise<void>;
  /**
   * Every check with its outcome, without trusting the signature's absence of error: a development
   * aid.
   */
  explain(token: string): Promise<readonly { check: string; ok: boolean; detail?: string }[]>;
}
export interface ExecutionContextLike {
  waitUntil(promise: Promise<unknown>): void;
}

export interface Policy {
  /** All of them. */
  scopes?: readonly string[];
  /** One of them. */
  anyScope?: readonly string[];
  /** One of them, from the `roles` claim. */
  roles?: readonly string[];
  /** All of them, from the `permissions` claim and `roleMap`. */
  permissions?: readonly string[];
  /** Role → permissions, merged into `Verified.permissions`. */
  roleMap?: Readonly<Record<string, readonly string[]>>;
  tenant?: string;
  /**
   * RFC 9470: acceptable `acr` values, and most seconds since `auth_time` (with the clock's slack).
   */
  acr?: readonly string[];
  maxAge?: number;
  /** No token is fine (handler gets `auth` null); a bad one is not. */
  optional?: boolean;
  /** A hash that the token's `fingerprint` claim must equal (device or address binding). */
  fingerprint?: (request: Request) => string | Promise<string>;
  /**
   * Headers for the upstream: name → claim name, or an array path into nested claims. Inbound
   * headers of these names are always removed first; a value that is no text, number or boolean, or
   * that no header can carry, leaves the header out.
   */
  forward?: Readonly<Record<string, string | readonly string[]>>;
  /** In every challenge: `realm`, and RFC 9728 `resource_metadata`. */
  realm?: string;
  resourceMetadata?: string;
}

export type VerifyErrorCategory = "request" | "token" | "policy" | "keys" | "config" | "runtime";
export class VerifyError extends Error {
  /**
   * Dotted, stable: "token.malformed", "token.too_large", "token.expired", "token.not_yet_valid",
   * "token.encrypted_unsupported", "header.crit", "header.typ", "alg.not_allowed",
   * "alg.unsupported_by_runtime", "key.unknown", "signature.invalid", "claim.<name>",
   * "claim.custom", "token.revoked", "issuer.unknown", "request.missing", "request.malformed",
   * "policy.scope", "policy.role", "policy.permission", "policy.tenant", "policy.step_up",
   * "policy.fingerprint", "jwks.unreachable", "jwks.timeout", "jwks.malformed", "jwks.too_large",
   * "revocation.unavailable", "clock.unavailable", "config_invalid". Of these: "key.unknown" is
   * category token, 401; "alg.unsupported_by_runtime" runtime, 500; "clock.unavailable" (a clock
   * before 2020 or not finite) runtime, 503; "policy.scope|role|permission|tenant|fingerprint"
   * policy, 403; "policy.step_up" policy, 401; a wrong scheme or an empty Bearer
   * "request.malformed", 400; jwks.* keys, 503; "revocation.unavailable" runtime, 503.
   */
  readonly code: string;
  readonly category: VerifyErrorCategory;
  /** 400, 401, 403, 500 or 503. A key set that can't be had is 503, never 401. */
  readonly status: number;
  readonly retryable: boolean;
  /**
   * The `WWW-Authenticate` value, or null where none belongs (500, 503: there `Retry-After` is sent
   * instead). Tells a client nothing that an attacker could use.
   */
  challenge(policy?: Policy): string | null;
  /**
   * The whole answer: status, challenge, `Cache-Control: no-store`, a fixed JSON body
   * `{ "error": … }`.
   */
  response(policy?: Policy): Response;
}

/**
 * The JWS layer: one compact JWS against given keys; payload bytes, no claims. `oct` keys only with
 * HS* in `algorithms`; HS* keys at least as long as the hash. A `kid` in the header must match the
 * key's if both have one. A set with two keys of one type under one kid is refused. Rejects with
 * `VerifyError`.
 */
export function verifyCompact(
  jws: string,
  keys: Jwk | { keys: readonly Jwk[] },
  options: { algorithms: readonly Algorithm[] },
): Promise<{ header: JoseHeader; payload: Uint8Array }>;

export type VerifierEvent =
  | { type: "verified"; issuer: string; cached: boolean; tenant: string | null }
  | {
      type: "refused";
      code: string;
      category: VerifyErrorCategory;
      issuer: string | null;
      tenant: string | null;
    }
  | {
      type: "jwks";
      issuer: string;
      outcome: "fetched" | "not-modified" | "failed" | "served-stale" | "rotated";
      keys?: number;
      skipped?: readonly { kid: string | null; reason: string }[];
    };
