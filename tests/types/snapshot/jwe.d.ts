export type { Decryption, Jwk } from "./edge/options/types.js";
export { decryptCompact, decryption } from "./jwe/decrypter.js";
export { publicKeys } from "./jwe/public-keys.js";
export type { ContentEncryption, DecryptionKey, DecryptionOptions, KeyManagement, } from "./jwe/types.js";
export type { WebCryptoKey } from "./shared/web-crypto-key.js";
