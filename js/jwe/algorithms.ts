// What the names of a JWE's algorithms say (RFC 7518 sections 4 and 5). A header names only those
// that were allowed before anything here is asked.

/** How long the content encryption key is. The two keys of AES-CBC and HMAC are its halves. */
export const contentKeyBytes = (enc: string) => Number(enc.match(/\d+/g)?.at(-1)) / 8;

/** The bits of the hash of AES-CBC with HMAC, as a text; undefined for AES-GCM. */
export const hashBits = (enc: string): string | undefined => enc.split("HS")[1];

/** How long the key is that AES key wrap wants; 0 where nothing is wrapped by it. */
export const wrappingBytes = (alg: string) => (alg.endsWith("KW") ? contentKeyBytes(alg) : 0);

export const isRsa = (alg: string) => alg.startsWith("RSA-OAEP");
export const isAgreement = (alg: string) => alg.startsWith("ECDH-ES");

export const oaepHash = (alg: string) => (alg === "RSA-OAEP" ? "SHA-1" : "SHA-256");
