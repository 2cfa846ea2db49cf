// Decrypts one token (RFC 7516 section 5.2). The rules for its header and its lengths are those of
// src/verify/jwe.rs. Whatever goes wrong after them is one refusal: whoever sends tokens that were
// changed learns nothing from the answers.

import type { Encrypted, EncryptedReader } from "../edge/encryption.js";
import { ownMembers } from "../edge/options/own.js";
import { VerifyError } from "../edge/request/error.js";
import type { JoseHeader } from "../edge/result/verified.js";
import { contentKeyBytes, hashBits, isAgreement, isRsa, wrappingBytes } from "./algorithms.js";
import { type Bytes, big, encoded, joined } from "./bytes.js";
import { type Cipher, decryptRsa, webCipher } from "./cipher.js";
import { nodeCipher } from "./node-cipher.js";
import type { Settings } from "./options.js";
import { noKey, type RecipientKey } from "./recipient-key.js";

/** Keys that are tried for one token. */
const MOST_TRIED = 4;

/** What of a header is needed. The wasm has checked all of it. */
interface Parameters {
  readonly alg: string;
  readonly enc: string;
  readonly kid: string | undefined;
  readonly epk: JsonWebKey;
}
const PUBLIC_KEY = ["kty", "crv", "x", "y"];

/** Chosen when the first token comes. */
let platform: Cipher<unknown> | undefined;

export class EncryptedToken {
  readonly header: JoseHeader;
  readonly #parameters: Parameters;
  readonly #parts: Encrypted;
  readonly #reader: EncryptedReader;
  readonly #cipher = (platform ??= (nodeCipher() ?? webCipher) as Cipher<unknown>);
  /** The additional authenticated data: the header as it came. */
  readonly #aad: Bytes;

  /** @throws {VerifyError} for what the header or the shape breaks */
  constructor(
    token: string,
    { contentEncryption, keyManagement }: Settings,
    reader: EncryptedReader,
    isNested: boolean,
    longest: number,
  ) {
    const read = reader.readEncrypted(token, keyManagement, contentEncryption, isNested, longest);
    if (read === undefined) throw new VerifyError(reader.code());
    this.#reader = reader;
    this.#parts = read;
    this.header = JSON.parse(read.header) as JoseHeader;
    // Without a prototype: what a header lacks is nowhere else.
    this.#parameters = { __proto__: null, ...this.header } as unknown as Parameters;
    this.#aad = encoded(token.slice(0, token.indexOf(".")));
  }

  /** @throws {VerifyError} token.undecryptable; config_invalid for a key that is no good */
  async decrypt(keys: readonly RecipientKey[]): Promise<{ plaintext: Bytes; key: RecipientKey }> {
    const { alg, enc, kid } = this.#parameters;
    const candidates = keys.filter(
      (key) => key.fits(alg, enc) && (key.kid ?? kid) === (kid ?? key.kid),
    );
    for (const key of candidates.slice(0, MOST_TRIED)) {
      const ready = key.ready.get(alg + enc) ?? (await this.#ready(key));
      try {
        return { plaintext: await this.#content(await this.#contentKey(ready)), key };
      } catch {
        // The next one may open it.
      }
    }
    throw undecryptable();
  }

  /** The platform's form of a recipient's key. */
  async #ready(key: RecipientKey): Promise<unknown> {
    const { alg, enc } = this.#parameters;
    try {
      const ready = await this.#cipher.keyFor(key, alg, enc);
      key.ready.set(alg + enc, ready);
      return ready;
    } catch {
      throw noKey(key.where);
    }
  }

  /** Not async: a promise around a promise costs time at each token. */
  #contentKey(key: unknown): unknown {
    const { alg, enc } = this.#parameters;
    if (alg === "dir") return key;
    if (isRsa(alg)) return this.#byRsa(key as CryptoKey);
    if (isAgreement(alg)) return this.#agreed(key);
    return this.#cipher.unwrap(key, this.#parts.key, enc);
  }

  async #byRsa(key: CryptoKey): Promise<Bytes> {
    // RFC 7516 section 11.5: a failure goes on with another key, and comes out with the tag.
    const random = crypto.getRandomValues(new Uint8Array(contentKeyBytes(this.#parameters.enc)));
    const found = await decryptRsa(key, this.#parts.key).catch(() => random);
    return found.length === random.length ? found : random;
  }

  async #agreed(key: unknown): Promise<unknown> {
    const { alg, enc, epk } = this.#parameters;
    const shared = await this.#cipher.agree(key, ownMembers(epk, PUBLIC_KEY));
    const isDirect = alg === "ECDH-ES";
    const derived = await this.#derived(shared, isDirect);
    return isDirect ? derived : this.#cipher.unwrap(derived, this.#parts.key, enc);
  }

  /**
   * The Concat KDF of NIST SP 800-56A, as RFC 7518 section 4.6.2 uses it. `isDirect`: it gives the
   * content encryption key.
   */
  async #derived(shared: Bytes, isDirect: boolean): Promise<Bytes> {
    // RFC 7748 section 6.1: the sender's point was one of small order.
    if (!shared.some(Boolean)) throw undecryptable();
    const { alg, enc } = this.#parameters;
    const length = isDirect ? contentKeyBytes(enc) : wrappingBytes(alg);
    const info = [encoded(isDirect ? enc : alg), this.#parts.apu, this.#parts.apv].flatMap(
      (part) => [big(part.length), part],
    );
    const rounds: Bytes[] = [];
    for (let round = 1; rounds.length * 32 < length; round += 1) {
      const bytes = joined(big(round), shared, ...info, big(length * 8));
      rounds.push(await this.#cipher.sha256(bytes));
    }
    return joined(...rounds).subarray(0, length);
  }

  #content(key: unknown): Bytes | Promise<Bytes> {
    const bits = hashBits(this.#parameters.enc);
    return bits === undefined
      ? this.#cipher.gcm(key, this.#parts.iv, this.#aad, this.#parts.sealed)
      : this.#cbc(key as Bytes, bits);
  }

  /** AES-CBC with HMAC, by two keys in one. */
  async #cbc(both: Bytes, bits: string): Promise<Bytes> {
    // RFC 7518 section 5.2.2.2: nothing is decrypted before the tag is found to hold.
    const half = both.length / 2;
    const ciphertext = this.#parts.sealed.subarray(0, -half);
    const length = [big(0), big(this.#aad.length * 8)];
    const authentic = joined(this.#aad, this.#parts.iv, ciphertext, ...length);
    const mac = await this.#cipher.hmac(both.subarray(0, half), bits, authentic);
    if (!this.#reader.isSame(mac.subarray(0, half), this.#parts.sealed.subarray(-half)))
      throw undecryptable();
    return this.#cipher.cbc(both.subarray(half), this.#parts.iv, ciphertext);
  }
}

export const undecryptable = () => new VerifyError("token.undecryptable");
