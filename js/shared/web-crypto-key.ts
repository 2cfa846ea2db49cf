// The type of a key by which several entries take one.

/**
 * A `CryptoKey` of the Web Cryptography API, by the types of whatever surroundings: those of Node
 * alone have no global name for it.
 */
export type WebCryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
