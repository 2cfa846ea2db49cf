// One token that is kept: for the service and a target, or for a user's token and a target. What is
// to be done about it is decided here, with no clock, network or randomness. All times are
// milliseconds. tests/shared/renewal-cases.json holds the rules that the browser's engine has too
// (src/engine/lifetime.rs, src/engine/backoff.rs).

import type { ServiceTokenError } from "./error.js";
import type { TargetSettings } from "./options.js";

/** A token as the authorization server, or another isolate, has given it. */
export interface Issued {
  readonly token: string;
  /** By the wall clock, which other isolates have too. */
  readonly obtainedAt: number;
  readonly lifetime: number;
  /** Where it comes from, if it is not the answer to a request of this isolate. */
  readonly from?: "shared";
}

/** A token that is kept. */
export interface Kept extends Issued {
  readonly receivedAt: number;
  /** How long after its receipt it is due for renewal. */
  readonly dueAfter: number;
  /** That of the attempt that brought it: a later one has a higher. */
  readonly generation: number;
}

/** Keeps callers from asking, for a while. */
export interface Hold {
  readonly at: number;
  readonly wait: number;
  /** What the latest attempt ended with. Null: it has not ended, as far as is known. */
  readonly error: ServiceTokenError | null;
}

/** Settled values only: on Workers no promise may be kept for another request. */
export interface Entry {
  readonly target: TargetSettings;
  /** What events say of the user; null for the service itself. */
  readonly subject: string | null;
  /** What a refusal by the authorization server is called. */
  readonly refusal: "token_refused" | "exchange_refused";
  /** How long one is remembered. */
  refusedFor: number;
  kept: Kept | null;
  hold: Hold | null;
  /** The number of the latest attempt. */
  generation: number;
  /** Troubles in a row. */
  troubles: number;
}

export const newEntry = (
  target: TargetSettings,
  refusal: Entry["refusal"],
  subject: string | null,
): Entry => ({
  target,
  subject,
  refusal,
  refusedFor: 30_000,
  kept: null,
  hold: null,
  generation: 0,
  troubles: 0,
});

/** The milliseconds after which to look again, or the reason why there is no token. */
export type Decision = "use" | "renew" | "call" | number | Hold;

/** How long an attempt of another request is waited for. It may have been cancelled. */
const LONGEST_POLL = 1_000;

/**
 * What a caller does who needs the token now. `pause`: the endpoint asked to be left alone.
 * `random`: from 0 to 1.
 *
 * Ages and not moments are compared, and a negative one counts for nothing: on Workers there is no
 * clock that never goes back.
 */
export function decide(
  { kept, hold }: Pick<Entry, "kept" | "hold">,
  pause: Hold | null,
  now: number,
  random: () => number,
): Decision {
  const since = (moment: number, most: number) => now >= moment && now - moment < most;
  const isAlive = kept && since(kept.receivedAt, kept.lifetime);
  if (isAlive && since(kept.receivedAt, kept.dueAfter)) return "use";
  const lasting = [pause, hold].filter((one) => one && since(one.at, one.wait));
  if (isAlive) return lasting.length > 0 ? "use" : "renew";
  if (hold && !hold.error && since(hold.at, LONGEST_POLL)) return 25 + 25 * random();
  return lasting.find((one) => one?.error) ?? "call";
}

/** A lifetime longer than this (366 days) is taken as this long. */
const LONGEST_LIFETIME = 366 * 24 * 3_600_000;
/** Seconds. */
const DEFAULT_LIFETIME = 300;

/**
 * The lifetime of a token: what `expires_in` told, else what the token itself tells, in seconds.
 * What is not positive counts as not told.
 */
export function lifetimeOf(told: unknown, read: number | null): number {
  // Some servers write the number as a text.
  const seconds = typeof told === "string" ? Number(told) : told;
  const lifetime = [seconds, read].find((one) => typeof one === "number" && one >= 1);
  return Math.min(Math.floor((lifetime ?? DEFAULT_LIFETIME) as number) * 1000, LONGEST_LIFETIME);
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
