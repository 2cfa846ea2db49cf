// What the two kinds of sessions have in common: what a session holds, and what is done with it.

import type { Claims, ExecutionContextLike } from "../edge/result/verified.js";
import type { HeaderList } from "./answers.js";
import type { Sent } from "./cookies.js";
import type { Setup } from "./setup.js";
import type { SignInErrorCode } from "./sign-in-error.js";
import type { Sessions } from "./types.js";

/** What the provider gave, and when. */
export interface Tokens {
  readonly accessToken: string;
  /** Seconds; null where the provider did not say. */
  readonly expiresIn: number | null;
  readonly refreshToken: string | null;
  readonly idToken: string | null;
  /** Milliseconds since the epoch. */
  readonly obtainedAt: number;
}

/** A session. */
export interface Held extends Tokens {
  readonly subject: string;
  /** The provider's name of its own session. */
  readonly sid: string | null;
  /** What `GET user` tells. */
  readonly claims: Claims;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** A session that has begun, and what sets its cookies. */
export interface Begun {
  readonly key: string | null;
  readonly cookies: HeaderList;
}

/** What a logout ended. */
export interface Ended {
  readonly cookies: HeaderList;
  readonly held: Held | null;
  readonly key: string | null;
}

/** The sessions of one mediator. */
export interface LiveSessions {
  /** Begins a session in place of another. A code says why it can't be kept. */
  begin(held: Held, sent: Sent, replaces: string | null): Promise<Begun | SignInErrorCode>;
  /** The key of the session of a request: whether there is one or not. */
  keyOf(sent: Sent): Promise<string | null>;
  /** The answer to `POST refresh`. */
  refresh(sent: Sent, context: ExecutionContextLike | null): Promise<Response>;
  /** Ends the session of a request. */
  end(sent: Sent): Promise<Ended>;
  /**
   * Whether the browser holds all of them. Then a copy of one that ended lives as long as its
   * refresh token does, and the ID token for `GET end` has a cookie of its own.
   */
  readonly areCookies: boolean;
  /** The session of a request. */
  find(sent: Sent): Promise<Held | null>;
  /** Ends the sessions of a name, those that began up to a moment. Null: they can't be found. */
  endNamed: ((kind: "sid" | "sub", value: string, startedUpTo?: number) => Promise<number>) | null;
}

/** What `storedSessions` and `sealedCookies` give. */
export interface LiveSessionsMaker extends Sessions {
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  /** Whether a session can end because nobody uses it. */
  readonly knowsUse: boolean;
  open(setup: Setup): LiveSessions | Promise<LiveSessions>;
}
