// What a verification gives, the verifier that gives it, and the policy that may ask for more. The code behind is in verifier.ts.

export type Claims = Readonly<Record<string, unknown>> & {
  readonly iss?: string; readonly sub?: string; readonly aud?: string | readonly string[];
  readonly exp?: number; readonly nbf?: number; readonly iat?: number; readonly jti?: string;
};
export type JoseHeader = Readonly<Record<string, unknown>> & { readonly alg: string; readonly kid?: string; readonly typ?: string };

export interface Verified {
  readonly claims: Claims;
  readonly header: JoseHeader;
  readonly issuer: string;
  readonly tenant: string | null;
  readonly key: { readonly kid: string | null; readonly alg: string; readonly thumbprint: string };
  /** Where the answer came from. */
  readonly cached: boolean;
  readonly keys: { readonly source: "memory" | "store" | "network" | "bundled"; readonly ageMs: number; readonly stale: boolean };
  /** Space-separated `scope`, or `scp`. */
  readonly scopes: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  readonly permissions: ReadonlySet<string>;
}

export interface Verifier {
  /** Rejects with `VerifyError`, never with anything else. `ctx` lets key refreshes outlive the request. */
  verify(token: string, ctx?: ExecutionContextLike): Promise<Verified>;
  /** Takes the token out of `Authorization: Bearer`, verifies it, applies the policy. With `optional`, null for a request without one. */
  authenticate(request: Request, policy: Policy & { optional: true }, ctx?: ExecutionContextLike): Promise<Verified | null>;
  authenticate(request: Request, policy?: Policy, ctx?: ExecutionContextLike): Promise<Verified>;
  /** A Workers fetch handler that lets only authorised requests reach `handler`, and answers the others itself
   *  (401, 403, 400 or 503 with the right WWW-Authenticate). Never throws for a token's sake. */
  guard<Env = unknown>(
    handler: (request: Request, env: Env, ctx: ExecutionContextLike, auth: Verified | null) => Response | Promise<Response>,
    policy: Policy & { optional: true },
  ): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response>;
  guard<Env = unknown>(
    handler: (request: Request, env: Env, ctx: ExecutionContextLike, auth: Verified) => Response | Promise<Response>,
    policy?: Policy,
  ): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response>;
  /** Fetches key sets ahead of the first token. */
  prime(): Promise<void>;
  /** Every check with its outcome, without trusting the signature's absence of error: a development aid. */
  explain(token: string): Promise<readonly { check: string; ok: boolean; detail?: string }[]>;
}
export interface ExecutionContextLike { waitUntil(promise: Promise<unknown>): void }

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
  /** RFC 9470: acceptable `acr` values, and most seconds since `auth_time` (with the clock's slack). */
  acr?: readonly string[];
  maxAge?: number;
  /** No token is fine (handler gets `auth` null); a bad one is not. */
  optional?: boolean;
  /** A hash that the token's `fingerprint` claim must equal (device or address binding). */
  fingerprint?: (request: Request) => string | Promise<string>;
  /** Headers for the upstream: name → claim name, or an array path into nested claims. Inbound headers of these names are always
   *  removed first; a value that is no text, number or boolean, or that no header can carry, leaves the header out. */
  forward?: Readonly<Record<string, string | readonly string[]>>;
  /** In every challenge: `realm`, and RFC 9728 `resource_metadata`. */
  realm?: string;
  resourceMetadata?: string;
}
