// Tokens that were verified, remembered by 106 bits of a keyed hash of their whole text, the least recently used forgotten first. What is
// remembered is the signature's verdict alone: everything that can change is judged again at each hit.

import type { Core } from "./core.js";
import type { Facts } from "./outcome.js";

/** 106 bits that stand for a token. */
export interface Name {
  readonly first: number;
  readonly rest: number;
}

/** Longer tokens are not remembered. */
const LONGEST = 4_096;

export class Results {
  readonly #max: number;
  readonly #entries = new Map<number, { readonly rest: number; readonly facts: Facts }>();
  /** Where the oldest is. It goes on as they are forgotten, so it never has to pass the places of those that are gone. */
  #oldest = this.#entries.keys();
  /** Drawn at first use: a Worker's module scope has no randomness. */
  #key: readonly [number, number, number, number] | null = null;

  constructor(max: number) {
    this.#max = max;
  }

  /** The name of the token that the wasm has taken in; null when it will not be remembered. */
  nameOf(core: Core, length: number): Name | null {
    if (this.#max === 0 || length > LONGEST) return null;
    const key = (this.#key ??= drawn());
    return { first: core.digest(length, key[0], key[1], key[2], key[3]), rest: core.digestRest() };
  }

  find({ first, rest }: Name): Facts | null {
    const entry = this.#entries.get(first);
    if (entry === undefined || entry.rest !== rest) return null;
    this.#entries.delete(first);
    this.#entries.set(first, entry);
    return entry.facts;
  }

  remember({ first, rest }: Name, facts: Facts): void {
    this.#entries.delete(first);
    this.#entries.set(first, { rest, facts });
    if (this.#entries.size <= this.#max) return;
    const { value } = this.#oldest.next();
    if (value !== undefined) this.#entries.delete(value);
  }

  forget({ first }: Name): void {
    this.#entries.delete(first);
  }
}

function drawn(): readonly [number, number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = crypto.getRandomValues(new Uint32Array(4));
  return [a, b, c, d];
}
