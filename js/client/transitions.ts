// The words of `explain()`: what crossed as numbers, told.

import { STATUSES } from "./session.js";
import type { Transition } from "./types.js";
import type { Numbers } from "./wire.js";

/** By the numbers of `Step` in src/engine/journal.rs, which counts from 1. */
const STEPS = [
  "logout",
  "logout-elsewhere",
  "rejected",
  "no-session",
  "closed",
  "adopted",
  "signed-in",
  "sign-in-discarded",
  "sign-in-slow",
  "sign-in-sent",
  "refresh-sent",
  "logout-sent",
  "refreshed",
  "refresh-failed",
  "answer-discarded",
  "rejection-doubted",
  "logout-told",
  "logout-failed",
  "unauthorized",
  "fresh-token-rejected",
  "lock-bypassed",
  "clock-jumped",
  "restored",
  "renewal-left-to-sibling",
  "sibling-signed-in",
  "sibling-rejected",
  "paused",
  "logout-doubted",
  "sign-in-without-token",
];

/** By the numbers of `Why` there. */
const WHYS = [
  "the authority refused it",
  "the authority can't be reached or asks to wait",
  "no answer in time",
  "a 200 without a usable token",
  "no answer of a refresh endpoint",
  "the authority was not told",
  "there is no session",
  "the keep is closed",
  "its session is over",
  "a logout came after it",
  "a sibling has just been given a token",
  "the authority asked a sibling to wait",
  "without the lock",
  "there is none to be had",
  "its holder took too long",
];

/** One transition, by the numbers of `Output.entry`. */
export function transition([step, why, statuses, generation, at]: Numbers): Transition {
  const note = WHYS[why - 1];
  return Object.freeze({
    at,
    event: STEPS[step - 1]!,
    from: STATUSES[statuses >> 2]!,
    to: STATUSES[statuses & 3]!,
    generation,
    ...(note && { note }),
  });
}
