// The key of proofs, and their text (RFC 9449 section 4.2).

import { encodeBinary } from "../shared/base64url.js";

/** Signs claims. */
export type Signer = (claims: object) => Promise<string>;

const encoder = new TextEncoder();
const BASE64URL = { alphabet: "base64url", omitPadding: true };
/** Holds the text that is being signed. */
let room = new Uint8Array();
/** Identifiers that no proof has yet. */
let ids: string[] = [];

const generate = (name: string): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name, namedCurve: "P-256" }, false, ["sign"]) as never;

/** A new key of this realm: its private half can't be exported. Throws without Web Crypto. */
export const newKey = (algorithm: string): Promise<CryptoKeyPair> =>
  // Web Crypto has another name for ES256, and Ed25519 is not everywhere.
  generate(algorithm).catch(() => generate("ECDSA"));

/** What signs with a key. The header is the same in each proof, and made once. */
export async function signerOf({ publicKey, privateKey }: CryptoKeyPair): Promise<Signer> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const alg = y ? "ES256" : crv;
  const header = partOf({ typ: "dpop+jwt", jwk: { kty, crv, x, y }, alg });
  const parameters = { name: privateKey.algorithm.name, hash: "SHA-256" };
  return async (claims) => {
    const input = `${header}.${partOf(claims)}`;
    const { length } = input;
    // To make room anew takes longer than to fill it.
    if (length > room.length) room = new Uint8Array(2 * length);
    encoder.encodeInto(input, room);
    // Web Crypto copies the bytes before it returns.
    const signature = await crypto.subtle.sign(parameters, privateKey, room.subarray(0, length));
    return `${input}.${textOf(signature)}`;
  };
}

/** The hash of a token as it stands in the header. */
export const hashOf = (token: string): Promise<string> =>
  crypto.subtle.digest("SHA-256", encoder.encode(token)).then(textOf);

/** An identifier of 144 random bits. A hundred are drawn at once: each draw takes a while. */
export function newId(): string {
  if (!ids[0]) ids = textOf(crypto.getRandomValues(new Uint8Array(1_800))).match(/.{24}/g)!;
  return ids.pop()!;
}

/** Bytes as base64url. Newer browsers do it by themselves, ten times as fast. */
function textOf(given: Uint8Array | ArrayBuffer): string {
  const bytes: Uint8Array & { toBase64?(options: object): string } = new Uint8Array(given);
  return bytes.toBase64?.(BASE64URL) ?? encodeBinary(String.fromCharCode(...bytes));
}

/** A part of a proof. No character in it is other than ASCII. */
const partOf = (value: object) => encodeBinary(JSON.stringify(value));
