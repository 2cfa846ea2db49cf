// What a store of sessions has to do.

/**
 * A session in a store. Only the browser's cookie and the mediator's secret together open `sealed`.
 */
export interface SessionRecord {
  /** Rises by one with each change. */
  version: number;
  sealed: string;
  /** Until when somebody is refreshing it; milliseconds since the epoch, as all times here. */
  lease: number | null;
  /** Until when the provider is not to be asked. */
  retryAt: number | null;
  /** By which the session is found when its user, or the provider's session, is logged out. */
  names: readonly string[];
  startedAt: number;
  /** After it the record is of no use, and may go. A change may move it. */
  expiresAt: number;
}

/**
 * Holds sessions. It has to be strongly consistent: a read sees the last write, whoever made it.
 * Else a refresh token is used twice, and the provider ends the session. `checkSessionStore` tells
 * whether a store of your own is good enough.
 */
export interface SessionStore {
  /** Keeps a new record under a key that is random, and not used again. */
  create(key: string, record: SessionRecord): Promise<void>;
  /** The record of this key, or null: there is none, or it is past its end. */
  read(key: string): Promise<SessionRecord | null>;
  /**
   * One atomic step: replaces the record if its version is `version`, and else does nothing and
   * gives false. One that is gone stays gone. `names` and `startedAt` never change.
   */
  replace(key: string, version: number, record: SessionRecord): Promise<boolean>;
  /** Deletes the record of this key, if there is one. */
  delete(key: string): Promise<void>;
  /** Deletes the sessions of this name that began up to a moment, and tells how many. */
  deleteNamed(name: string, startedUpTo?: number): Promise<number>;
}
