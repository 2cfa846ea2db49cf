// What the names of a JWE's algorithms say (RFC 7518 sections 4 and 5). A header names only those
// that were allowed before anything here is asked.

/** By name. To read a name takes longer than to look it up. */
const known = new Map<string, readonly number[]>();

/** Of "A128CBC-HS256": 128 and 256. */
function numbersIn(name: string): readonly number[] {
  const found = known.get(name) ?? [...name.matchAll(/\d+/g)].map(Number);
  known.set(name, found);
  return found;
}

/** How long the content encryption key is. The two keys of AES-CBC and HMAC are its halves. */
export const contentKeyBytes = (enc: string) => (numbersIn(enc).at(-1) as number) / 8;

/** The bits of the hash of AES-CBC with HMAC; undefined for AES-GCM. */
export const hashBits = (enc: string): number | undefined => numbersIn(enc)[1];

/** How long the key is that AES key wrap wants; 0 where nothing is wrapped by it. */
export const wrappingBytes = (alg: string) => (alg.endsWith("KW") ? contentKeyBytes(alg) : 0);

export const isRsa = (alg: string) => alg.startsWith("RSA-OAEP");
export const isAgreement = (alg: string) => alg.startsWith("ECDH-ES");

export const oaepHash = (alg: string) => (alg === "RSA-OAEP" ? "SHA-1" : "SHA-256");
