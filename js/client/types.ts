// The public types of the client. Words: a *generation* is the serial number of one access token in
// one keep; a *terminal* refresh answer ends the session, a *transient* one never does. Seconds and
// milliseconds are named where they occur.

import type { TokenKeepError } from "./error.js";

// Types of a page that a worker's set of types lacks, and Node's without "dom". Where they are,
// this adds nothing.
declare global {
  interface Worker {}
  interface SharedWorker {}
}

/** Tokens that only this keep can use (RFC 9449). */
export interface DpopOptions {
  /**
   * What signs the proofs. Default "ES256". "Ed25519" is used where the browser has it, else ES256.
   */
  algorithm?: "ES256" | "Ed25519";
  /**
   * Default true: a reply whose `token_type` is not `DPoP` is refused. With false the reply
   * decides, while servers migrate.
   */
  required?: boolean;
  /**
   * The address that proofs of refresh and sign-in calls name, where a backend passes them on: the
   * authority's token endpoint. Default: the address of the call.
   */
  tokenEndpoint?: string | URL;
  /**
   * "tab" (default): the key lies in memory and goes with the tab. "origin": all tabs share one, in
   * IndexedDB, until a logout: for a backend that pins a session to the key of its sign-in. Any
   * script of the origin can use that key while it runs.
   */
  key?: "tab" | "origin";
}

/** What a keep is made with. Only `refresh` has no default. */
export interface TokenKeepOptions {
  /**
   * Where the access token is renewed: POSTed with `credentials: "include"`, the HttpOnly cookie
   * being the proof.
   */
  refresh: string | URL | EndpointOptions;
  /** POSTed by `logout()`. Left out: logout is local (this tab and its siblings) only. */
  logout?: string | URL | EndpointOptions;
  /**
   * The exact origins (scheme, host, port) that may receive the token. Default: the page's own, in
   * a `srcdoc` frame that of the page around it.
   * Sealed at construction.
   */
  origins?: readonly string[];
  /**
   * Seconds before expiry at which a renewal is due. Default 60, 0 for none; never more than half
   * the lifetime.
   */
  leeway?: number;
  /**
   * Most seconds by which chance brings a renewal forward. Default 10, 0 for none; never more than
   * a tenth of the lifetime.
   */
  jitter?: number;
  /**
   * Lifetime in seconds of a token that tells none (no `expires_in`, no readable `exp` and `iat`).
   * Default 300.
   */
  defaultLifetime?: number;
  /** Milliseconds after which a refresh or logout call is aborted. Default 10 000. */
  timeout?: number;
  /**
   * Most milliseconds to wait after the first and after any transient failure. Defaults 1 000 and
   * 60 000.
   */
  backoff?: { base?: number; max?: number };
  /**
   * "coordinate" (default): refreshes of all tabs take turns and the tabs keep in step. "off": this
   * tab is alone.
   */
  tabs?: "coordinate" | "off";
  /** Tells apart several keeps on one origin. Default: derived from the refresh URL. */
  name?: string;
  /**
   * Where the engine and the token live. "page" (default), or a worker that runs
   * `tokenkeep/worker`: then the token's bytes never enter the page. A function that makes the
   * worker is called at the first use and again after a loss; a worker itself is used for good.
   * The guide is "Keep the token in a worker".
   */
  host?: "page" | Worker | SharedWorker | (() => Worker | SharedWorker);
  /**
   * Worker host only: further origins that `signIn()` may be sent to, beside those of `refresh`,
   * `logout`, `origins` and the page.
   */
  signInOrigins?: readonly string[];
  /**
   * Binds the access tokens to a key that can't be exported, and sends a proof of it with each
   * request (RFC 9449): a token that leaks is of no use to anybody else. The key is made in this
   * tab and goes with it. Default false.
   */
  dpop?: boolean | DpopOptions;
  /**
   * Statuses of your APIs that mean what 401 means: one refresh and one retry. Default `[401]`; a
   * list without 401 leaves that alone. A challenge in `WWW-Authenticate` still decides:
   * `insufficient_scope` and a step-up cause no refresh. From 400 to 599.
   */
  unauthorized?: readonly number[];
  /**
   * Double submit: the value that this cookie has when a refresh, a logout or a `signIn` is sent
   * goes along in this header, percent-decoded where that can be. Without the cookie there is no
   * header. It goes to the page's own origin and to those of `refresh` and `logout`: a `signIn` to
   * any other gets none.
   */
  csrf?: { cookie: string; header: string };
  /**
   * A cookie that script can read and that is there only while there is a session. Without it
   * `start()` sends nothing: anonymous, for the reason "no-session". Where no cookie can be read,
   * as in a worker, `start()` asks.
   */
  sessionHint?: { cookie: string };
  /**
   * "warnings" (default): what only a developer can mend is also said in the console, once a kind:
   * WebAssembly that is forbidden, a refresh endpoint that is none or answers without a token, a
   * token left in a sign-in reply, a cookie that was not kept, a `WWW-Authenticate` that can't be
   * read. Never a secret. "off": nothing is.
   */
  console?: "warnings" | "off";
  /**
   * Where replies of the refresh and sign-in endpoints say what. Left out: `access_token` or
   * `accessToken`, `expires_in` or `expiresIn`, `expires_at` or `expiresAt`, and `token_type` or
   * `tokenType`, at the top level of the JSON. The guide is "Fit the keep to your backend".
   */
  reply?: ReplyShape;
  /**
   * Answers of the refresh endpoint that say that there is no session, beside 401, 403 and a 400
   * with an OAuth error: statuses from 200 to 599, and "no-token" for a 2xx that is empty, or JSON,
   * and holds no token. Default: none. A reply with a usable token is never one of them.
   */
  noSession?: readonly (number | "no-token")[];
  /**
   * Replaces `globalThis.fetch`, for tests and special transports. Called with a `Request`. Page
   * host only: a function does not cross to a worker.
   */
  transport?: (request: Request) => Promise<Response>;
}

