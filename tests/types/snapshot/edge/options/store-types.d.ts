export interface JwksStore {
    get(key: string): Promise<StoredJwks | null>;
    put(key: string, value: StoredJwks, ttlSeconds: number): Promise<void>;
}
export interface StoredJwks {
    body: string;
    fetchedAt: number;
    etag?: string;
    maxAge?: number;
}
export interface KeyValue {
    get(key: string): Promise<string | null>;
    put(key: string, value: string, options?: {
        expirationTtl?: number;
    }): Promise<void>;
    delete(key: string): Promise<void>;
}
export interface RevocationStore {
    isRevoked(subject: RevocationSubject): boolean | Promise<boolean>;
}
export interface RevocationSubject {
    issuer: string;
    jti: string | null;
    sid: string | null;
    sub: string | null;
    iat: number | null;
}
export interface Revoker {
    revokeToken(issuer: string, jti: string, expiresAt: number): Promise<void>;
    revokeSession(issuer: string, sid: string, ttlSeconds: number): Promise<void>;
    revokeUser(issuer: string, sub: string, ttlSeconds: number, issuedUpTo?: number): Promise<void>;
}
export interface ReplayStore {
    firstUse(use: ReplayUse): boolean | Promise<boolean>;
}
export interface ReplayUse {
    name: string;
    thumbprint: string;
    expiresAt: number;
}
