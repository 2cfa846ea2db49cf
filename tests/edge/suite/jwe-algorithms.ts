// All algorithms of `tokenkeep/jwe`.

import type { ContentEncryption, KeyManagement } from "tokenkeep/jwe";

export const KEY_MANAGEMENT: readonly KeyManagement[] = [
  "dir",
  "A128KW",
  "A256KW",
  "RSA-OAEP",
  "RSA-OAEP-256",
  "ECDH-ES",
  "ECDH-ES+A128KW",
  "ECDH-ES+A256KW",
];
export const CONTENT_ENCRYPTION: readonly ContentEncryption[] = [
  "A128GCM",
  "A256GCM",
  "A128CBC-HS256",
  "A256CBC-HS512",
];
export const ALL = { keyManagement: KEY_MANAGEMENT, contentEncryption: CONTENT_ENCRYPTION };