/** An endpoint of the authority, where its address alone does not say enough. */
export interface EndpointOptions {
  /** A relative one counts from the document's base, in a worker from its script. */
  url: string | URL;
  /** Default "POST". */
  method?: string;
  /** Added to the defaults `Accept: application/json` and `X-Requested-With: XMLHttpRequest`. */
  headers?: Record<string, string>;
  /** A fixed body, if the endpoint wants one. */
  body?: string;
  /**
   * Logout only: the access token goes along, as for a listed origin. An expired one is renewed
   * first, and a call that is refused is made once more with a new token. Default false. The token
   * goes to this address and follows no redirect.
   */
  authorization?: boolean;
  /**
   * Logout only: answers that mean "done", beside 2xx. "redirect" is a redirect, which the browser
   * hides. Default `[]`. A 401 is looked into in any case, listed or not.
   */
  done?: readonly (number | "redirect")[];
}

/** The name of a member, or the names that lead to a nested one. No path leads through an array. */
export type JsonPath = string | readonly string[];

/**
 * Where a reply says what. A member that is left out keeps its usual names.
 *
 * ```ts
 * reply: { accessToken: ["data", "access_token"] }
 * ```
 */
export interface ReplyShape {
  accessToken?: JsonPath;
  /** Seconds. A string of digits is understood too. */
  expiresIn?: JsonPath;
  /**
   * Seconds since the epoch, or an ISO 8601 text whose time has a zone. Counts where `expiresIn` is
   * missing, against the `Date` of the reply where that can be seen, else against the local clock.
   */
  expiresAt?: JsonPath;
  /** `Bearer`, in any case, or left out. */
  tokenType?: JsonPath;
  /**
   * The token comes in this response header, not in the body; a "Bearer " before it is taken off.
   * A 204 will do. Another origin has to expose the header.
   */
  header?: string;
}

/**
 * What a refresh endpoint answers with 200 (`application/json`), RFC 6749 section 5.1. Both
 * spellings are understood.
 */
export interface TokenResponse {
  /** Visible ASCII. */
  access_token?: string;
  /** As `access_token`. */
  accessToken?: string;
  /** Seconds. A string of digits is understood too. */
  expires_in?: number;
  /** As `expires_in`. */
  expiresIn?: number;
  /** `Bearer`, in any case, or left out. */
  token_type?: string;
}

