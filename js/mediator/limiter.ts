// Counts the refreshes of each session, in this process.

const MOST_PER_MINUTE = 20;
const MINUTE = 60_000;
/** Sessions that are counted. Past it the one is forgotten that was seen first. */
const MOST_SESSIONS = 10_000;

export class Limiter {
  readonly #clock: () => number;
  readonly #counts = new Map<string, { count: number; readonly since: number }>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Counts one more. Gives the seconds to wait, or 0. */
  count(key: string): number {
    const now = this.#clock();
    const known = this.#counts.get(key);
    const current =
      known !== undefined && now - known.since < MINUTE && now >= known.since
        ? known
        : { count: 0, since: now };
    if (current !== known) this.#counts.delete(key);
    this.#counts.set(key, current);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MOST_SESSIONS && oldest !== undefined) this.#counts.delete(oldest);
    current.count += 1;
    return current.count > MOST_PER_MINUTE ? (current.since + MINUTE - now) / 1000 : 0;
  }
}
