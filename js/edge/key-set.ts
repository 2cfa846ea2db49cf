// One key set (RFC 7517 section 5). Which of its keys may be used with what the wasm says, key by key and only for keys that a token names:
// a set of a thousand costs what parsing its text costs.

import type { Core } from "./core.js";
import { Key, type KeyDescription } from "./crypto.js";
import { ALGORITHMS } from "./options.js";

/** More candidates than this for a token without a kid, and none is tried. */
const MOST_CANDIDATES = 4;

/** What the wasm says of a set. */
export interface Census {
  readonly keys: readonly KeyDescription[];
  readonly skipped: readonly { readonly kid: string | null; readonly reason: string }[];
}

/** What an answer or a bundled set held. A new object for each change: results remembered with an older one count no more. */
export class KeySet {
  readonly #text: string;
  readonly #entries: readonly unknown[];
  readonly #isGiven: boolean;
  #census: Census | undefined;
  readonly #byName = new Map<string, unknown[]>();
  /** Those that were asked for, by their name; all of them without. */
  readonly #read = new Map<string | null, readonly Key[]>();

  private constructor(text: string, entries: readonly unknown[], isGiven: boolean) {
    this.#text = text;
    this.#entries = entries;
    this.#isGiven = isGiven;
    for (const entry of entries) {
      const kid: unknown = isObject(entry) ? entry["kid"] : undefined;
      if (typeof kid !== "string") continue;
      const namesakes = this.#byName.get(kid);
      if (namesakes === undefined) this.#byName.set(kid, [entry]);
      else namesakes.push(entry);
    }
  }

  /** Null for what is no key set, or an empty one. `isGiven`: by the caller, and not published, so that it may hold a secret. */
  static parse(text: string, isGiven = false): KeySet | null {
    let set: unknown;
    try {
      set = JSON.parse(text);
    } catch {
      return null;
    }
    const entries: unknown = isObject(set) ? set["keys"] : undefined;
    return Array.isArray(entries) && entries.length > 0 ? new KeySet(text, entries, isGiven) : null;
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
    return (this.#census ??= censusOf(this.#entries, this.#isGiven, core));
  }

  /** Whether the other holds the same keys, whatever else there was in its text. */
  equals(other: KeySet): boolean {
    return this.#text === other.#text || textOf(this.#entries) === textOf(other.#entries);
  }

  #named(kid: string | null, core: Core): readonly Key[] {
    const read = this.#read.get(kid);
    if (read !== undefined) return read;
    const entries = kid === null ? this.#entries : this.#byName.get(kid);
    if (entries === undefined) return [];
    const keys = censusOf(entries, this.#isGiven, core).keys.map((key) => new Key(key));
    this.#read.set(kid, keys);
    return keys;
  }
}

function censusOf(entries: readonly unknown[], isGiven: boolean, core: Core): Census {
  const text = core.readKeys(textOf(entries), isGiven);
  return text === undefined ? { keys: [], skipped: [] } : (JSON.parse(text) as Census);
}

/** The members that make a difference: what else a key may have, a certificate say, is nobody's business. */
const MEMBERS = ["keys", "kid", "kty", "alg", "use", "key_ops", "crv", "x", "y", "n", "e", "k", "d", "p", "q", "dp", "dq", "qi", "oth"];

function textOf(entries: readonly unknown[]): string {
  try {
    return JSON.stringify({ keys: entries }, MEMBERS);
  } catch {
    // Nested deeper than the stack goes. No key is.
    return "";
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
