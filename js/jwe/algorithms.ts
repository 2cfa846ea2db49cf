// What the names of a JWE's algorithms say (RFC 7518 sections 4 and 5). A header names only those
// that were allowed before anything here is asked.

/** Of "A128CBC-HS256": 128 and 256. */
const numbersIn = (name: string) => [...name.matchAll(/\d+/g)].map(Number);

/** How long the content encryption key is. The two keys of AES-CBC and HMAC are its halves. */
export const contentKeyBytes = (enc: string) => (numbersIn(enc).at(-1) as number) / 8;

/** The bits of the hash of AES-CBC with HMAC; undefined for AES-GCM. */
export const hashBits = (enc: string): number | undefined => numbersIn(enc)[1];

/** How long the key is that AES key wrap wants; 0 where nothing is wrapped by it. */
export const wrappingBytes = (alg: string) => Number(/A(\d+)KW$/.exec(alg)?.[1] ?? 0) / 8;

export const isRsa = (alg: string) => alg.startsWith("RSA-OAEP");
export const isAgreement = (alg: string) => alg.startsWith("ECDH-ES");

export const oaepHash = (alg: string) => (alg === "RSA-OAEP" ? "SHA-1" : "SHA-256");
