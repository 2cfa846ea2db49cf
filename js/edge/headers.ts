// Headers under which a signature held, remembered by their exact text. An issuer's tokens have one header until it rotates its key, so
// most need no second reading of it, and no search for the key.

import type { Signer } from "./crypto.js";
import type { Issuer } from "./issuers.js";
import type { KeySet } from "./key-set.js";
import type { JoseHeader } from "./verified.js";

/** What a header stood for. */
export interface Known {
  readonly header: JoseHeader;
  /** The place of its algorithm. */
  readonly algorithm: number;
  readonly issuer: Issuer;
  /** It counts only while this is the issuer's set. */
  readonly set: KeySet;
  readonly signer: Signer;
}

const MOST = 1_000;
/** Longer ones are not remembered. */
const LONGEST = 512;

export class KnownHeaders {
  readonly #known = new Map<string, Known>();

  find(part: string): Known | null {
    return this.#known.get(part) ?? null;
  }

  remember(part: string, known: Known): void {
    if (part.length > LONGEST) return;
    this.#known.delete(part);
    this.#known.set(part, known);
    const oldest = this.#known.keys().next();
    if (this.#known.size > MOST && oldest.done !== true) this.#known.delete(oldest.value);
  }
}
