// The stores that a verifier is given: of key sets that isolates share, of revocations, and of DPoP
// proofs that were used.

/**
 * A second layer under an isolate's own memory of key sets. A throw counts as an empty one. Only
 * your own code may write to it.
 */
export interface JwksStore {
  /** What was put under this key, or null. */
  get(key: string): Promise<StoredJwks | null>;
  /** `ttlSeconds`: after these it is of no use any more. */
  put(key: string, value: StoredJwks, ttlSeconds: number): Promise<void>;
}
/** What was fetched: a key set, or the address of one that `discover()` has found. */
export interface StoredJwks {
  /** JSON. Of a key set it is the answer's body. */
  body: string;
  /** Epoch milliseconds. */
  fetchedAt: number;
  /** The answer's ETag. */
  etag?: string;
  /** Seconds from then that it is fresh, by its answer; without it, `JwksOptions.maxAge` counts. */
  maxAge?: number;
}

/** The methods of a Workers KV namespace that the stores use. */
export interface KeyValue {
  /** The value of this key, or null. */
  get(key: string): Promise<string | null>;
  /** `expirationTtl`: seconds. */
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  /** Forgets this key. */
  delete(key: string): Promise<void>;
}

/** Knows which tokens are revoked. */
export interface RevocationStore {
  /**
   * Asked for each verification, cached results included. A throw refuses the token (503), it never
   * lets one in.
   */
  isRevoked(subject: RevocationSubject): boolean | Promise<boolean>;
}
/** The claims that name a token, its session and its user. */
export interface RevocationSubject {
  issuer: string;
  jti: string | null;
  sid: string | null;
  sub: string | null;
  iat: number | null;
}
/** Revokes. */
export interface Revoker {
  /** `expiresAt`: the token's `exp`, epoch seconds. */
  revokeToken(issuer: string, jti: string, expiresAt: number): Promise<void>;
  /** Refuses every token with this `sid`, for that long. */
  revokeSession(issuer: string, sid: string, ttlSeconds: number): Promise<void>;
  /**
   * Refuses every token of the user issued up to now, or up to `issuedUpTo` (epoch seconds, by the
   * issuer's clock); of two, the later stays.
   */
  revokeUser(issuer: string, sub: string, ttlSeconds: number, issuedUpTo?: number): Promise<void>;
}

/** Knows which DPoP proofs were used (RFC 9449 section 11.1). */
export interface ReplayStore {
  /**
   * True the first time, false every other time. A throw, and any other value, refuses the request
   * (503).
   */
  firstUse(use: ReplayUse): boolean | Promise<boolean>;
}
/** A proof that keeps all other rules. */
export interface ReplayUse {
  /** Unique for the proof and its key: 22 characters of base64url. */
  name: string;
  /** Of the key (RFC 7638, SHA-256). */
  thumbprint: string;
  /** Epoch seconds. From then on no verifier takes the proof, and it may be forgotten. */
  expiresAt: number;
}
