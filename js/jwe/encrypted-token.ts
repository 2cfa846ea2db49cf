// Decrypts one token (RFC 7516 section 5.2). The rules for its header and its lengths are those of
// src/verify/jwe.rs. Whatever goes wrong after them is one refusal: whoever sends tokens that were
// changed learns nothing from the answers.

import type { EncryptedReader } from "../edge/encryption.js";
import { ownMembers } from "../edge/options/own.js";
import { VerifyError } from "../edge/request/error.js";
import type { JoseHeader } from "../edge/result/verified.js";
import { contentKeyBytes, hashBits, isAgreement, isRsa, wrappingBytes } from "./algorithms.js";
import { type Bytes, big, decoded, encoded, joined } from "./bytes.js";
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
  readonly apu: string | undefined;
  readonly apv: string | undefined;
}
const PUBLIC_KEY = ["kty", "crv", "x", "y"];

/** Chosen when the first token comes. */
let platform: Cipher<unknown> | undefined;

export class EncryptedToken {
  readonly header: JoseHeader;
  readonly #parameters: Parameters;
  readonly #reader: EncryptedReader;
  readonly #cipher = (platform ??= (nodeCipher() ?? webCipher) as Cipher<unknown>);
  /** The additional authenticated data: the header as it came. */
  readonly #aad: Bytes;
  readonly #encryptedKey: Bytes;
  readonly #iv: Bytes;
  readonly #ciphertext: Bytes;
  readonly #tag: Bytes;
  readonly #parties: readonly [apu: Bytes, apv: Bytes];

  /** @throws {VerifyError} for what the header or the shape breaks */
  constructor(
    token: string,
    { contentEncryption, keyManagement }: Settings,
    reader: EncryptedReader,
    isNested: boolean,
    longest: number,
  ) {
    const bytes = reader.readEncrypted(token, keyManagement, contentEncryption, isNested, longest);
    if (bytes === undefined) throw new VerifyError(reader.code());
    let at = 0;
    const next = (text = "") => bytes.subarray(at, (at += (text.length * 3) >> 2));
    const [header = "", encryptedKey, iv, ciphertext, tag] = token.split(".");
    this.#reader = reader;
    this.header = JSON.parse(decoded(next(header))) as JoseHeader;
    // Without a prototype: what a header lacks is nowhere else.
    this.#parameters = { __proto__: null, ...this.header } as unknown as Parameters;
    this.#aad = encoded(header);
    this.#encryptedKey = next(encryptedKey);
    this.#iv = next(iv);
    this.#ciphertext = next(ciphertext);
    this.#tag = next(tag);
    this.#parties = [next(this.#parameters.apu), next(this.#parameters.apv)];
  }

  /** @throws {VerifyError} token.undecryptable; config_invalid for a key that is no good */
  async decrypt(keys: readonly RecipientKey[]): Promise<{ plaintext: Bytes; key: RecipientKey }> {
    const { alg, enc, kid } = this.#parameters;
    const candidates = keys.filter(
      (key) => key.fits(alg, enc) && (key.kid ?? kid) === (kid ?? key.kid),
    );
    for (const key of candidates.slice(0, MOST_TRIED)) {
      const ready = await this.#ready(key);
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
    const name = alg + enc;
    let ready = key.ready.get(name);
    if (ready === undefined) {
      try {
        ready = await this.#cipher.keyFor(key, alg, enc);
      } catch {
        throw noKey(key.where);
      }
      key.ready.set(name, ready);
    }
    return ready;
  }

  async #contentKey(key: unknown): Promise<unknown> {
    const { alg, enc, epk } = this.#parameters;
    if (alg === "dir") return key;
    if (isRsa(alg)) {
      // RFC 7516 section 11.5: a failure goes on with another key, and comes out with the tag.
      const random = crypto.getRandomValues(new Uint8Array(contentKeyBytes(enc)));
      const found = await decryptRsa(key as CryptoKey, this.#encryptedKey).catch(() => random);
      return found.length === random.length ? found : random;
    }
    let wrapping = key;
    if (isAgreement(alg)) {
      const shared = await this.#cipher.agree(key, ownMembers(epk, PUBLIC_KEY));
      wrapping = await this.#derived(shared, alg === "ECDH-ES");
      if (alg === "ECDH-ES") return wrapping;
    }
    return this.#cipher.unwrap(wrapping, this.#encryptedKey, enc);
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
    const info = [encoded(isDirect ? enc : alg), ...this.#parties].flatMap((part) => [
      big(part.length),
      part,
    ]);
    const rounds: Bytes[] = [];
    for (let round = 1; rounds.length * 32 < length; round += 1) {
      const bytes = joined(big(round), shared, ...info, big(length * 8));
      rounds.push(await this.#cipher.sha256(bytes));
    }
    return joined(...rounds).subarray(0, length);
  }

  async #content(key: unknown): Promise<Bytes> {
    const bits = hashBits(this.#parameters.enc);
    if (bits === undefined)
      return this.#cipher.gcm(key, this.#iv, this.#aad, this.#ciphertext, this.#tag);
    // RFC 7518 section 5.2.2.2: nothing is decrypted before the tag is found to hold.
    const both = key as Bytes;
    const half = both.length / 2;
    const length = [big(0), big(this.#aad.length * 8)];
    const authentic = joined(this.#aad, this.#iv, this.#ciphertext, ...length);
    const mac = await this.#cipher.hmac(both.subarray(0, half), bits, authentic);
    if (!this.#reader.isSame(mac.subarray(0, half), this.#tag)) throw undecryptable();
    return this.#cipher.cbc(both.subarray(half), this.#iv, this.#ciphertext);
  }
}

export const undecryptable = () => new VerifyError("token.undecryptable");