/** "unknown" until the authority has answered for the first time. */
export type SessionStatus = "unknown" | "anonymous" | "authenticated";

/** Why nobody is signed in. */
export type SignedOutReason =
  /** `logout()` here. */
  | "logout"
  /** `logout()` in a sibling tab. */
  | "logout-elsewhere"
  /** The refresh endpoint's terminal answer. */
  | "rejected"
  /** `start()` found no cookie session. */
  | "no-session"
  /** `close()` here. */
  | "closed";

/**
 * An immutable snapshot; the same object is returned until something in it changes. Holds no token.
 */
export interface Session {
  /** A transient failure never makes it "anonymous". */
  readonly status: SessionStatus;
  /** The serial number of the access token in this keep; 0 before the first. */
  readonly generation: number;
  /** Epoch milliseconds on the local clock, for display only. */
  readonly expiresAt: number | null;
  /** A refresh is on its way. */
  readonly refreshing: boolean;
  /** The last refresh failed and the session stands; another is due at `retryAt`. */
  readonly degraded: boolean;
  /** Epoch milliseconds on the local clock. */
  readonly retryAt: number | null;
  /** The unverified payload of a JWT access token; null when the token is opaque. */
  readonly claims: Readonly<Record<string, unknown>> | null;
  /** Why the session ended; null while there is one, and before it is known. */
  readonly reason: SignedOutReason | null;
  /** The last failure, while the session is degraded or still unknown; null otherwise. */
  readonly error: TokenKeepError | null;
  /**
   * What the last refresh or sign-in reply said beside the token, such as a user or permissions:
   * at most 64 KiB of JSON, without tokens and without what the keep reads. The same object until
   * it changes; null when nothing is left.
   */
  readonly reply: Readonly<Record<string, unknown>> | null;
}

/** What `on` tells of, and what the listener gets. */
export interface TokenKeepEvents {
  /** Anything in `session` has changed. */
  change: { session: Session };
  /** Each time "authenticated" is entered. */
  "signed-in": { session: Session };
  /** Once each time "authenticated" is left (and for a logout during start). */
  "signed-out": { reason: SignedOutReason };
  /**
   * Once for each token that a refresh brought. "sibling": another tab renewed a token of its own;
   * ours is unchanged.
   */
  refreshed: { generation: number; by: "this-tab" | "sibling" };
  /**
   * Transient or misconfigured; the session stands. `retryAt`: epoch milliseconds of the next try,
   * null if none is due.
   */
  "refresh-failed": { error: TokenKeepError; retryAt: number | null };
  /**
   * A 401 that asked for a stronger login (RFC 9470). No refresh is made for it. `maxAge` in
   * seconds.
   */
  "step-up": { acrValues: readonly string[]; maxAge: number | null; url: string };
  /** The retry was refused too: the API rejects tokens that the authority has just issued. */
  "rejected-fresh-token": { url: string };
  /**
   * The session is another user's now: a sibling signed in as somebody else, or the cookie changed
   * hands.
   */
  "user-changed": { session: Session };
  /**
   * The logout endpoint answered. `status`: 0 for a redirect, which the browser hides. `body`: its
   * JSON without tokens, frozen; null when there is none, when it can't be read or is longer than
   * 64 KiB.
   */
  "logout-answered": { status: number; body: unknown };
}

/**
 * Makes a proof for one request with the token: the value of its `DPoP` header (RFC 9449 section
 * 4). Rejects with `dpop_unavailable` where the token is not bound to a key, and when the session
 * is over.
 */
export type Prove = (method: string, url: string | URL) => Promise<string>;

