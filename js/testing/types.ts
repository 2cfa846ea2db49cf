// The public types of `tokenkeep/testing` for pages: a keep whose session and answers a test
// scripts.

import type { TokenKeepError, TokenKeepErrorCode } from "../client/error.js";
import type { Session, SignedOutReason, TokenKeep, TokenKeepEvents } from "../client/types.js";

/** What a fake keep is made with. Without any of it, nobody is signed in. */
export interface FakeKeepOptions {
  /** The claims of the user who is signed in. Default: nobody is. */
  claims?: Readonly<Record<string, unknown>>;
  /**
   * Members of the first session that differ. With the status "unknown", `start()` and `fetch` wait
   * until the test calls `signInAs` or `signOut`.
   */
  session?: Partial<Session>;
  /** What `fetch` and `signIn` are answered, by address. */
  routes?: FakeRoutes;
  /** The origins that get the token. Default: all. */
  origins?: readonly string[];
  /** Statuses that mean what 401 means. Default [401]. */
  unauthorized?: readonly number[];
}

/**
 * Answers by address: "/orders" for every method and origin, "POST /orders" for one method,
 * "https://api.example.com/orders" for one origin. With `*` at the end it is the beginning of an
 * address. Without a `?` in it, any query fits. Of several that fit, the most exact one counts.
 */
export type FakeRoutes = Readonly<Record<string, FakeRoute>>;

/** An answer, or what makes one of each request. */
export type FakeRoute = FakeAnswer | ((request: Request) => FakeAnswer | Promise<FakeAnswer>);

/** A number is a status without a body. An object, a text or null is JSON with the status 200. */
export type FakeAnswer = Response | number | string | null | object;

/** The methods of a keep that `failNext` can make fail. */
export type FakeFailure = "start" | "refresh" | "logout" | "signIn" | "adopt" | "withToken";

/**
 * A keep without wasm, network and timers. It keeps the rules of the real one that an application
 * sees: the session, the events, the token on requests, one refresh and one retry after a 401. Its
 * listeners are called before the call returns that causes the event.
 */
export interface FakeKeep extends TokenKeep {
  /** What was sent, the oldest first; each body can be read. */
  readonly requests: readonly Request[];
  /** Signs a user in. Somebody else who was signed in is followed by `user-changed`. */
  signInAs(claims: Readonly<Record<string, unknown>> | null, members?: Partial<Session>): void;
  /**
   * Signs a user in where this keep does not see it, as by a redirect in another tab:
   * `start({ again: true })` and `refresh()` find the session.
   */
  signInElsewhere(claims: Readonly<Record<string, unknown>> | null): void;
  /** Ends the session. Default "rejected". */
  signOut(reason?: SignedOutReason): void;
  /** Changes members of the session, and tells `change` alone. */
  setSession(members: Partial<Session>): void;
  /** Tells an event, such as "step-up". */
  emit<K extends keyof TokenKeepEvents>(type: K, event: TokenKeepEvents[K]): void;
  /**
   * The next call of this method fails, by its own code or with an error of yours. A refresh that
   * fails with "refresh_rejected" ends the session; after any other code the session stands and is
   * degraded.
   */
  failNext(method: FakeFailure, error: TokenKeepErrorCode | TokenKeepError): void;
  /**
   * Makes the keep as it was when it was made, or as these options make it. Tests that share a keep
   * call it before each of them. Listeners stay, and `change` is told.
   */
  reset(options?: FakeKeepOptions): void;
  /** Adds a route, or puts it in the place of the one with the same address. */
  route(address: string, answer: FakeRoute): void;
}
