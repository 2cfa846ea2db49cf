// One key set (RFC 7517 section 5), kept as the bytes that it came in. The wasm says where the keys
// stand and what they are called, and reads those that a token names: a set of a thousand costs one
// look over its text. All of its keys are read when somebody listens, when a token names none, and
// when an answer differs from the one before. What was read is kept: however many tokens are
// refused, no key is read again for them.

import type { Core, KeyIndex } from "../core.js";
import { ALGORITHMS } from "../options/read.js";
import { VerifyError } from "../request/error.js";
import { Key, type KeyDescription } from "./crypto.js";

/** More candidates than this for one token, and none is tried. */
const MOST_CANDIDATES = 4;

const NONE: readonly Key[] = [];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the wasm says of the keys of a set. */
export interface KeyDescriptions {
  readonly keys: readonly KeyDescription[];
  readonly skipped: readonly { readonly kid: string | null; readonly reason: string }[];
}

/** Which keys a token may mean: those of a `kid`; null: any; undefined: those without a `kid`. */
type Wanted = string | null | undefined;

/** Where a key begins and ends, in bytes. */
type Range = readonly [start: number, end: number];

/**
 * What an answer or a bundled set held. A new object for each change: results remembered with an
 * older one count no more.
 */
export class KeySet {
  readonly #bytes: Uint8Array;
  readonly #isGiven: boolean;
  /** The keys that bear a `kid`. */
  readonly #named: ReadonlyMap<string, readonly Range[]>;
  /** The keys that tokens asked for, by algorithm: at most one entry for each `kid` of the set. */
  readonly #usable = new Map<Wanted, ReadonlyMap<string, readonly Key[]>>();
  #described: string | undefined;

  private constructor(bytes: Uint8Array, isGiven: boolean, index: KeyIndex) {
    this.#bytes = bytes;
    this.#isGiven = isGiven;
    this.#named = rangesByName(index);
  }

  /**
   * `isGiven`: by the caller, and not published. It may hold a secret, and a key without a `kid`
   * goes with every token.
   *
   * @throws {VerifyError} jwks.malformed, jwks.too_large
   */
  static read(source: string | Uint8Array, core: Core, isGiven = false): KeySet {
    const bytes = withoutMark(typeof source === "string" ? encoder.encode(source) : source);
    try {
      return new KeySet(bytes, isGiven, core.index(bytes));
    } catch (refusal) {
      throw typeof refusal === "string" ? new VerifyError(refusal) : refusal;
    }
  }

  /** The keys that may have signed a token. */
  candidates(alg: string, kid: string | null, core: Core): readonly Key[] {
    const wanted = kid === null || this.#named.has(kid) ? kid : undefined;
    // Nothing is remembered of a kid that no key bears: there is no end of those.
    if (wanted === undefined && !this.#isGiven) return NONE;
    let usable = this.#usable.get(wanted);
    if (usable === undefined) {
      usable = candidatesByAlgorithm(this.#read(wanted, core));
      this.#usable.set(wanted, usable);
    }
    return usable.get(alg) ?? NONE;
  }

  /** All keys, those too that nobody may use. */
  describe(core: Core): KeyDescriptions {
    return JSON.parse(this.#describe(core)) as KeyDescriptions;
  }

  /** Whether the other holds the same keys, whatever else there was in its text. */
  equals(other: KeySet, core: Core): boolean {
    return areEqual(this.#bytes, other.#bytes) || this.#describe(core) === other.#describe(core);
  }

  #describe(core: Core): string {
    return (this.#described ??= core.readKeys(decoder.decode(this.#bytes), this.#isGiven));
  }

  #read(wanted: Wanted, core: Core): readonly Key[] {
    if (typeof wanted !== "string" || this.#isGiven) {
      const { keys } = this.describe(core);
      const isWanted = ({ kid }: KeyDescription) =>
        wanted === null || kid === null || kid === wanted;
      return keys.filter(isWanted).map((key) => new Key(key));
    }
    const ranges = this.#named.get(wanted) ?? [];
    const entries = ranges.map(([start, end]) => decoder.decode(this.#bytes.subarray(start, end)));
    const described = core.readKeys(`{"keys":[${entries.join()}]}`, false);
    const { keys } = JSON.parse(described) as KeyDescriptions;
    return keys.map((key) => new Key(key));
  }
}

/** A byte order mark before JSON text may be ignored (RFC 8259 section 8.1). */
function withoutMark(bytes: Uint8Array): Uint8Array {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return isMarked ? bytes.subarray(3) : bytes;
}

function rangesByName({ names, places }: KeyIndex): ReadonlyMap<string, readonly Range[]> {
  const ranges = new Map<string, Range[]>();
  for (const [place, name] of names.entries()) {
    const range = [places[2 * place] ?? 0, places[2 * place + 1] ?? 0] as const;
    const others = ranges.get(name);
    if (others === undefined) ranges.set(name, [range]);
    else others.push(range);
  }
  return ranges;
}

/** A key that stands twice in a set counts once. */
function candidatesByAlgorithm(keys: readonly Key[]): ReadonlyMap<string, readonly Key[]> {
  const distinct = new Map<string, Map<string, Key>>();
  for (const key of keys) {
    const material = JSON.stringify(key.jwk);
    for (const [place, alg] of ALGORITHMS.entries()) {
      if ((key.algorithms & (1 << place)) === 0) continue;
      const found = distinct.get(alg) ?? new Map<string, Key>();
      distinct.set(alg, found);
      if (!found.has(material)) found.set(material, key);
    }
  }
  return new Map(
    [...distinct].map(([alg, found]) => [
      alg,
      found.size > MOST_CANDIDATES ? NONE : [...found.values()],
    ]),
  );
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}
