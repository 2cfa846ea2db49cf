// Refresh tokens: random, known here by their hash only.

/** 256 bits, base64url. */
const REFRESH_TOKEN = /^[\w-]{43}$/;

export function looksLikeRefreshToken(text: string): boolean {
  return REFRESH_TOKEN.test(text);
}

export function newRefreshToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}

/**
 * A plain hash is enough: what is hashed is 256 random bits, not a password that could be guessed.
 */
export async function hashOf(refreshToken: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(refreshToken));
  return Buffer.from(hash).toString("base64url");
}
