// One key set (RFC 7517 section 5), kept as the bytes that it came in. The wasm finds the keys that
// bear a `kid`, each by a hash of it, and reads those that a token names: a set of a thousand costs
// one look over its text. All keys are read when somebody listens, when a token names none, and
// when an answer differs from the one before. What was read is kept: however many tokens are
// refused, no key is read again for them.

import type { Core, KeyDescription, KeyDescriptions, NamedKeys } from "../core.js";
import { VerifyError, type VerifyErrorCode } from "../request/error.js";
import { Key, tenantFor } from "./crypto.js";

/** More candidates than this for one token, and none is tried. */
const MOST_CANDIDATES = 4;

const NONE: readonly Key[] = [];
const UNREAD: readonly KeyDescription[] = [];

/** The keys of one algorithm, and whether some of them name the issuer that they belong to. */
interface Usable {
  readonly keys: readonly Key[];
  readonly nameIssuers: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * What an answer or a bundled set held. A new object for each change: results remembered with an
 * older one count no more.
 */
export class KeySet {
  readonly #bytes: Uint8Array;
  readonly #isGiven: boolean;
  readonly #named: NamedKeys;
  /** The keys that were read alone, by the hash of their `kid`. */
  readonly #read = new Map<number, readonly KeyDescription[]>();
  /**
   * The keys that tokens asked for, by `kid`, and by algorithm: at most one entry for each `kid` of
   * the set. Null: for tokens that name no key.
   */
  readonly #usable = new Map<string | null, ReadonlyMap<string, Usable>>();
  #described: KeyDescriptions | undefined;

  private constructor(bytes: Uint8Array, isGiven: boolean, named: NamedKeys) {
    this.#bytes = bytes;
    this.#isGiven = isGiven;
    this.#named = named;
  }

  /**
   * `isGiven`: the caller's secrets, and not published. One without a `kid` goes with every token,
   * one with a `kid` with the tokens that name it.
   *
   * @throws {VerifyError} jwks.malformed, jwks.too_large
   */
  static read(source: string | Uint8Array, core: Core, isGiven = false): KeySet {
    const bytes = withoutMark(typeof source === "string" ? encoder.encode(source) : source);
    try {
      return new KeySet(bytes, isGiven, core.namedKeys(bytes));
    } catch (refusal) {
      throw typeof refusal === "string" ? new VerifyError(refusal as VerifyErrorCode) : refusal;
    }
  }

  /** The keys that may have signed a token of an issuer. */
  candidates(alg: string, kid: string | null, issuer: string, core: Core): readonly Key[] {
    const found = this.#usableFor(kid, core)?.get(alg);
    if (found === undefined) return NONE;
    const keys = found.nameIssuers
      ? found.keys.filter((key) => tenantFor(key.issuer, issuer) !== null)
      : found.keys;
    return keys.length > MOST_CANDIDATES ? NONE : keys;
  }

  /** All keys, those too that nobody may use. */
  describe(core: Core): KeyDescriptions {
    return (this.#described ??= core.describeKeys(decoder.decode(this.#bytes), this.#isGiven));
  }

  /** Whether the other holds the same keys, whatever else there was in its text. */
  equals(other: KeySet, core: Core): boolean {
    return (
      areEqual(this.#bytes, other.#bytes) ||
      JSON.stringify(this.describe(core)) === JSON.stringify(other.describe(core))
    );
  }

  #usableFor(kid: string | null, core: Core): ReadonlyMap<string, Usable> | undefined {
    const known = this.#usable.get(kid);
    if (known !== undefined) return known;
    const isBorne = kid === null || this.#readFor(kid, core).some((key) => key.kid === kid);
    // Nothing is remembered of a kid that no key bears: there is no end of those.
    if (!isBorne) return this.#isGiven ? this.#usableFor(null, core) : undefined;
    const isMeant = (key: KeyDescription) =>
      key.kid === kid || (this.#isGiven ? key.kid === null : kid === null);
    const usable = candidatesByAlgorithm(this.#readFor(kid, core).filter(isMeant));
    this.#usable.set(kid, usable);
    return usable;
  }

  /** The keys among which those of a `kid` are; null: all. */
  #readFor(kid: string | null, core: Core): readonly KeyDescription[] {
    if (kid === null || this.#isGiven) return this.describe(core).keys;
    const hash = core.hashOfKid(kid);
    const read = this.#read.get(hash);
    if (read !== undefined) return read;
    const { hashes, starts, ends } = this.#named;
    const entries: string[] = [];
    for (let at = hashes.indexOf(hash); at >= 0; at = hashes.indexOf(hash, at + 1))
      entries.push(decoder.decode(this.#bytes.subarray(starts[at], ends[at])));
    if (entries.length === 0) return UNREAD;
    const { keys } = core.describeKeys(`{"keys":[${entries.join()}]}`, false);
    this.#read.set(hash, keys);
    return keys;
  }
}

/** A byte order mark before JSON text may be ignored (RFC 8259 section 8.1). */
function withoutMark(bytes: Uint8Array): Uint8Array {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return isMarked ? bytes.subarray(3) : bytes;
}

/** A key that stands twice in a set counts once; with another issuer it is another one. */
function candidatesByAlgorithm(
  descriptions: readonly KeyDescription[],
): ReadonlyMap<string, Usable> {
  const distinct = new Map<string, Map<string, Key>>();
  for (const description of descriptions) {
    const key = new Key(description);
    const { thumbprint, jwk, issuer } = description;
    const identity = JSON.stringify([thumbprint === "" ? jwk.k : thumbprint, issuer]);
    for (const alg of description.algorithms) {
      const found = distinct.get(alg) ?? new Map<string, Key>();
      distinct.set(alg, found);
      if (!found.has(identity)) found.set(identity, key);
    }
  }
  return new Map(
    [...distinct].map(([alg, found]) => {
      const keys = [...found.values()];
      return [alg, { keys, nameIssuers: keys.some((key) => key.issuer !== null) }];
    }),
  );
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}
