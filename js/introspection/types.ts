// The public types of `tokenkeep/introspection`.

import type { Algorithm, KeyLocator } from "../edge/options/types.js";
import type { VerifyErrorCode } from "../edge/request/error.js";
import type { ClientAuthentication } from "../oauth/types.js";

/** Which issuer is asked, as whom, and how long its answers count. */
export interface IntrospectionOptions {
  /** The issuer of the opaque tokens. An answer that names one names this one. */
  issuer: string;
  /** At least one must be among the `aud` of an answer. */
  audience: string | readonly string[];
  /**
   * Where the issuer is asked: https (http on this machine, or with `jwks.allowHttp`). Without it
   * the issuer's metadata say so (OpenID Connect Discovery or RFC 8414), and are read again after
   * an hour.
   */
  endpoint?: string | URL;
  /** Who asks: RFC 7662 section 2.1 wants a caller that the issuer knows. */
  client: { id: string; auth: ClientAuthentication };
  /**
   * "json" (default), or "jwt": a signed answer (RFC 9701), and then no other is taken. Without
   * `jwksUri` its keys are where the issuer's metadata say.
   */
  answer?:
    | "json"
    | { jwt: { algorithms: readonly Algorithm[]; jwksUri?: string | URL | KeyLocator } };
  /**
   * Takes answers without `aud`. Default false: of some issuers an ID token, or a token for
   * another API, is active too.
   */
  allowNoAudience?: boolean;
  /**
   * Takes answers without `token_type`. Default false: of some issuers a refresh token is active
   * too, and this is all that tells it from an access token.
   */
  allowNoTokenType?: boolean;
  /**
   * Seconds that an answer is believed which says that a token is active: never past its `exp`.
   * Default 30; 0 to 300.
   */
  cacheTtl?: number;
  /** How many of these answers are remembered. Default 1 000. */
  cacheSize?: number;
  /** Calls under way at once, in this isolate. Default 20. More are answered 503. */
  maxConcurrent?: number;
  /** Milliseconds of one call, body included. Default 5 000. */
  timeout?: number;
  /** A name for the tenant, handed back on `Verified.tenant`. */
  tenant?: string;
  /** Replaces `globalThis.fetch`. It gets the token in the body, and the client's secret. */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
  /** Hears of each call. Never receives a token. */
  onEvent?: (event: IntrospectionEvent) => void;
}

/**
 * What came of one call. "active": the token passed. "refused": it is inactive, or not as it must
 * be; `code` says which. "failed": nobody can say; `introspection.unauthorized` means that the
 * issuer does not take `client`.
 */
export interface IntrospectionEvent {
  type: "introspection";
  issuer: string;
  outcome: "active" | "refused" | "failed";
  /** Null for "active". */
  code: VerifyErrorCode | null;
}
