// The public types of the options of `createVerifier` and `verifyCompact`, and of events.

import type { VerifyError, VerifyErrorCategory, VerifyErrorCode } from "../request/error.js";
import type { Claims, JoseHeader, Policy } from "../result/verified.js";
import type { JwksStore, ReplayStore, RevocationStore } from "./store-types.js";

// Types of the web platform that not every set of types has: Node's without "dom" lacks them. Where
// they are, this adds nothing.
declare global {
  interface JsonWebKey {}
  interface Cache {}
}

/**
 * Algorithms of RFC 7518/8037/9864. `HS*` only with `IssuerOptions.secret` or `secrets`. `none`
 * does not exist.
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

/**
 * Where a token says something: a claim's name; a path into nested claims, as in `Policy.forward`;
 * or several paths, whose finds are put together. A find is a list of texts, a text with spaces
 * between its parts, or an object, whose member names count (Zitadel's roles).
 */
export type ClaimPath = string | readonly string[] | readonly (readonly string[])[];

/**
 * An issuer whose tokens count, and how they are judged. Give `jwksUri`, `jwks`, `secret` or
 * `secrets`.
 */
export interface IssuerOptions {
  /** Compared exactly with `iss`. */
  issuer: string;
  /**
   * At least one must be among the token's `aud`. null: `aud` is not looked at; then `claims` or
   * `check` must say whose token it is (Cognito's `client_id` and `token_use`, Clerk's `azp`).
   */
  audience: string | readonly string[] | null;
  /**
   * Claims that must have one of these values, or hold one of them if they are lists. Compared
   * exactly; absent is a refusal, `claim.<name>`.
   */
  claims?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * Where this issuer writes what policies and revocation ask for. Default: the registered names
   * (`scope` as text or list, or `scp`; `roles`; `permissions`; `acr`; `sid`; `jti`). `acr` may be
   * several, as in `amr`. `sid` and `jti` are the first find, which must be a text.
   */
  claimPaths?: { [what in "scopes" | "roles" | "permissions" | "acr" | "sid" | "jti"]?: ClaimPath };
  /** In place of the verifier's. */
  profile?: VerifierOptions["profile"];
  /**
   * The values of `typ` that are taken, in place of the profile's ("JOSE", "secevent+jwt"); then a
   * token without one is refused. Never "logout+jwt".
   */
  types?: readonly string[];
  /** In place of the verifier's. */
  requiredClaims?: readonly string[];
  /** In place of the verifier's. */
  maxTokenAge?: number;
  /**
   * In place of the verifier's. A resolver may give a new function each time: the one that it gave
   * last is called.
   */
  check?: VerifierOptions["check"];
  /**
   * What this issuer is known to do against the RFCs, each said by name: base64url with padding
   * (AWS ALB), `sub` or `jti` that are whole numbers. Revocation is asked for such a number as
   * text.
   */
  tolerate?: readonly ("padding" | "numeric-sub" | "numeric-jti")[];
  /**
   * The allow-list. Mandatory, not empty. HS* go with `secret` and `secrets` alone, the rest with
   * key sets alone, also where one issuer has both. "EdDSA" and "Ed25519" mean the same: they take
   * Ed25519 keys and no others.
   */
  algorithms: readonly Algorithm[];
  /**
   * https: (http: only for localhost, 127.0.0.0/8 and [::1], or with `jwks.allowHttp`). No user
   * info, no fragment. A locator finds the keys: `discover()`, `pemMap()`, `pemPerKey()` of
   * `tokenkeep/discovery`. Issuers with one address share one set. A key with an `issuer` member,
   * as in the sets that Entra's tenants share, verifies that issuer's tokens only.
   */
  jwksUri?: string | URL | KeyLocator;
  /**
   * A set known at build time: used alone when there is no `jwksUri`, else as the last known good
   * one.
   */
  jwks?: { keys: readonly Jwk[] };
  /** For HS*: at least as long as the hash, and no key or certificate. */
  secret?: Uint8Array;
  /**
   * Several while they rotate, or beside a key set while an issuer moves from HS* to keys. With a
   * `kid` a secret is used for that alone; at most three have none.
   */
  secrets?: readonly {
    secret: Uint8Array;
    algorithm: "HS256" | "HS384" | "HS512";
    kid?: string;
  }[];
  /** A name for the tenant, handed back on `Verified.tenant`. */
  tenant?: string;
  /**
   * Whether tokens of this issuer are encrypted. "allowed" (default with
   * `VerifierOptions.encryption`): they may be. "required": one that is not is refused, code
   * "token.not_encrypted". "refused" (default without): one that is is.
   */
  encrypted?: "allowed" | "required" | "refused";
}

/** Finds an issuer's keys; made by `tokenkeep/discovery`. */
export interface KeyLocator {
  /** Which of its functions has made it. */
  readonly kind: string;
}

/**
 * Asks an issuer about tokens that only it can read; made by `introspection()` of
 * `tokenkeep/introspection`.
 */
export interface Introspector {
  readonly kind: "introspection";
}

