// The public types of the verifier, of what it gives for a token, and of policies. The code behind
// them is in verifier.ts.

/** The claims of a token whose signature holds. They can't be changed. */
export type Claims = Readonly<Record<string, unknown>> & {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
};
/** The protected header of a token. */
export type JoseHeader = Readonly<Record<string, unknown>> & {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
};

/** A token that was let in. */
export interface Verified {
  readonly claims: Claims;
  readonly header: JoseHeader;
  /** `iss`. */
  readonly issuer: string;
  /** The name that `IssuerOptions.tenant` gives the issuer. */
  readonly tenant: string | null;
  /** The key that verified it. `thumbprint`: RFC 7638, SHA-256. */
  readonly key: { readonly kid: string | null; readonly alg: string; readonly thumbprint: string };
  /** Where the answer came from. */
  readonly cached: boolean;
  /**
   * Where the keys that this very call used came from: "memory" when nothing had to be read for it.
   * How old their set is; `stale`: it is past its freshness.
   */
  readonly keys: {
    readonly source: "memory" | "store" | "network" | "bundled";
    readonly ageMs: number;
    readonly stale: boolean;
  };
  /** Space-separated `scope`, or `scp`. */
  readonly scopes: ReadonlySet<string>;
  /** The `roles` claim. */
  readonly roles: ReadonlySet<string>;
  /** The `permissions` claim, and what a policy's `roleMap` adds. */
  readonly permissions: ReadonlySet<string>;
  /**
   * Who acts for the user (RFC 8693 section 4.1): the current actor first, then those before it. At
   * most eight; none where any part of `act` is no actor. Always there on what a verifier gives.
   */
  readonly actors?: readonly Actor[];
  /**
   * The key that the token is bound to (RFC 7800 `cnf`), by its thumbprint. Null for a token that
   * is bound to none, and for every token of a verifier without `dpop`.
   */
  readonly confirmation?: { readonly jkt: string } | null;
  /**
   * The DPoP proof that came with the token; null where none did. `nextNonce`: the one to hand out
   * with the answer in `DPoP-Nonce`, beside `Cache-Control: no-store`; null where the client's own
   * is good for long. `guard` does so by itself.
   */
  readonly proof?: {
    readonly jti: string;
    readonly thumbprint: string;
    /** Epoch seconds. */
    readonly iat: number;
    readonly nextNonce: string | null;
  } | null;
}

