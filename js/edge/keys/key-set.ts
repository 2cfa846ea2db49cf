// One key set (RFC 7517 section 5), kept as the bytes that it came in. The wasm finds the keys that
// bear a `kid`, and reads those that a token names: a set of a thousand costs one look over its
// text. All keys are read when somebody listens, when a token names none, and when an answer
// differs from the one before. What was read is kept: however many tokens are refused, no key is
// read again for them.

import type { Core, KeyDescription, KeyDescriptions, NamedKey } from "../core.js";
import { VerifyError, type VerifyErrorCode } from "../request/error.js";
import { Key, tenantFor } from "./crypto.js";

/** More candidates than this for one token, and none is tried. */
const MOST_CANDIDATES = 4;

const NONE: readonly Key[] = [];

/** The keys of one algorithm, and whether some of them name the issuer that they belong to. */
interface Usable {
  readonly keys: readonly Key[];
  readonly nameIssuers: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Which keys a token may mean: those of a `kid`; null: any; undefined: those without a `kid`. */
type Wanted = string | null | undefined;

/**
 * What an answer or a bundled set held. A new object for each change: results remembered with an
 * older one count no more.
 */
export class KeySet {
  readonly #bytes: Uint8Array;
  readonly #isGiven: boolean;
  readonly #named: ReadonlyMap<string, readonly NamedKey[]>;
  /** The keys that tokens asked for, by algorithm: at most one entry for each `kid` of the set. */
  readonly #usable = new Map<Wanted, ReadonlyMap<string, Usable>>();
  #described: KeyDescriptions | undefined;

  private constructor(bytes: Uint8Array, isGiven: boolean, named: readonly NamedKey[]) {
    this.#bytes = bytes;
    this.#isGiven = isGiven;
    this.#named = byKid(named);
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
    const wanted = kid === null || this.#named.has(kid) ? kid : undefined;
    // Nothing is remembered of a kid that no key bears: there is no end of those.
    if (wanted === undefined && !this.#isGiven) return NONE;
    let usable = this.#usable.get(wanted);
    if (usable === undefined) {
      usable = candidatesByAlgorithm(this.#read(wanted, core));
      this.#usable.set(wanted, usable);
    }
    const found = usable.get(alg);
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

  #read(wanted: Wanted, core: Core): readonly KeyDescription[] {
    if (typeof wanted !== "string" || this.#isGiven) {
      const isAny = wanted === null && !this.#isGiven;
      const isWanted = ({ kid }: KeyDescription) => isAny || kid === null || kid === wanted;
      return this.describe(core).keys.filter(isWanted);
    }
    const entries = (this.#named.get(wanted) ?? []).map(({ start, end }) =>
      decoder.decode(this.#bytes.subarray(start, end)),
    );
    return core.describeKeys(`{"keys":[${entries.join()}]}`, false).keys;
  }
}

/** A byte order mark before JSON text may be ignored (RFC 8259 section 8.1). */
function withoutMark(bytes: Uint8Array): Uint8Array {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return isMarked ? bytes.subarray(3) : bytes;
}

function byKid(named: readonly NamedKey[]): ReadonlyMap<string, readonly NamedKey[]> {
  const keys = new Map<string, NamedKey[]>();
  for (const key of named) {
    const others = keys.get(key.kid);
    if (others === undefined) keys.set(key.kid, [key]);
    else others.push(key);
  }
  return keys;
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
