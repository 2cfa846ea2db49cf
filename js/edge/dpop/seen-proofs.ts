// Which proofs were used, for as long as they are alive. It knows no clock, and depends on nothing.

import type { ReplayUse } from "../options/store-types.js";

/** What a store remembers at most, unless told otherwise. */
export const MOST_PROOFS = 100_000;

/** Names of proofs, until they expire. */
export class SeenProofs {
  readonly #most: number;
  readonly #ends = new Map<string, number>();
  /** When full: before this moment none of them expires, in seconds. */
  #fullUntil = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
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
      if (now >= this.#fullUntil) this.#sweep(now);
      if (this.#ends.size >= this.#most) throw new Error("Too many DPoP proofs are alive.");
    }
    this.#ends.set(name, expiresAt);
    return true;
  }

  /** Forgets all that have expired. */
  #sweep(now: number): void {
    this.#fullUntil = Number.POSITIVE_INFINITY;
    for (const [name, end] of this.#ends)
      if (end <= now) this.#ends.delete(name);
      else this.#fullUntil = Math.min(this.#fullUntil, end);
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
