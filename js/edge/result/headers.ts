// Headers under which a signature held, remembered by their exact text. An issuer's tokens have one
// header until it rotates its key, so most need no second reading of it, and no search for the key.

import type { Algorithm } from "../core.js";
import type { VerificationKey } from "../keys/crypto.js";
import type { KeySet } from "../keys/key-set.js";
import type { KeySource } from "../keys/key-sets.js";
import type { Issuer } from "../options/issuers.js";
import type { JoseHeader } from "./verified.js";

/** What is known of a header. */
export interface Known {
  /** Its text in the token. */
  readonly part: string;
  readonly header: JoseHeader;
  readonly algorithm: Algorithm;
  readonly issuer: Issuer;
  /** Those of the issuer that go with the algorithm. */
  readonly keys: KeySource;
  /** It counts only while this is their set. */
  readonly set: KeySet;
  readonly key: VerificationKey;
}

const MOST = 1_000;
/** Longer ones are not remembered. */
const LONGEST = 512;
const DOT = 46;

export class KnownHeaders {
  readonly #known = new Map<string, Known>();
  /**
   * The one that was found last. The next token most likely has it too, and to compare takes less
   * time than to cut out and look up.
   */
  #last: Known | null = null;

  find(token: string): Known | null {
    const last = this.#last;
    if (last !== null && token.startsWith(last.part) && token.charCodeAt(last.part.length) === DOT)
      return last;
    const known = this.#known.get(headerPartOf(token)) ?? null;
    if (known !== null) this.#last = known;
    return known;
  }

  remember(known: Known): void {
    const { part } = known;
    if (part.length > LONGEST) return;
    this.#known.delete(part);
    this.#known.set(part, known);
    this.#last = known;
    const oldest = this.#known.keys().next();
    if (this.#known.size > MOST && oldest.done !== true) this.#known.delete(oldest.value);
  }
}

export function headerPartOf(token: string): string {
  return token.slice(0, token.indexOf("."));
}
