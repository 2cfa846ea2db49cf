// Tokens that were verified, remembered by a keyed 128-bit hash of their whole text, the least recently used forgotten first. What is
// remembered is the signature's verdict alone: everything that can change is judged again at each hit.

import type { Core } from "./instance.js";
import type { Issuer } from "./issuers.js";
import type { KeySet } from "./key-sets.js";
import type { Facts } from "./outcome.js";

export interface Result {
  readonly issuer: Issuer;
  /** A hit counts only while this is the issuer's set. */
  readonly set: KeySet;
  readonly facts: Facts;
}

/** Longer tokens are not remembered. */
const LONGEST = 4_096;

export class Results {
  readonly #max: number;
  readonly #entries = new Map<bigint, { readonly rest: bigint; readonly result: Result }>();
  /** Drawn at first use: a Worker's module scope has no randomness. */
  #key: readonly [bigint, bigint] | null = null;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(core: Core, token: string): Result | null {
    if (this.#entries.size === 0 || token.length > LONGEST) return null;
    const [name, rest] = this.#digest(core, token);
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.rest !== rest) return null;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.result;
  }

  remember(core: Core, token: string, result: Result): void {
    if (this.#max === 0 || token.length > LONGEST) return;
    const [name, rest] = this.#digest(core, token);
    this.#entries.delete(name);
    this.#entries.set(name, { rest, result });
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.#max && oldest.done !== true) this.#entries.delete(oldest.value);
  }

  forget(core: Core, token: string): void {
    this.#entries.delete(this.#digest(core, token)[0]);
  }

  #digest(core: Core, token: string): readonly [bigint, bigint] {
    if (this.#key === null) {
      const [half = 0n, other = 0n] = crypto.getRandomValues(new BigUint64Array(2));
      this.#key = [half, other];
    }
    return [core.digest(token, ...this.#key), core.digestRest()];
  }
}
