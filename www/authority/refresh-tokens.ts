// Refresh tokens: random texts. The authority stores their hashes only.

/** 256 bits, base64url. */
const REFRESH_TOKEN = /^[\w-]{43}$/;

export function looksLikeRefreshToken(text: string): boolean {
  return REFRESH_TOKEN.test(text);
}

export function newRefreshToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}

/** A plain hash is enough for 256 random bits: they can't be guessed as a password can. */
export async function hashOf(refreshToken: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(refreshToken));
  return Buffer.from(hash).toString("base64url");
}
