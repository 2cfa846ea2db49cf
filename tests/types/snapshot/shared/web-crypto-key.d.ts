export type WebCryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
