// What the verifier is given to remember things in: key sets shared between isolates, and revocations.

export interface JwksStore {
  get(key: string): Promise<StoredJwks | null>;
  put(key: string, value: StoredJwks, ttlSeconds: number): Promise<void>;
}
/** `fetchedAt`: epoch milliseconds. */
export interface StoredJwks { body: string; fetchedAt: number; etag?: string }

/** What a Workers KV namespace offers of itself. */
export interface KeyValue {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface RevocationStore {
  /** Asked for each verification, cached results included. A throw refuses the token (503), it never lets one in. */
  isRevoked(subject: RevocationSubject): boolean | Promise<boolean>;
}
export interface RevocationSubject { issuer: string; jti: string | null; sid: string | null; sub: string | null; iat: number | null }
export interface Revoker {
  /** `expiresAt`: the token's `exp`, epoch seconds. */
  revokeToken(issuer: string, jti: string, expiresAt: number): Promise<void>;
  revokeSession(issuer: string, sid: string, ttlSeconds: number): Promise<void>;
  /** Refuses every token of the user issued up to now. */
  revokeUser(issuer: string, sub: string, ttlSeconds: number): Promise<void>;
}
