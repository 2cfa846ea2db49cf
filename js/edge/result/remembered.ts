// The tokens that are remembered. src/verify/remembered.rs decides which, and for how long; here is
// what is known of each, by its place there. It goes with the instance of the wasm.

import type { Core, RuleSet } from "../core.js";

/** A verification whose token may be remembered when it is over. */
export interface Begun<T> {
  readonly generation: number;
  readonly number: number;
  /** Of the cache that it began in. */
  readonly facts: T[];
}

export class RememberedTokens<T> {
  readonly #most: number;
  /** The instance that has the cache. */
  #generation = 0;
  #cache = 0;
  #facts: T[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** What is known of a token that is remembered, and whose dates are good at `now`, in seconds. */
  recall(core: Core, token: string, now: number): T | null {
    if (this.#most === 0) return null;
    if (core.generation !== this.#generation) this.#start(core);
    const place = core.recall(this.#cache, token, now);
    return place === undefined ? null : (this.#facts[place] ?? null);
  }

  /** To be called before anything is awaited, for the token that was recalled and then read. */
  begin(core: Core, rules: RuleSet, token: string): Begun<T> | null {
    if (this.#most === 0 || core.generation !== this.#generation) return null;
    const number = core.begin(this.#cache, rules, token);
    if (typeof number === "number")
      return { generation: core.generation, number, facts: this.#facts };
    // Too many other verifiers have made one since: the next token is remembered again.
    if (number === undefined) this.#start(core);
    return null;
  }

  /** To be called when the signature was found to hold. */
  remember(core: Core, { generation, number, facts: list }: Begun<T>, facts: T): void {
    if (core.generation !== generation) return;
    const place = core.remember(number);
    if (place !== undefined) list[place] = facts;
  }

  /**
   * To be called when the token inside an encrypted one was read by these rules: the encrypted one
   * is remembered by its own text, and for as long as the dates inside are good.
   */
  goByInside(core: Core, { generation, number }: Begun<T>, rules: RuleSet): void {
    if (core.generation === generation) core.goByInside(number, rules);
  }

  #start(core: Core): void {
    this.#cache = core.newCache(this.#most);
    this.#generation = core.generation;
    this.#facts = [];
  }
}
