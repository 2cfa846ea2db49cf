// The public types of the options of `tokenkeep/jwe`.

import type { Jwk } from "../edge/options/types.js";
import type { WebCryptoKey } from "../shared/web-crypto-key.js";

/**
 * How the content encryption key comes (RFC 7518 section 4). RSA1_5, PBES2, the key wraps with GCM
 * and keys of 192 bits do not exist here.
 */
export type KeyManagement =
  | "dir"
  | "A128KW"
  | "A256KW"
  | "RSA-OAEP"
  | "RSA-OAEP-256"
  | "ECDH-ES"
  | "ECDH-ES+A128KW"
  | "ECDH-ES+A256KW";

/** How the content is encrypted (RFC 7518 section 5). */
export type ContentEncryption = "A128GCM" | "A256GCM" | "A128CBC-HS256" | "A256CBC-HS512";

/** A private or secret key of the recipient. */
export interface DecryptionKey {
  /**
   * RSA from 2 048 bits, EC on P-256, P-384 or P-521, OKP on X25519, or `oct`, exactly as long as
   * its algorithm wants. A `CryptoKey` has the usage "decrypt", "unwrapKey" or "deriveBits".
   */
  key: Jwk | WebCryptoKey;
  /** Default: that of the JWK. */
  kid?: string;
  /** The one `alg` that it is used with. Default: that of the JWK, else whatever fits the key. */
  alg?: KeyManagement;
  /** It opens this issuer's tokens only. Mandatory for a symmetric key: the issuer has it too. */
  issuer?: string;
}

/** What is decrypted, and how. */
export interface DecryptionOptions {
  /** Several while they rotate, the newest first. No `kid` twice. */
  keys: readonly DecryptionKey[];
  /** What `alg` may be. Mandatory, not empty. */
  keyManagement: readonly KeyManagement[];
  /** What `enc` may be. Default `["A256GCM", "A128GCM"]`. */
  contentEncryption?: readonly ContentEncryption[];
}
