// The entry point `tokenkeep/jwe`: access tokens that are encrypted for this API (RFC 7516). It
// loads no wasm of its own: the verifier of `tokenkeep/edge` reads the tokens, and its errors are
// those of `tokenkeep/edge`.

export type { Decryption, Jwk } from "./edge/options/types.js";
export { decryptCompact, decryption } from "./jwe/decrypter.js";
export { publicKeys } from "./jwe/public-keys.js";
export type {
  ContentEncryption,
  DecryptionKey,
  DecryptionOptions,
  KeyManagement,
} from "./jwe/types.js";
export type { WebCryptoKey } from "./shared/web-crypto-key.js";
