// Sealing: authenticated encryption of texts with AES-256-GCM. HKDF (RFC 5869) derives a key from a
// secret and a purpose. The purpose, the owner (a mediator, or a service) and the row of a text are
// authenticated with it: a text that is sealed for one opens for no other.

import { decodeBase64url, encodeBase64url } from "./base64url.js";

/** What a text is sealed for. */
export type Purpose = "transaction" | "session" | "cookie" | "end" | "return" | "service";

/** The first byte of what is sealed. Another form has another one. */
const VERSION = 1;
const IV_BYTES = 12;

const encode = (text: string) => new TextEncoder().encode(text);

export class Sealing {
  readonly #secrets: readonly Uint8Array<ArrayBuffer>[];
  /** What the sealed texts of two mediators, or of two services, differ by. */
  readonly #owner: string;
  /** Keys that are derived without a salt. */
  readonly #keys = new Map<string, CryptoKey>();

  /** @param secrets the first one seals, all open */
  constructor(secrets: readonly Uint8Array<ArrayBuffer>[], owner: readonly string[]) {
    this.#secrets = secrets;
    this.#owner = JSON.stringify(owner);
  }

  /**
   * @param row the place of the text; it opens for no other
   * @param salt given: who has the secrets alone can't open it
   */
  async seal(text: string, purpose: Purpose, row = "", salt?: Uint8Array): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const key = await this.#key(0, purpose, salt);
    const sealed = await crypto.subtle.encrypt(this.#bound(iv, purpose, row), key, encode(text));
    return encodeBase64url(new Uint8Array([VERSION, ...iv, ...new Uint8Array(sealed)]));
  }

  /** Null: it was not sealed for this, by one of the secrets, or it was changed. */
  async open(
    sealed: string,
    purpose: Purpose,
    row = "",
    salt?: Uint8Array,
  ): Promise<string | null> {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = decodeBase64url(sealed);
    } catch {
      return null;
    }
    if (bytes[0] !== VERSION) return null;
    const bound = this.#bound(bytes.subarray(1, 1 + IV_BYTES), purpose, row);
    for (const place of this.#secrets.keys()) {
      const key = await this.#key(place, purpose, salt);
      try {
        const opened = await crypto.subtle.decrypt(bound, key, bytes.subarray(1 + IV_BYTES));
        return new TextDecoder().decode(opened);
      } catch {
        // Perhaps another secret sealed it.
      }
    }
    return null;
  }

  /**
   * A name that nobody can make who lacks the secret: one by each secret, the first one's first.
   */
  async names(...parts: readonly string[]): Promise<string[]> {
    const names: string[] = [];
    for (const place of this.#secrets.keys()) {
      const key = await this.#key(place, "names");
      const text = encode(JSON.stringify([this.#owner, ...parts]));
      names.push(encodeBase64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, text))));
    }
    return names;
  }

  #bound(iv: Uint8Array<ArrayBuffer>, purpose: Purpose, row: string): AesGcmParams {
    const additionalData = encode(JSON.stringify([VERSION, purpose, this.#owner, row]));
    return { name: "AES-GCM", iv, additionalData };
  }

  /**
   * Keeps the key and no promise of it: on Workers a promise belongs to the request that made it.
   */
  async #key(place: number, purpose: Purpose | "names", salt?: Uint8Array): Promise<CryptoKey> {
    const name = `${place} ${purpose}`;
    const known = salt === undefined ? this.#keys.get(name) : undefined;
    if (known !== undefined) return known;
    const secret = this.#secrets[place] ?? new Uint8Array();
    const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey(
      {
        name: "HKDF",
        hash: "SHA-256",
        salt: new Uint8Array(salt ?? []),
        info: encode(`tokenkeep ${purpose}`),
      },
      material,
      purpose === "names"
        ? { name: "HMAC", hash: "SHA-256", length: 256 }
        : { name: "AES-GCM", length: 256 },
      false,
      purpose === "names" ? ["sign"] : ["encrypt", "decrypt"],
    );
    if (salt === undefined) this.#keys.set(name, key);
    return key;
  }
}

/** 32 random bytes as 43 characters. */
export function randomText(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** SHA-256 as 43 characters. */
export async function digestOf(text: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", encode(text))));
}