/** One that acts for the user of a token. */
export interface Actor {
  /** `sub` of the actor. */
  readonly subject: string;
  /** `iss` of the actor; null where `act` names none. */
  readonly issuer: string | null;
  /** All that `act` says of it. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What `auditOf` says of a token. */
export type AuditRecord = Readonly<
  Record<
    "issuer" | "subject" | "client" | "actors" | "tokenId" | "session" | "scopes" | "tenant",
    string | readonly string[] | null
  >
>;

/** Judges tokens. It may be shared by all requests of an isolate. */
export interface Verifier {
  /**
   * Rejects with `VerifyError`, never with anything else. `ctx` lets key refreshes outlive the
   * request.
   */
  verify(token: string, ctx?: ExecutionContextLike): Promise<Verified>;
  /**
   * Takes the token out of the request (`Policy.token`; default `Authorization: Bearer`, and `DPoP`
   * with the option `dpop`), verifies it and its proof, applies the policy. With `optional`, null
   * for a request without one. Never passes a preflight.
   */
  authenticate(
    request: Request,
    policy: Policy & { optional: true },
    ctx?: ExecutionContextLike,
  ): Promise<Verified | null>;
  /** As above, for a request that has to have a token. */
  authenticate(request: Request, policy?: Policy, ctx?: ExecutionContextLike): Promise<Verified>;
  /**
   * A Workers fetch handler that lets only authorised requests reach `handler`, and answers the
   * others itself (401, 403, 400 or 503 with the right WWW-Authenticate), or by
   * `VerifierOptions.respond`. Never throws for a token's sake. `auth` is null for a request
   * without a token that the policy lets in.
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
  /**
   * As above, for requests that have to have a token. A policy may be a function of the request. If
   * it throws, or gives no policy (a promise is none), the request is refused: config_invalid, 500.
   * Where a function may give `optional`, and where preflights pass, `auth` may be null: say so in
   * the handler (`auth: Verified | null`).
   */
  guard<Env = unknown>(
    handler: (
      request: Request,
      env: Env,
      ctx: ExecutionContextLike,
      auth: Verified,
    ) => Response | Promise<Response>,
    policy?: Policy | ((request: Request) => Policy),
  ): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response>;
  /**
   * Applies the policy alone, to a token that came another way: in a WebSocket, a queue, a test.
   * Without a request, rules that need one refuse (`fingerprint`). Says nothing of where a token is
   * or whether it may be missing. Of an `auth` that is made by hand or kept as JSON, sets that are
   * missing grant nothing, and lists stand for sets. Tells `onEvent` nothing.
   *
   * @throws {VerifyError}
   */
  authorize(auth: Verified, policy: Policy, request?: Request): Promise<void>;
  /** Fetches key sets ahead of the first token. */
  prime(): Promise<void>;
  /**
   * Every check with its outcome, without trusting the signature's absence of error: a development
   * aid.
   */
  explain(token: string): Promise<readonly { check: string; ok: boolean; detail?: string }[]>;
}
/** The part of a Worker's `ctx` that the verifier uses. */
export interface ExecutionContextLike {
  /** Keeps the request's work alive until the promise has settled. */
  waitUntil(promise: Promise<unknown>): void;
}

/**
 * What a route asks of a token beyond being valid. All that is given has to hold. A policy counts
 * by its own members: one that inherits a rule, from a class say, is refused.
 */
export interface Policy {
  /** All of them. Every challenge of the policy names its scopes (RFC 6750 section 3). */
  scopes?: readonly string[];
  /** One of them. */
  anyScope?: readonly string[];
  /** One of them, from the `roles` claim. */
  roles?: readonly string[];
  /** All of them, from the `permissions` claim and `roleMap`. */
  permissions?: readonly string[];
  /** Role → permissions, merged into `Verified.permissions`. */
  roleMap?: Readonly<Record<string, readonly string[]>>;
  /** The token's issuer has this `IssuerOptions.tenant`. */
  tenant?: string;
  /** RFC 9470: acceptable `acr` values. */
  acr?: readonly string[];
  /** RFC 9470: most seconds since `auth_time`, with the clock's slack. */
  maxAge?: number;
  /** No token is fine (handler gets `auth` null); a bad one is not. */
  optional?: boolean;
  /**
   * Where the token is, and nowhere else. Default: `Authorization: Bearer`. In another header the
   * token stands alone, or after `Bearer`. A function gives null for a request without a token; its
   * throw answers 400. Two headers or two cookies of the name are `request.malformed`. A cookie is
   * only as safe as the route's protection against forged calls.
   */
  token?: { header: string } | { cookie: string } | ((request: Request) => string | null);
  /** At least one must be among `aud`, beside what the issuer demands. Else 401, invalid_token. */
  audience?: string | readonly string[];
  /**
   * "pass": a CORS preflight (`OPTIONS` with `Access-Control-Request-Method` and no token) reaches
   * the handler of `guard` with `auth` null. Default "guard": it is refused like any request
   * without a token.
   */
  preflight?: "pass" | "guard";
  /**
   * Whether somebody may act for the user (RFC 8693 `act`). "allow" (default): anybody whom the
   * issuer lets. "forbid": no token with `act`. A list: of tokens with `act` those alone whose
   * current actor is listed, by its subject, and by its issuer where one is given; with `required`
   * no others. Else 403. Actors before the current one are history and count for nothing.
   */
  delegation?:
    | "allow"
    | "forbid"
    | {
        actors: readonly (string | { issuer?: string; subject: string })[];
        required?: boolean;
      };
  /**
   * On a verifier with `dpop`. "accepted" (default): bound tokens need a proof, others may come as
   * Bearer. "required": no token without a proof (`policy.dpop_required`).
   */
  dpop?: "accepted" | "required";
  /**
   * Asks the issuer now whether the token is active, by `VerifierOptions.introspection`, whatever
   * is remembered. A JWT too, after it was verified: one of another issuer is refused (403), and
   * without `introspection` every token is (config_invalid). In `authorize` it refuses: no token is
   * there to ask about.
   */
  fresh?: boolean;
  /** A hash that the token's `fingerprint` claim must equal (device or address binding). */
  fingerprint?: (request: Request) => string | Promise<string>;
  /**
   * Headers for the upstream: name → claim name, or an array path into nested claims. Inbound
   * headers of these names are always removed first; a value that is no text, number or boolean, or
   * that no header can carry, leaves the header out.
   */
  forward?: Readonly<Record<string, string | readonly string[]>>;
  /** In every challenge. */
  realm?: string;
  /** In every challenge: RFC 9728 `resource_metadata`. */
  resourceMetadata?: string;
}
