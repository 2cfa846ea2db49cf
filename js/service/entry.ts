// One token that is kept: for the service and a target, or for a user's token and a target. What is
// to be done about it is decided here, with no clock, network or randomness. All times are
// milliseconds. tests/shared/renewal-cases.json holds the rules that the browser's engine has too
// (src/engine/lifetime.rs, src/engine/backoff.rs).

import type { ErrorDetails, ServiceErrorCode } from "./error.js";

/** A token as it came. */
export interface Held {
  readonly token: string;
  readonly receivedAt: number;
  readonly lifetime: number;
  /** How long after its receipt it is due for renewal. */
  readonly dueAfter: number;
  /** That of the attempt that brought it: a later one has a higher. */
  readonly generation: number;
  /** When it came by the wall clock, which other isolates have too. */
  readonly obtainedAt: number;
}

/** What an attempt ended with. */
export interface Failure {
  readonly code: ServiceErrorCode;
  readonly details: ErrorDetails;
  readonly at: number;
  /** For how long it is remembered. */
  readonly wait: number;
}

/** What all tokens of one token endpoint share. */
export interface Endpoint {
  /** It asked to be left alone (`Retry-After`). */
  pause: Failure | null;
}

/** Settled values only: on Workers no promise may be kept for another request. */
export interface Entry {
  readonly endpoint: Endpoint;
  held: Held | null;
  /** The latest attempt: its number, and when it began. */
  attempt: number;
  attemptAt: number;
  /** The latest attempt has not ended, as far as is known: the request that made it may be gone. */
  attempting: boolean;
  failure: Failure | null;
  /** Troubles in a row. */
  troubles: number;
  /** How long an attempt can take, at most. */
  readonly timeout: number;
}

export type Decision =
  | { readonly act: "use" }
  | { readonly act: "use-and-renew" }
  | { readonly act: "call" }
  | { readonly act: "poll"; readonly after: number }
  | { readonly act: "refuse"; readonly failure: Failure };

const USE: Decision = { act: "use" };
const USE_AND_RENEW: Decision = { act: "use-and-renew" };
const CALL: Decision = { act: "call" };

/** How long an attempt of another request is waited for. It may have been cancelled. */
const LONGEST_POLL = 1_000;

/**
 * What a caller does who needs the token now. `random`: from 0 to 1.
 *
 * Ages and not moments are compared, and a negative one counts for nothing: on Workers there is no
 * clock that never goes back.
 */
export function decide(entry: Entry, now: number, random: () => number): Decision {
  const { held, endpoint, failure, attempting, attemptAt, timeout } = entry;
  const since = (moment: number, most: number) => now >= moment && now - moment < most;
  const alive = held !== null && since(held.receivedAt, held.lifetime);
  if (alive && since(held.receivedAt, held.dueAfter)) return USE;
  const lasts = (one: Failure | null) => one !== null && since(one.at, one.wait);
  const stop = lasts(endpoint.pause) ? endpoint.pause : lasts(failure) ? failure : null;
  if (alive)
    return stop !== null || (attempting && since(attemptAt, timeout)) ? USE : USE_AND_RENEW;
  if (attempting && since(attemptAt, LONGEST_POLL))
    return { act: "poll", after: 25 + 25 * random() };
  return stop === null ? CALL : { act: "refuse", failure: stop };
}

/** A lifetime longer than this (366 days) is taken as this long. */
const LONGEST_LIFETIME = 366 * 24 * 3_600_000;
const DEFAULT_LIFETIME = 300_000;

/**
 * The lifetime of a token: what `expires_in` told, else what the token itself tells, in seconds.
 * What is not positive counts as not told.
 */
export function lifetimeOf(told: unknown, read: number | null): number {
  // Some servers write the number as a text.
  const seconds = typeof told === "string" && told.trim() !== "" ? Number(told) : told;
  for (const one of [seconds, read])
    if (typeof one === "number" && one >= 1)
      return Math.min(Math.floor(one) * 1000, LONGEST_LIFETIME);
  return DEFAULT_LIFETIME;
}

/**
 * How long after its receipt a token is due: by `leeway` ahead of its end, but no more than half
 * its life, and by a part of `jitter`, but no more than a tenth.
 */
export function dueAfter(
  lifetime: number,
  lead: { readonly leeway: number; readonly jitter: number },
  random: () => number,
): number {
  const leeway = Math.min(lead.leeway, lifetime / 2);
  return lifetime - leeway - random() * Math.min(lead.jitter, lifetime / 10);
}

/** How long to wait after so many troubles in a row: 1, 2, 4 … 30 seconds. */
export function backoff(troubles: number): number {
  return Math.min(1_000 * 2 ** (troubles - 1), 30_000);
}
