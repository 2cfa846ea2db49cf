// What `tokenkeep` has promised: names and shapes here may be added to, never broken. tests/types/
// holds the package to it. Words: a *generation* is the serial number of one access token in one
// keep; a *terminal* refresh answer ends the session, a *transient* one never does.

export function createTokenKeep(options: TokenKeepOptions): TokenKeep;

export interface TokenKeepOptions {
  /**
   * Where the access token is renewed. POSTed with `credentials: "include"`; the HttpOnly cookie is
   * the proof.
   */
  refresh: string | URL | EndpointOptions;
  /** POSTed by `logout()`. Left out: logout is local (this tab and its siblings) only. */
  logout?: string | URL | EndpointOptions;
  /**
   * The exact origins (scheme, host, port) that may receive the token. Default: the page's own
   * origin. Sealed at construction: nothing can widen it afterwards.
   */
  origins?: readonly string[];
  /**
   * Seconds before expiry at which a refresh is due. Default 60; never more than half the lifetime.
   */
  leeway?: number;
  /**
   * Most seconds by which a refresh is brought forward at random. Default 10; never more than a
   * tenth of the lifetime.
   */
  jitter?: number;
  /**
   * Lifetime in seconds of a token that tells none (no `expires_in`, no readable `exp`/`iat`).
   * Default 300.
   */
  defaultLifetime?: number;
  /**
   * Milliseconds after which a refresh or logout call is aborted. Default 10 000. Times and
   * lifetimes are finite and above zero, else config_invalid.
   */
  timeout?: number;
  /**
   * Waiting times after transient failures: full-jitter exponential. Defaults 1 000 and 60 000 ms.
   */
  backoff?: { base?: number; max?: number };
  /**
   * "coordinate" (default): Web Locks make refreshes of all tabs take turns, token-free messages
   * keep them in step. "off": this tab is alone.
   */
  tabs?: "coordinate" | "off";
  /** Tells apart several keeps on one origin. Default: derived from the refresh URL. */
  name?: string;
  /**
   * Where the engine and the token live. "page" (default) or a worker that runs `tokenkeep/worker`:
   *  then token bytes never enter the page's realm.
   */
  host?: "page" | Worker | SharedWorker;
  /** Replaces `globalThis.fetch`, for tests and special transports. Called with a `Request`. */
  transport?: (request: Request) => Promise<Response>;
}

export interface EndpointOptions {
  url: string | URL;
  /** Default "POST". */
  method?: string;
  /** Added to the defaults `Accept: application/json` and `X-Requested-With: XMLHttpRequest`. */
  headers?: Record<string, string>;
  /** A fixed body, if the endpoint wants one. */
  body?: string;
}

/** What a refresh endpoint answers with 200 (`application/json`). Both spellings are understood. */
export interface TokenResponse {
  access_token?: string;
  accessToken?: string;
  /** Seconds. A string of digits is understood too. */
  expires_in?: number;
  expiresIn?: number;
  token_type?: string;
}

export type SessionStatus = "unknown" | "anonymous" | "authenticated";

export type SignedOutReason =
  | "logout" // logout() here
  | "logout-elsewhere" // logout() in a sibling tab
  | "rejected" // the refresh endpoint's terminal answer
  | "no-session" // start() found no cookie session
  | "closed";

/**
 * An immutable snapshot; the same object is returned until something in it changes. Holds no token.
 */
export interface Session {
  readonly status: SessionStatus;
  readonly generation: number;
  /** Epoch milliseconds on the local clock, for display only. */
  readonly expiresAt: number | null;
  readonly refreshing: boolean;
  /** The last refresh failed transiently; another is scheduled at `retryAt`. */
  readonly degraded: boolean;
  readonly retryAt: number | null;
  /** The unverified payload of a JWT access token; null when the token is opaque. */
  readonly claims: Readonly<Record<string, unknown>> | null;
  readonly reason: SignedOutReason | null;
}

