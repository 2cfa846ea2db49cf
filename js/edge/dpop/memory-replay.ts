// The proofs that one process, or one isolate, has seen.

import { integer, readMembers } from "../options/read.js";
import type { ReplayStore, ReplayUse } from "../options/store-types.js";
import { clockOf } from "../result/revoked.js";

/** Names of proofs, until they expire. */
export class SeenProofs {
  readonly #most: number;
  readonly #ends = new Map<string, number>();
  /** When full: before this moment none of them expires, in seconds. */
  #fullUntil = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#ends.size;
  }

  /**
   * Whether a proof comes for the first time. `now`: seconds.
   *
   * @throws {Error} when so many proofs are alive that it could only remember this one by
   * forgetting another
   */
  isFirst({ name, expiresAt }: Pick<ReplayUse, "name" | "expiresAt">, now: number): boolean {
    const end = this.#ends.get(name);
    if (end !== undefined && end > now) return false;
    this.#ends.delete(name);
    this.#lookAtOldest(now);
    if (this.#ends.size >= this.#most) {
      if (now >= this.#fullUntil) this.sweep(now);
      if (this.#ends.size >= this.#most) throw new Error("Too many DPoP proofs are alive.");
    }
    this.#ends.set(name, expiresAt);
    return true;
  }

  /** Forgets all that have expired, and returns their names. */
  sweep(now: number): readonly string[] {
    const expired = [...this.#ends].filter(([, end]) => end <= now).map(([name]) => name);
    for (const name of expired) this.#ends.delete(name);
    this.#fullUntil = Number.POSITIVE_INFINITY;
    for (const end of this.#ends.values()) this.#fullUntil = Math.min(this.#fullUntil, end);
    return expired;
  }

  /**
   * Forgets two of the oldest if they have expired, and puts them last if not: two for each new one
   * keep the memory as small as the living need.
   */
  #lookAtOldest(now: number): void {
    for (let looked = 0; looked < 2; looked += 1) {
      const oldest = this.#ends.entries().next();
      if (oldest.done === true) return;
      const [name, end] = oldest.value;
      this.#ends.delete(name);
      if (end > now) this.#ends.set(name, end);
    }
  }
}

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

/** What a store remembers at most, unless told otherwise. */
export const MOST_PROOFS = 100_000;

export function replayIn(seen: SeenProofs, clock: () => number): ReplayStore {
  return { firstUse: (use) => seen.isFirst(use, clock() / 1000) };
}
