// The same with Node's own module, at once: Node's Web Cryptography hands each step to a thread and
// waits for it, which takes longer than the step. RSA is left to that thread.

import { nodeModule } from "../edge.js";
import { isRsa } from "./algorithms.js";
import { type Bytes, joined } from "./bytes.js";
import { type Cipher, webCipher } from "./cipher.js";

interface Decipher {
  setAAD(bytes: Bytes): void;
  setAuthTag(tag: Bytes): void;
  update(bytes: Bytes): Bytes;
  final(): Bytes;
}
interface Digest {
  update(bytes: Bytes): { digest(): Bytes };
}
/** A `KeyObject`. */
type Key = object;
interface NodeCrypto {
  readonly KeyObject: { from(key: CryptoKey): Key };
  createDecipheriv(name: string, key: Key | Bytes, iv: Bytes, options?: object): Decipher;
  createHash(name: string): Digest;
  createHmac(name: string, key: Bytes): Digest;
  createPrivateKey(source: { key: JsonWebKey; format: "jwk" }): Key;
  createPublicKey(source: { key: JsonWebKey; format: "jwk" }): Key;
  diffieHellman(keys: { privateKey: Key; publicKey: Key }): Bytes;
  getCiphers(): readonly string[];
}

/** Of AES-GCM (RFC 7518 section 5.3). */
const TAG_BYTES = 16;

/** RFC 3394 section 2.2.3.1. */
const WRAP_IV = new Uint8Array(8).fill(0xa6);

/** Null outside Node, before Node 20.16, and where its module lacks AES key wrap. */
export function nodeCipher(): Cipher<Key> | null {
  const crypto = nodeModule<NodeCrypto>("node:crypto");
  if (!crypto?.getCiphers().includes("aes256-wrap")) return null;
  const bitsOf = (key: Key | Bytes) =>
    8 * ((key as Bytes).length ?? (key as { symmetricKeySize: number }).symmetricKeySize);
  const ended = (decipher: Decipher, bytes: Bytes) =>
    joined(decipher.update(bytes), decipher.final());
  return {
    keyFor(key, alg, enc) {
      const { material } = key;
      if (isRsa(alg)) return webCipher.keyFor(key, alg, enc);
      if (material instanceof Uint8Array) return material;
      return "kty" in material
        ? crypto.createPrivateKey({ key: material, format: "jwk" })
        : crypto.KeyObject.from(material as CryptoKey);
    },
    agree: (privateKey, epk) =>
      crypto.diffieHellman({
        privateKey,
        publicKey: crypto.createPublicKey({ key: epk, format: "jwk" }),
      }),
    sha256: (bytes) => crypto.createHash("sha256").update(bytes).digest(),
    unwrap: (key, wrapped) =>
      ended(crypto.createDecipheriv(`aes${bitsOf(key)}-wrap`, key, WRAP_IV), wrapped),
    gcm(key, iv, aad, sealed) {
      const options = { authTagLength: TAG_BYTES };
      const decipher = crypto.createDecipheriv(`aes-${bitsOf(key)}-gcm`, key, iv, options);
      decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return ended(decipher, sealed.subarray(0, -TAG_BYTES));
    },
    hmac: (key, bits, bytes) => crypto.createHmac(`sha${bits}`, key).update(bytes).digest(),
    cbc: (key, iv, ciphertext) =>
      ended(crypto.createDecipheriv(`aes-${bitsOf(key)}-cbc`, key, iv), ciphertext),
  };
}
