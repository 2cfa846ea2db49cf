// Headers under which a signature held, remembered by their exact text. An issuer's tokens have one
// header until it rotates its key, so most need no second reading of it, and no search for the key.

import type { Algorithm } from "../core.js";
import type { VerificationKey } from "../keys/crypto.js";
import type { KeySource } from "../keys/key-sets.js";
import type { Published } from "../keys/remote.js";
import type { Issuer } from "../options/issuers.js";
import type { JoseHeader } from "./verified.js";

/** A header, and what a token under it needs. */
export interface RememberedHeader {
  /** Its text in the token. */
  readonly part: string;
  readonly header: JoseHeader;
  readonly algorithm: Algorithm;
  readonly issuer: Issuer;
  /** The issuer's keys that go with the algorithm. */
  readonly keys: KeySource;
  /** The set in which the key was found. The header counts only while this is the current one. */
  readonly set: Published;
  readonly key: VerificationKey;
}

const MOST = 1_000;
/** Longer ones are not remembered. */
const LONGEST = 512;
const DOT = 46;

export class RememberedHeaders {
  readonly #headers = new Map<string, RememberedHeader>();
  /**
   * The one that was found last. The next token most likely has it too, and to compare takes less
   * time than to cut out and look up.
   */
  #last: RememberedHeader | null = null;

  find(token: string): RememberedHeader | null {
    const last = this.#last;
    if (last !== null && token.startsWith(last.part) && token.charCodeAt(last.part.length) === DOT)
      return last;
    const found = this.#headers.get(headerPartOf(token)) ?? null;
    if (found !== null) this.#last = found;
    return found;
  }

  remember(header: RememberedHeader): void {
    const { part } = header;
    if (part.length > LONGEST) return;
    this.#headers.delete(part);
    this.#headers.set(part, header);
    this.#last = header;
    const oldest = this.#headers.keys().next();
    if (this.#headers.size > MOST && oldest.done !== true) this.#headers.delete(oldest.value);
  }
}

export function headerPartOf(token: string): string {
  return token.slice(0, token.indexOf("."));
}