export interface TokenKeepEvents {
  change: { session: Session };
  "signed-in": { session: Session };
  /** Once each time "authenticated" is left (and for a logout during start). */
  "signed-out": { reason: SignedOutReason };
  /** "sibling": another tab renewed a token of its own; ours is unchanged. */
  refreshed: { generation: number; by: "this-tab" | "sibling" };
  "refresh-failed": { error: TokenKeepError; retryAt: number | null };
  /** A 401 that asked for a stronger login (RFC 9470). No refresh is made for it. */
  "step-up": { acrValues: readonly string[]; maxAge: number | null; url: string };
  /** The retry was refused too: the API rejects tokens that the authority has just issued. */
  "rejected-fresh-token": { url: string };
  /** A sibling signed in as somebody else. */
  "user-changed": { session: Session };
}

export interface TokenKeep {
  /**
   * Restores the session through the refresh cookie, at most once however often it is called; the
   * first request or `withToken` calls it. Resolves when the answer is known. While offline it
   * stays pending with status "unknown". When the authority fails transiently it rejects with the
   * typed error, recovery goes on in the background, and a later start() joins that.
   */
  start(): Promise<Session>;
  readonly session: Session;
  /** For `useSyncExternalStore` and its like. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void;
  /**
   * `fetch`, bound, with the token attached for allowed origins. Waits for start(). A 401 to a
   * token is answered by one refresh and one retry; the second answer is the caller's. If that
   * refresh fails, in whatever way, the caller gets the original 401. When anonymous, the request
   * goes out without a token. Headers that the caller set are left alone, a foreign Authorization
   * included. After close(): rejects with "closed".
   */
  readonly fetch: typeof globalThis.fetch;
  /**
   * Sends the application's own login request (credentials included) while no refresh can run in
   * any tab, takes the token out of the JSON reply, and resolves to that reply without it. Replies
   * without a token pass through untouched.
   */
  signIn(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Takes over a token that the application obtained itself. Rejects with `refresh_malformed` when
   * there is none in it.
   */
  adopt(response: TokenResponse): Promise<Session>;
  /**
   * Renews now. Concurrent calls share one request. Goes through plain backoff; inside a
   * Retry-After or past the rate bound it rejects with the last typed error and sends nothing.
   */
  refresh(): Promise<Session>;
  /**
   * Lends the token to
   * `use` (a WebSocket URL, an SDK), renewed first if it has less than `minValidity` seconds left.
   */
  withToken<T>(
    use: (token: string) => T | Promise<T>,
    options?: { minValidity?: number; signal?: AbortSignal },
  ): Promise<T>;
  /**
   * Wipes the token here and in sibling tabs at once, discards a refresh in flight, and tells the
   * server. If the server can't be told it rejects with "logout_failed"; the local sign-out stands.
   */
  logout(): Promise<void>;
  on<K extends keyof TokenKeepEvents>(
    type: K,
    listener: (event: TokenKeepEvents[K]) => void,
  ): () => void;
  /**
   * The last transitions of the engine, newest last, with no token in them: why am I signed out?
   */
  explain(): readonly Transition[];
  /**
   * Ends timers, listeners, channels and locks; wipes the token. Idempotent; also
   * `[Symbol.dispose]` where it exists.
   */
  close(): void;
}

export interface Transition {
  readonly at: number;
  readonly event: string;
  readonly from: SessionStatus;
  readonly to: SessionStatus;
  readonly generation: number;
  readonly note?: string;
}

export type TokenKeepErrorCode =
  | "config_invalid" // thrown by createTokenKeep, names the option
  | "wasm_unavailable" // WebAssembly missing or forbidden (CSP needs 'wasm-unsafe-eval')
  | "refresh_rejected" // terminal
  | "refresh_unreachable" // network, 408, 425, 429, 5xx
  | "refresh_timeout"
  | "refresh_malformed" // 200 without a usable token, HTML included (a captive portal): transient, backed off
  | "refresh_misconfigured" // 404, 405, a redirect, another content type
  | "logout_failed"
  | "signed_out"
  | "not_in_page" // withToken/adopt when the token lives in a worker
  | "closed";

export class TokenKeepError extends Error {
  readonly code: TokenKeepErrorCode;
  readonly retryable: boolean;
  readonly status?: number;
  readonly retryAfter?: number;
}
