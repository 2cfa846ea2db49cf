// The public types of `tokenkeep/mediator`.

import type { RevocationStore, Revoker } from "../edge/options/store-types.js";
import type { Algorithm } from "../edge/options/types.js";
import type { Claims, ExecutionContextLike } from "../edge/result/verified.js";
import type { ClientAuthentication } from "../oauth/types.js";

/** The options of `createMediator`. */
export interface MediatorOptions {
  /** Who signs users in. */
  provider: ProviderOptions;
  /** What the provider knows this mediator as. RFC 10017 wants a client that can keep a secret. */
  client: { id: string; auth: ClientAuthentication };
  /**
   * Where browsers reach the mediator, path included: "https://app.example.com/session". It is
   * never taken from `Host` or `X-Forwarded-*`. Register `<url>/callback` as the redirect URI.
   */
  url: string | URL;
  /**
   * Origins whose pages may call, and be returned to. A sign-in returns to the first one where it
   * asks for nothing else.
   */
  apps: readonly string[];
  /** Where sessions live: `storedSessions(…)`, or `sealedCookies(…)`. */
  sessions: Sessions;
  /**
   * Part of all names of cookies: tells several mediators of one host apart. Letters, digits and
   * underscores. Default "tokenkeep".
   */
  name?: string;
  /**
   * Seconds that a session lives without use, and in all. Defaults 86 400 and 604 800; 1 to
   * 31 536 000. Longer than the provider's refresh tokens live is of no use.
   */
  lifetime?: { idle?: number; absolute?: number };
  /**
   * Seconds in which a fresh token is handed out again, and the provider not asked. Default 20; 0
   * to 60.
   */
  reuse?: number;
  /**
   * Claims of the ID token, and of UserInfo, that `GET user` tells the page. Default `["sub",
   * "name", "email", "picture"]`.
   */
  claims?: readonly string[];
  /** Ask UserInfo at sign-in if the ID token lacks one of `claims`. Default false. */
  userInfo?: boolean;
  /** May refuse a sign-in. Anything but exactly true refuses, and what it throws does too. */
  admit?: (who: { claims: Claims; userInfo: Claims | null }) => boolean | Promise<boolean>;
  /**
   * Asked at each refresh, and told of logouts from outside, so that APIs refuse access tokens too:
   * `kvRevocation`, `redisRevocation`.
   */
  revocation?: RevocationStore & Revoker;
  /**
   * `scope`: "host" (default) gives the session's cookie the path "/" and the prefix
   * `__Host-Http-`; "mediator" gives it the mediator's path and the prefix `__Secure-`.
   */
  cookie?: { scope?: "host" | "mediator" };
  /** Milliseconds for a call to the provider, body included. Default 10 000; 1 to 60 000. */
  timeout?: number;
  /** Replaces `globalThis.fetch` for calls to the provider: for a client certificate, say. */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds since the epoch; for tests. */
  clock?: () => number;
  /** Told of each sign-in, refresh and logout. Never of a token, a code or a cookie. */
  onEvent?: (event: MediatorEvent) => void;
}

/** The OpenID provider, and what a sign-in asks of it. */
export interface ProviderOptions {
  /**
   * As its own document writes it, to the letter, slash included. https, or http on this machine.
   */
  issuer: string;
  /**
   * Where its metadata is: "oidc" (default), "oauth2" (RFC 8414), or the metadata itself, which is
   * then never fetched.
   */
  discovery?: "oidc" | "oauth2" | ProviderMetadata;
  /** Default "openid". `openid` is added where it is missing. */
  scope?: string;
  /** RFC 8707: the API that the access token is for. */
  resource?: string | readonly string[];
  /**
   * Further parameters of the authorization request: `audience`, `access_type`, `prompt`. What the
   * protocol needs, such as `state` and `redirect_uri`, is refused.
   */
  parameters?: Readonly<Record<string, string>>;
  /** Push the authorization request (RFC 9126). "auto" (default): if the metadata offers it. */
  pushed?: "auto" | "always" | "never";
  /** Of ID tokens. Default `["RS256", "PS256", "ES256", "EdDSA"]`. Never HS*. */
  algorithms?: readonly Algorithm[];
}

/** Metadata of a provider (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2). */
export interface ProviderMetadata {
  readonly issuer: string;
  readonly [member: string]: unknown;
}

/** Answers a browser's calls of sign-in, refresh and logout. */
export interface Mediator {
  /** The answer to a request. It never rejects, and needs no `this`. */
  fetch(request: Request, context?: ExecutionContextLike): Promise<Response>;
  /** Whether the request's path is the mediator's. */
  handles(request: Request): boolean;
  /**
   * Ends all sessions of a user, for an operator; tells how many. Stored sessions only.
   *
   * @throws {MediatorError} config_invalid where sessions are not stored
   */
  endSessions(subject: string): Promise<number>;
}

/** Where sessions live. */
export interface Sessions {
  readonly kind: string;
}

/** Secrets of at least 32 bytes each. The first one seals, all open what was sealed. */
export type Secrets = readonly (Uint8Array | string)[];

/** What happened, for a log. It never holds a token, a code, a cookie or what somebody typed. */
export interface MediatorEvent {
  /**
   * Types are added with time: a `switch` needs a default.
   *
   * - `sign-in`, `sign-in-failed`
   * - `refreshed`: the provider gave a token; `repeated`: the one held was handed out again
   * - `refused`: the session is over, or the provider refuses the code of a sign-in
   * - `unavailable`: the provider or the store can't be reached
   * - `misconfigured`: the provider refuses the mediator, not the session
   * - `provider-answer`: the provider's answer is wrong
   * - `ended`: a logout; `logged-out-elsewhere`: a logout token, or an operator
   * - `revocation-failed`: the provider was not told of a refresh token that ended
   * - `caller-refused`: no page of `apps` makes the call, or no navigation does; `code` is the
   *   header that says it
   */
  type:
    | "sign-in"
    | "sign-in-failed"
    | "refreshed"
    | "repeated"
    | "refused"
    | "unavailable"
    | "misconfigured"
    | "provider-answer"
    | "ended"
    | "logged-out-elsewhere"
    | "revocation-failed"
    | "caller-refused";
  /** Milliseconds since the epoch. */
  at: number;
  /** The first eight characters of the session's key in the store. */
  session: string | null;
  subject: string | null;
  /** A sign-in's error, the provider's error code, or what else is known of it. */
  code?: string;
  /** The eight letters that a failed sign-in has in its address. */
  reference?: string;
  /** Of a refused caller: the `Origin` of the request, its first 128 characters. */
  origin?: string;
}
