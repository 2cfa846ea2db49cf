// Keys whose address is published too, in a document. Both are kept by the rules of remote.ts.

import type { Candidates, KeySource, PublishedKeys } from "./key-sets.js";
import type { Call, LoadedSet, Published } from "./remote.js";

/** What the document holds: an address, and no key. */
export class Reference implements Published {
  readonly keys: PublishedKeys;

  constructor(keys: PublishedKeys) {
    this.keys = keys;
  }

  equals(other: Published): boolean {
    return other instanceof Reference && other.keys.shared === this.keys.shared;
  }

  candidates(): readonly [] {
    return [];
  }
}

export class ReferredKeys implements KeySource {
  readonly #document: PublishedKeys;
  /** Until their address is known, the issuer's own set serves in place of the document. */
  #keys: KeySource;
  readonly shared: object;

  constructor(document: PublishedKeys) {
    this.#document = document;
    this.#keys = document;
    this.shared = document.shared;
  }

  peek(now: number): LoadedSet | null {
    const loaded = this.#document.peek(now);
    return loaded && this.#followed(loaded).peek(now);
  }

  async current(call: Call): Promise<LoadedSet> {
    return (await this.#keysFor(call)).current(call);
  }

  async find(alg: string, kid: string | null, call: Call): Promise<Candidates> {
    const before = await this.#keysFor(call);
    try {
      return { ...(await before.find(alg, kid, call)), source: this };
    } catch (cause) {
      // They may have moved. No key is found in a document, but it is renewed.
      await this.#document.find(alg, kid, call).catch(() => undefined);
      if ((await this.#keysFor(call)) === before) throw cause;
      return this.find(alg, kid, call);
    }
  }

  /** A known address goes on working whatever becomes of the document. */
  async #keysFor(call: Call): Promise<KeySource> {
    try {
      return this.#followed(await this.#document.current(call));
    } catch (cause) {
      if (this.#keys === this.#document) throw cause;
      return this.#keys;
    }
  }

  #followed({ set }: LoadedSet): KeySource {
    if (set instanceof Reference) this.#keys = set.keys;
    return this.#keys;
  }
}
