// `tokenkeep/jwe`, as an API uses it. Nothing here runs: the type check is the test.

import { createVerifier, type Decryption as OfTheVerifier } from "tokenkeep/edge";
import {
  type ContentEncryption,
  type Decryption,
  type DecryptionKey,
  type DecryptionOptions,
  decryptCompact,
  decryption,
  type Jwk,
  type KeyManagement,
  publicKeys,
  type WebCryptoKey,
} from "tokenkeep/jwe";

declare const jwk: Jwk;
declare const platforms: CryptoKey;
declare const jwe: string;

const keys: readonly DecryptionKey[] = [
  { key: jwk, kid: "2026-11", alg: "ECDH-ES+A256KW" },
  { key: platforms, issuer: "https://auth.example.com" },
];
const keyManagement: readonly KeyManagement[] = ["ECDH-ES+A256KW", "RSA-OAEP-256"];
const contentEncryption: readonly ContentEncryption[] = ["A256GCM"];
const options: DecryptionOptions = { keys, keyManagement, contentEncryption };

const encryption: Decryption = decryption(options);
const same: OfTheVerifier = encryption;
createVerifier({
  issuers: {
    issuer: "https://auth.example.com",
    audience: "https://api.example.com",
    algorithms: ["ES256"],
    jwksUri: "https://auth.example.com/jwks",
    encrypted: "required",
  },
  encryption: same,
});

export const published: Promise<{ keys: Jwk[] }> = publicKeys(keys);
export const { header, plaintext } = await decryptCompact(jwe, keys, { keyManagement });
export const kind: "decryption" = encryption.kind;
export const length: number = plaintext.length + header.alg.length;

// @ts-expect-error No such algorithm.
decryption({ keys, keyManagement: ["RSA1_5"] });
// @ts-expect-error Which algorithms is for the API to say.
decryption({ keys });

// A key of the page's own types is one.
export const platformsKey = (key: CryptoKey): WebCryptoKey => key;