/** Keeps one session of one authority. */
export interface TokenKeep {
  /**
   * Asks the authority once whether there is a session. The first request or `withToken` calls it.
   *
   * @param options `again`: asks whatever this tab knows and `sessionHint` says, after a sign-in by
   * a redirect. A tab that is signed in renews its token. Siblings that are signed out join the
   * session that is found, and those of another user change over.
   */
  start(options?: { again?: boolean }): Promise<Session>;
  /** Where the session stands now. */
  readonly session: Session;
  /** Calls `listener` after each change of `session`; returns the function that ends this. */
  subscribe(listener: () => void): () => void;
  /**
   * `fetch`, bound, with the token attached for listed origins, and one refresh and one retry after
   * a 401.
   */
  readonly fetch: typeof globalThis.fetch;
  /**
   * Sends the application's sign-in request while no refresh can run, takes the token out of its
   * JSON reply and resolves to that reply without it. Rejects with `refresh_malformed` when the
   * token in it can't be used or the JSON can't be read, and with `signed_out` when `logout()` is
   * called before its turn has come: then nothing is sent. Replies without a token pass through
   * untouched.
   */
  signIn(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Takes over a token that the application obtained itself. Rejects with `refresh_malformed` when
   * there is none in it. `session`: "new" (default) begins a session, which sibling tabs join.
   * "same" is for a sliding token of the session that there is: siblings are left alone, and it
   * rejects with `signed_out` when there is no session.
   */
  adopt(response: TokenResponse, options?: { session?: "new" | "same" }): Promise<Session>;
  /** Renews now; concurrent calls share one request. */
  refresh(): Promise<Session>;
  /**
   * Lends the token to `use`, renewed first if it has less than `minValidity` seconds left. With
   * the option `dpop` each request with it needs a proof, which `prove` makes.
   */
  withToken<T>(
    use: (token: string, prove: Prove) => T | Promise<T>,
    options?: { minValidity?: number; signal?: AbortSignal },
  ): Promise<T>;
  /**
   * `fetch`'s rule for whatever else sends: XHR, an upload, Angular's HttpClient. Waits for
   * `start()`, then calls `send` with the token, or with null when nobody is signed in or the
   * origin of `url` is not listed. When `refused` says that the outcome was a refusal, there is one
   * refresh for all who were refused, and one second `send`. The second outcome is the caller's. If
   * there is no new token, the first one is.
   *
   * `send` resolves to the outcome of a refused request; what it throws, the caller gets. `refused`
   * gives true, or the text of `WWW-Authenticate`; an empty text is a refusal without a challenge.
   * With the option `dpop`, `prove` makes the proof that goes along.
   * A step-up and `insufficient_scope` are read in that text, and cause no refresh.
   *
   * ```ts
   * const upload = await keep.attempt(
   *   url,
   *   (token) => uploadWithProgress(url, token, file),
   *   ({ status, challenge }) => status === 401 && challenge,
   * );
   * ```
   */
  attempt<T>(
    url: string | URL,
    send: (token: string | null, prove?: Prove) => T | Promise<T>,
    refused: (outcome: T) => boolean | string,
  ): Promise<T>;
  /**
   * Wipes the token here and in sibling tabs at once, and tells the server. Rejects with
   * `logout_failed` when that can't be, or when the session there is not known to be over: after
   * any other answer than 2xx, one refresh call, whose token is dropped, looks whether it is.
   * Signed out here it stays in every case.
   */
  logout(): Promise<void>;
  /**
   * Calls `listener` for each event of that name; returns the function that ends this. Any method
   * may be called from a listener.
   */
  on<K extends keyof TokenKeepEvents>(
    type: K,
    listener: (event: TokenKeepEvents[K]) => void,
  ): () => void;
  /**
   * The last transitions of the engine, newest last, with no token in them. Among them stands the
   * last request of each kind and origin that went out without the token.
   */
  explain(): readonly Transition[];
  /**
   * Ends timers, listeners, channels and locks, and wipes the token. Idempotent; also
   * `[Symbol.dispose]` where that exists. A script in Node, Bun or Deno calls it at its end: until
   * then a keep with a session renews its token, and the process goes on.
   */
  close(): void;
}

/** A step of the engine, as `explain()` tells it. */
export interface Transition {
  /** Epoch milliseconds on the local clock. */
  readonly at: number;
  /** What happened, by the names in the guide "Troubleshooting". */
  readonly event: string;
  /** The status before it. */
  readonly from: SessionStatus;
  /** The status after it. */
  readonly to: SessionStatus;
  /** The generation after it. */
  readonly generation: number;
  /** More, where there is more to say. */
  readonly note?: string;
}
