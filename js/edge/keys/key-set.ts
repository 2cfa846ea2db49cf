// One key set (RFC 7517 section 5), kept as the bytes that it came in. The wasm says where the keys
// stand and what they are called, and reads those that a token names: a set of a thousand costs one
// look over its text. All of its keys are read when somebody listens, when a token names none, and
// when an answer differs from the one before.

import type { Core, KeyIndex } from "../core.js";
import { ALGORITHMS } from "../options/read.js";
import { Key, type KeyDescription } from "./crypto.js";

/** More candidates than this for a token without a kid, and none is tried. */
const MOST_CANDIDATES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the wasm says of a set. */
export interface Census {
  readonly keys: readonly KeyDescription[];
  readonly skipped: readonly { readonly kid: string | null; readonly reason: string }[];
}

/**
 * What an answer or a bundled set held. A new object for each change: results remembered with an
 * older one count no more.
 */
export class KeySet {
  readonly #bytes: Uint8Array;
  readonly #isGiven: boolean;
  readonly #index: KeyIndex;
  /** Those that were asked for, by their name; all of them without. */
  readonly #read = new Map<string | null, readonly Key[]>();
  #described: string | undefined;

  private constructor(bytes: Uint8Array, isGiven: boolean, index: KeyIndex) {
    this.#bytes = bytes;
    this.#isGiven = isGiven;
    this.#index = index;
  }

  /**
   * Null for what is no key set, or an empty one. `isGiven`: by the caller, and not published, so
   * that it may hold a secret.
   */
  static read(source: string | Uint8Array, core: Core, isGiven = false): KeySet | null {
    const bytes = typeof source === "string" ? encoder.encode(source) : source;
    const index = core.index(bytes);
    return index === null ? null : new KeySet(bytes, isGiven, index);
  }

  /** The keys that may have signed a token. */
  candidates(alg: string, kid: string | null, core: Core): readonly Key[] {
    const bit = 1 << ALGORITHMS.indexOf(alg);
    const found = this.#named(kid, core).filter((key) => (key.algorithms & bit) !== 0);
    if (found.length < 2) return found;
    const distinct = [...new Map(found.map((key) => [JSON.stringify(key.jwk), key])).values()];
    return distinct.length > MOST_CANDIDATES ? [] : distinct;
  }

  /** All keys, those too that nobody may use. */
  census(core: Core): Census {
    return JSON.parse(this.#describe(core)) as Census;
  }

  /** Whether the other holds the same keys, whatever else there was in its text. */
  equals(other: KeySet, core: Core): boolean {
    return areEqual(this.#bytes, other.#bytes) || this.#describe(core) === other.#describe(core);
  }

  #describe(core: Core): string {
    return (this.#described ??= describe(decoder.decode(this.#bytes), this.#isGiven, core));
  }

  #named(kid: string | null, core: Core): readonly Key[] {
    const read = this.#read.get(kid);
    if (read !== undefined) return read;
    const described = kid === null ? this.#describe(core) : this.#describeNamed(kid, core);
    if (described === null) return [];
    const keys = (JSON.parse(described) as Census).keys.map((key) => new Key(key));
    this.#read.set(kid, keys);
    return keys;
  }

  #describeNamed(kid: string, core: Core): string | null {
    const { names, places } = this.#index;
    const entries: string[] = [];
    for (let at = names.indexOf(kid); at >= 0; at = names.indexOf(kid, at + 1)) {
      entries.push(decoder.decode(this.#bytes.subarray(places[2 * at], places[2 * at + 1])));
    }
    return entries.length === 0
      ? null
      : describe(`{"keys":[${entries.join()}]}`, this.#isGiven, core);
  }
}

function describe(text: string, isGiven: boolean, core: Core): string {
  return core.readKeys(text, isGiven) ?? '{"keys":[],"skipped":[]}';
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}
