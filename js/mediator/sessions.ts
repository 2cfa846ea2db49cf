// What the two kinds of sessions have in common: what a session holds, and what is done with it.

import type { Claims, ExecutionContextLike } from "../edge/result/verified.js";
import type { Sent } from "./cookies.js";
import { invalidOption } from "./error.js";
import type { Setup } from "./setup.js";
import type { SignInErrorCode } from "./sign-in-error.js";
import type { Secrets, Sessions } from "./types.js";

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

/** What a call of `POST refresh` comes to. */
export type Refreshed =
  | {
      readonly kind: "token";
      readonly accessToken: string;
      readonly expiresIn: number | null;
      readonly cookies: readonly string[];
    }
  | { readonly kind: "over"; readonly error: "invalid_grant" | "login_required" }
  /** `retryAfter`: seconds. */
  | { readonly kind: "trouble"; readonly status: 429 | 503; readonly retryAfter: number };

/** What a logout ended. */
export interface Ended {
  readonly cookies: readonly string[];
  readonly held: Held | null;
  readonly key: string | null;
  /** Whether the refresh token has to be revoked before the answer. */
  readonly revokesFirst: boolean;
}

/** Why a session could not begin. */
export class CannotBegin extends Error {
  constructor(readonly code: SignInErrorCode) {
    super(code);
  }
}

/** The sessions of one mediator. */
export interface LiveSessions {
  /**
   * Begins a session, and gives its key and what sets its cookies.
   *
   * @throws {CannotBegin}
   */
  begin(held: Held, sent: Sent): Promise<{ key: string | null; cookies: readonly string[] }>;
  /** The key of the session of a request: whether there is one or not. */
  keyOf(sent: Sent): Promise<string | null>;
  /** Ends the session of this key, if there is one. */
  drop(key: string): Promise<void>;
  refresh(sent: Sent, context: ExecutionContextLike | null): Promise<Refreshed>;
  /** Ends the session of a request. */
  end(sent: Sent): Promise<Ended>;
  /** The session of a request, and when it ends at the latest, in milliseconds since the epoch. */
  find(sent: Sent): Promise<{ held: Held; endsAt: number } | null>;
  /** Ends the sessions of a name, those that began up to a moment. Null: they can't be found. */
  endNamed: ((kind: "sid" | "sub", value: string, startedUpTo?: number) => Promise<number>) | null;
}

/** What `storedSessions` and `sealedCookies` give. */
export interface LiveSessionsMaker extends Sessions {
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  /** Whether a session can end because nobody uses it. */
  readonly knowsUse: boolean;
  open(setup: Setup): LiveSessions;
}

const LEAST_BYTES = 32;

export function readSecrets(given: Secrets): readonly Uint8Array<ArrayBuffer>[] {
  const secrets = Array.isArray(given) ? Array.from<unknown>(given) : [];
  if (secrets.length === 0) throw invalidOption("keys", "must be a list that is not empty");
  return secrets.map((secret, place) => {
    const bytes =
      typeof secret === "string" ? new TextEncoder().encode(secret) : (secret as Uint8Array);
    if (!(bytes instanceof Uint8Array) || bytes.length < LEAST_BYTES)
      throw invalidOption(`keys[${place}]`, `must be at least ${LEAST_BYTES} bytes`);
    return new Uint8Array(bytes);
  });
}
