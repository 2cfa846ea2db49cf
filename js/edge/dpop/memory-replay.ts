// The proofs that one process, or one isolate, has seen.

import { integer, readMembers } from "../options/read.js";
import type { ReplayStore } from "../options/store-types.js";
import { clockOf } from "../result/revoked.js";
import { MOST_PROOFS, SeenProofs } from "./seen-proofs.js";

/**
 * Remembers proofs in this process, or this isolate. Past `max` that are alive (default 100 000) it
 * throws, and the request is refused: it never forgets silently. On Workers isolates are many; see
 * `durableReplay`.
 */
export function memoryReplay(options: { max?: number; clock?: () => number } = {}): ReplayStore {
  const given = readMembers("options", options, ["max", "clock"]);
  const clock = clockOf(given.clock);
  return replayIn(
    new SeenProofs(integer("max", given.max, MOST_PROOFS, 1, Number.MAX_SAFE_INTEGER)),
    clock,
  );
}

export function replayIn(seen: SeenProofs, clock: () => number): ReplayStore {
  return { firstUse: (use) => seen.isFirst(use, clock() / 1000) };
}
