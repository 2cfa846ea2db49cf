// Tokens that were verified, remembered by 106 bits of a keyed hash of their whole text, the least
// recently used forgotten first. What is remembered is the signature's verdict alone: everything
// that can change is judged again at each hit.

import type { Core } from "../core.js";
import type { Facts } from "./outcome.js";

/** 106 bits that stand for a token. */
export interface Name {
  readonly first: number;
  readonly rest: number;
}

/** Longer tokens are not remembered. */
const LONGEST = 4_096;

/** A token's place among the others, by when it was used last. */
interface Link {
  older: Link;
  newer: Link;
}

interface Entry extends Link, Name {
  readonly facts: Facts;
}

export class Results {
  readonly #max: number;
  readonly #entries = new Map<number, Entry>();
  /**
   * Before the oldest and after the newest. Moving an entry in a Map instead would take making room
   * for it again and again.
   */
  readonly #ends: Link;
  /** Drawn at first use: a Worker's module scope has no randomness. */
  #key: readonly [number, number, number, number] | null = null;

  constructor(max: number) {
    this.#max = max;
    const ends = {} as Link;
    this.#ends = Object.assign(ends, { older: ends, newer: ends });
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
    unlink(entry);
    this.#append(entry);
    return entry.facts;
  }

  remember(name: Name, facts: Facts): void {
    this.forget(name);
    const entry: Entry = {
      first: name.first,
      rest: name.rest,
      facts,
      older: this.#ends,
      newer: this.#ends,
    };
    this.#append(entry);
    this.#entries.set(entry.first, entry);
    if (this.#entries.size > this.#max) this.forget(this.#ends.newer as Entry);
  }

  forget({ first }: Name): void {
    const entry = this.#entries.get(first);
    if (entry === undefined) return;
    unlink(entry);
    this.#entries.delete(first);
  }

  #append(entry: Link): void {
    const newest = this.#ends.older;
    entry.older = newest;
    entry.newer = this.#ends;
    newest.newer = entry;
    this.#ends.older = entry;
  }
}

function unlink({ older, newer }: Link): void {
  older.newer = newer;
  newer.older = older;
}

function drawn(): readonly [number, number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = crypto.getRandomValues(new Uint32Array(4));
  return [a, b, c, d];
}
