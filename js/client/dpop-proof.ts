// The key of proofs, and their text (RFC 9449 section 4.2).

import { encodeBase64url, encodeBinary } from "../base64url.js";

/** Signs claims. */
export type Signer = (claims: object) => Promise<string>;

const encoder = new TextEncoder();

const generate = async (name: string): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name, namedCurve: "P-256" }, false, ["sign"]) as never;

/** A new key of this realm: its private half can't be exported. */
export const newKey = (algorithm: string): Promise<CryptoKeyPair> =>
  // Web Crypto has another name for ES256, and Ed25519 is not everywhere.
  generate(algorithm).catch(() => generate("ECDSA"));

/** What signs with a key. The header is the same in each proof, and made once. */
export async function signerOf({ publicKey, privateKey }: CryptoKeyPair): Promise<Signer> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const alg = crv === "P-256" ? "ES256" : crv;
  const header = partOf({ typ: "dpop+jwt", jwk: { kty, crv, x, y }, alg });
  const parameters = { ...privateKey.algorithm, hash: "SHA-256" };
  return async (claims) => {
    const input = `${header}.${partOf(claims)}`;
    const signature = await crypto.subtle.sign(parameters, privateKey, encoder.encode(input));
    return `${input}.${encodeBase64url(signature)}`;
  };
}

/** The hash of a token as it stands in the header. */
export async function hashOf(token: string): Promise<string> {
  return encodeBase64url(await crypto.subtle.digest("SHA-256", encoder.encode(token)));
}

/** A part of a proof. No character in it is other than ASCII. */
const partOf = (value: object) => encodeBinary(JSON.stringify(value));
