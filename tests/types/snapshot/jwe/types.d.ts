import type { Jwk } from "../edge/options/types.js";
import type { WebCryptoKey } from "../shared/web-crypto-key.js";
export type KeyManagement = "dir" | "A128KW" | "A256KW" | "RSA-OAEP" | "RSA-OAEP-256" | "ECDH-ES" | "ECDH-ES+A128KW" | "ECDH-ES+A256KW";
export type ContentEncryption = "A128GCM" | "A256GCM" | "A128CBC-HS256" | "A256CBC-HS512";
export interface DecryptionKey {
    key: Jwk | WebCryptoKey;
    kid?: string;
    alg?: KeyManagement;
    issuer?: string;
}
export interface DecryptionOptions {
    keys: readonly DecryptionKey[];
    keyManagement: readonly KeyManagement[];
    contentEncryption?: readonly ContentEncryption[];
}