/** Opens tokens that are encrypted; made by `tokenkeep/jwe`. */
export interface Decryption {
  /** What it does. */
  readonly kind: "decryption";
}

/** What a verifier is made with. Only `issuers` has no default. */
export interface VerifierOptions {
  /**
   * One issuer, several, or a resolver (multi-tenant). Tokens of an unknown issuer are refused with
   * no I/O. The list may be empty where there is `introspection`.
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
  /** Takes tokens without `exp`. Default false. */
  allowNoExpiry?: boolean;
  /** Default 16 384. */
  maxTokenBytes?: number;
  /**
   * The application's own rule. Anything but exactly `true` (a throw included) refuses the token.
   */
  check?: (claims: Claims, header: JoseHeader) => boolean | Promise<boolean>;
  /** Asked about each token, remembered ones too. */
  revocation?: RevocationStore;
  /**
   * Takes opaque tokens too: their issuer is asked. Without it they are `token.malformed`. No JWT
   * causes a call, good or bad, but under a policy that is `fresh`.
   */
  introspection?: Introspector;
  /** `decryption()` of `tokenkeep/jwe`: takes tokens that are encrypted for this API, too. */
  encryption?: Decryption;
  /** How key sets are fetched and remembered. */
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
  /**
   * The answer of `guard` to a request that is refused, in place of `error.response(policy)`. That
   * is the answer all the same where this throws or gives no `Response`. What it gives is sent as
   * it is, whatever its status: the handler does not run. Make a new `Response` each time, and set
   * `Cache-Control` yourself. `policy`: a copy, empty if the function that chooses it failed.
   */
  respond?: (error: VerifyError, request: Request, policy: Policy) => Response | Promise<Response>;
  /**
   * Demands DPoP proofs of bound tokens (RFC 9449). Absent: `cnf` is not looked at. Present: a
   * token that is bound to a key needs a proof by it, and `verify()`, which sees no request,
   * refuses it (`token.bound`). A `cnf` that is not the thumbprint of a key alone is refused
   * (`claim.cnf`). An empty object takes all defaults.
   */
  dpop?: DpopOptions;
}

/** How DPoP proofs are judged. */
export interface DpopOptions {
  /** The algorithms of proofs. Default ["ES256", "EdDSA"]; no HS*. */
  algorithms?: readonly Algorithm[];
  /**
   * Seconds since the proof's `iat`. Default 60; 1 to 600. The slack is `clockTolerance`. With
   * `nonce` the nonce says how old a proof is, and `iat` does not count.
   */
  maxProofAge?: number;
  /**
   * Given: a proof needs a nonce of this server (RFC 9449 section 8). `secret`: at least 32 bytes;
   * of several the first one signs, and all are taken. `lifetime` in seconds, default 300; 1 to
   * 86 400. Servers that share the secret take each other's nonces.
   */
  nonce?: { secret: Uint8Array | readonly Uint8Array[]; lifetime?: number };
  /** Remembers proofs that were used. Default `memoryReplay()`. "off": nobody does. */
  replay?: ReplayStore | "off";
  /**
   * The address of a request as clients know it, behind a proxy or a prefix. Default `request.url`;
   * no `X-Forwarded-*` is read. A throw, or what is no http or https address, refuses the request
   * (`config_invalid`).
   */
  url?: (request: Request) => string | URL;
}

/** What a proof that `verifyProof` is given has to be for. */
export interface ExpectedProof {
  /** The method of the request, case and all. */
  method: string;
  /** The address of the request. Query and fragment don't count. */
  url: string | URL;
  /** The access token, where one came with the proof: `ath` has to be its hash. */
  token?: string;
}

/** A proof that was taken. */
export interface VerifiedProof {
  jti: string;
  /** The thumbprint of its key: what `cnf.jkt` has to say. */
  thumbprint: string;
  /** Epoch seconds. */
  iat: number;
  /** The next nonce to hand out; null without `nonce` in the options. */
  nonce: string | null;
}

/** How key sets are fetched and remembered. */
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
  /**
   * Replaces `globalThis.fetch`; a service binding's fetch, say. Requests say `User-Agent:
   * tokenkeep/<version>`. A browser's say its own, because another one takes a preflight.
   */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
  /** http: key sets on any host, for a network that is private. Default false. */
  allowHttp?: boolean;
}

/**
 * What `onEvent` hears: a token was verified or refused, a key set was looked at. Each token is
 * told once: one that a policy refuses is refused. `issuer` and `tenant` of a refused token are
 * null until its signature held. `jwks` names the issuer for whose token the set was looked at;
 * others may share it. `skipped`: keys of the set that are of no use, and why.
 */
export type VerifierEvent =
  | { type: "verified"; issuer: string; cached: boolean; tenant: string | null }
  | {
      type: "refused";
      code: VerifyErrorCode;
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

/** What `verifyCompact` is told. */
export interface CompactOptions {
  /** The allow-list, as for an issuer. */
  algorithms: readonly Algorithm[];
}

/** What `verifyCompact` gives. */
export interface Compact {
  /** The protected header. */
  header: JoseHeader;
  /** The bytes that were signed. */
  payload: Uint8Array;
}
