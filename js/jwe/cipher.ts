// The platform's part in decryption, by Web Cryptography. A throw means that the token can't be
// decrypted, or, where a recipient's key is made ready, that the key is no good.

import { hashBits, isRsa, oaepHash } from "./algorithms.js";
import type { Bytes } from "./bytes.js";
import type { RecipientKey } from "./recipient-key.js";

type Maybe<T> = T | Promise<T>;

/** `Key`: what the platform makes of the bytes or members of a key. */
export interface Cipher<Key> {
  /** A recipient's key, ready for the algorithms of a header, which fit it. */
  keyFor(key: RecipientKey, alg: string, enc: string): Maybe<Key | Bytes>;
  /** The shared secret of a key agreement. */
  agree(key: Key, epk: JsonWebKey): Maybe<Bytes>;
  sha256(bytes: Bytes): Maybe<Bytes>;
  /** AES key wrap (RFC 3394) of a content encryption key for `enc`. */
  unwrap(key: Key | Bytes, wrapped: Bytes, enc: string): Maybe<Key | Bytes>;
  /**
   * Decrypts by AES-GCM. `aad`: the additional authenticated data; `sealed`: the ciphertext, then
   * the tag.
   */
  gcm(key: Key | Bytes, iv: Bytes, aad: Bytes, sealed: Bytes): Maybe<Bytes>;
  hmac(key: Bytes, bits: string, bytes: Bytes): Maybe<Bytes>;
  /** Decrypts by AES-CBC. */
  cbc(key: Bytes, iv: Bytes, ciphertext: Bytes): Maybe<Bytes>;
}

const bytesOf = async (buffer: Promise<ArrayBuffer>): Promise<Bytes> =>
  new Uint8Array(await buffer);

type Import = AlgorithmIdentifier | HmacImportParams;

const imported = (key: Bytes, algorithm: Import, usage: KeyUsage): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, algorithm, false, [usage]);

/** Uses a key, at once where the platform has made it ready: each wait costs time. */
const withKey = <T>(
  key: CryptoKey | Bytes,
  algorithm: Import,
  usage: KeyUsage,
  use: (ready: CryptoKey) => Promise<T>,
): Promise<T> => (key instanceof Uint8Array ? imported(key, algorithm, usage).then(use) : use(key));

/** The private operation of RSA, of which Node's own module would stop the process for a while. */
export const decryptRsa = (key: CryptoKey, encrypted: Bytes): Promise<Bytes> =>
  bytesOf(crypto.subtle.decrypt("RSA-OAEP", key, encrypted));

export const webCipher: Cipher<CryptoKey> = {
  keyFor({ material }, alg, enc) {
    if (material instanceof Uint8Array) {
      if (alg !== "dir") return imported(material, "AES-KW", "unwrapKey");
      return hashBits(enc) === undefined ? imported(material, "AES-GCM", "decrypt") : material;
    }
    if (!("kty" in material)) return material as CryptoKey;
    const { crv = "" } = material;
    const [algorithm, usage] = isRsa(alg)
      ? [{ name: "RSA-OAEP", hash: oaepHash(alg) }, "decrypt" as const]
      : [{ name: crv.startsWith("X") ? crv : "ECDH", namedCurve: crv }, "deriveBits" as const];
    return crypto.subtle.importKey("jwk", material, algorithm, false, [usage]);
  },
  async agree(key, epk) {
    const { name } = key.algorithm;
    // The algorithm of the one key for the other: both have to be on one curve.
    const other = await crypto.subtle.importKey("jwk", epk, key.algorithm, false, []);
    const bits = { "P-384": 384, "P-521": 528 }[epk.crv ?? ""] ?? 256;
    return bytesOf(crypto.subtle.deriveBits({ name, public: other }, key, bits));
  },
  sha256: (bytes) => bytesOf(crypto.subtle.digest("SHA-256", bytes)),
  unwrap(key, wrapped, enc) {
    const isGcm = hashBits(enc) === undefined;
    // Two keys in one can be had as bytes only, and those only of a key of HMAC.
    const kind = isGcm ? "AES-GCM" : { name: "HMAC", hash: "SHA-256" };
    const content = withKey(key, "AES-KW", "unwrapKey", (ready) =>
      crypto.subtle.unwrapKey("raw", wrapped, ready, "AES-KW", kind, !isGcm, [
        isGcm ? "decrypt" : "sign",
      ]),
    );
    return isGcm ? content : content.then((both) => bytesOf(crypto.subtle.exportKey("raw", both)));
  },
  gcm: (key, iv, aad, sealed) =>
    withKey(key, "AES-GCM", "decrypt", (ready) =>
      bytesOf(crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: aad }, ready, sealed)),
    ),
  hmac: (key, bits, bytes) =>
    withKey(key, { name: "HMAC", hash: `SHA-${bits}` }, "sign", (ready) =>
      bytesOf(crypto.subtle.sign("HMAC", ready, bytes)),
    ),
  cbc: (key, iv, ciphertext) =>
    withKey(key, "AES-CBC", "decrypt", (ready) =>
      bytesOf(crypto.subtle.decrypt({ name: "AES-CBC", iv }, ready, ciphertext)),
    ),
};
