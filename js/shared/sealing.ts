// Sealing: authenticated encryption of values with AES-256-GCM. HKDF (RFC 5869) derives a key from
// a secret and a purpose. The purpose, the owner (a mediator, or a service) and the row of a value
// are authenticated with it: a value that is sealed for one opens for no other.

import { decodeBase64url, encodeBase64url } from "./base64url.js";

/** What a value is sealed for. */
export type Purpose = "transaction" | "session" | "cookie" | "end" | "return" | "service";

/** The first byte of what is sealed. Another form has another one. */
const VERSION = 1;
const IV_BYTES = 12;

const encode = (text: string) => new TextEncoder().encode(text);

type Bytes = Uint8Array<ArrayBuffer>;

export class Sealing {
  readonly #secrets: readonly Bytes[];
  /** What the sealed values of two mediators, or of two services, differ by. */
  readonly #owner: string;

  /** @param secrets the first one seals, all open */
  constructor(secrets: readonly Bytes[], owner: readonly string[]) {
    this.#secrets = secrets;
    this.#owner = JSON.stringify(owner);
  }

  /**
   * @param value what JSON has a form for
   * @param row the place of the value; it opens for no other
   * @param salt given: who has the secrets alone can't open it
   */
  async seal(value: unknown, purpose: Purpose, row = "", salt = ""): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const [secret = new Uint8Array()] = this.#secrets;
    const [bound, key] = await this.#cipher(secret, iv, purpose, row, salt);
    const sealed = await crypto.subtle.encrypt(bound, key, encode(JSON.stringify(value)));
    return encodeBase64url(new Uint8Array([VERSION, ...iv, ...new Uint8Array(sealed)]));
  }

  /** Null: it was not sealed for this, by one of the secrets, or it was changed. */
  async open<T = string>(sealed: string, purpose: Purpose, row = "", salt = ""): Promise<T | null> {
    for (const secret of this.#secrets)
      try {
        const bytes = decodeBase64url(sealed);
        if (bytes[0] !== VERSION) break;
        const iv = bytes.subarray(1, 1 + IV_BYTES);
        const [bound, key] = await this.#cipher(secret, iv, purpose, row, salt);
        const opened = await crypto.subtle.decrypt(bound, key, bytes.subarray(1 + IV_BYTES));
        return JSON.parse(new TextDecoder().decode(opened)) as T;
      } catch {
        // Perhaps another secret sealed it.
      }
    return null;
  }

  /**
   * A name that nobody can make who lacks the secret: one by each secret, the first one's first.
   */
  names(...parts: readonly string[]): Promise<string[]> {
    const purpose = `names ${JSON.stringify([this.#owner, ...parts])}`;
    return Promise.all(
      this.#secrets.map(async (secret) => encodeBase64url(await derived(secret, purpose))),
    );
  }

  /** How AES-GCM binds a value to its place, and the key for it. */
  async #cipher(
    secret: Bytes,
    iv: Bytes,
    purpose: Purpose,
    row: string,
    salt: string,
  ): Promise<[AesGcmParams, CryptoKey]> {
    const bits = await derived(secret, purpose, salt);
    const key = crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
    const additionalData = encode(JSON.stringify([VERSION, purpose, this.#owner, row]));
    return [{ name: "AES-GCM", iv, additionalData }, await key];
  }
}

/** What is derived differs by its purpose, and by the salt. */
async function derived(secret: Bytes, purpose: string, salt = ""): Promise<ArrayBuffer> {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const info = encode(`tokenkeep ${purpose}`);
  const how = { name: "HKDF", hash: "SHA-256", salt: encode(salt), info };
  return crypto.subtle.deriveBits(how, material, 256);
}

/** 32 random bytes as 43 characters. */
export function randomText(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** SHA-256 as 43 characters. */
export async function digestOf(text: string): Promise<string> {
  return encodeBase64url(await crypto.subtle.digest("SHA-256", encode(text)));
}
