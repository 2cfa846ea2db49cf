import type { VerifyError, VerifyErrorCategory, VerifyErrorCode } from "../request/error.js";
import type { Claims, JoseHeader, Policy } from "../result/verified.js";
import type { JwksStore, ReplayStore, RevocationStore } from "./store-types.js";
declare global {
    interface JsonWebKey {
    }
    interface Cache {
    }
}
export type Algorithm = "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519" | "HS256" | "HS384" | "HS512";
export type Jwk = JsonWebKey & {
    kid?: string;
    [member: string]: unknown;
};
export type ClaimPath = string | readonly string[] | readonly (readonly string[])[];
export interface IssuerOptions {
    issuer: string;
    audience: string | readonly string[] | null;
    claims?: Readonly<Record<string, string | readonly string[]>>;
    claimPaths?: {
        [what in "scopes" | "roles" | "permissions" | "acr" | "sid" | "jti"]?: ClaimPath;
    };
    profile?: VerifierOptions["profile"];
    types?: readonly string[];
    requiredClaims?: readonly string[];
    maxTokenAge?: number;
    check?: VerifierOptions["check"];
    tolerate?: readonly ("padding" | "numeric-sub" | "numeric-jti")[];
    algorithms: readonly Algorithm[];
    jwksUri?: string | URL | KeyLocator;
    jwks?: {
        keys: readonly Jwk[];
    };
    secret?: Uint8Array;
    secrets?: readonly {
        secret: Uint8Array;
        algorithm: "HS256" | "HS384" | "HS512";
        kid?: string;
    }[];
    tenant?: string;
    encrypted?: "allowed" | "required" | "refused";
}
export interface KeyLocator {
    readonly kind: string;
}
export interface Introspector {
    readonly kind: "introspection";
}
export interface Decryption {
    readonly kind: "decryption";
}
export interface VerifierOptions {
    issuers: IssuerOptions | readonly IssuerOptions[] | ((issuer: string) => IssuerOptions | null | Promise<IssuerOptions | null>);
    profile?: "jwt" | "access-token" | "id-token";
    clockTolerance?: number;
    maxTokenAge?: number;
    requiredClaims?: readonly string[];
    allowNoExpiry?: boolean;
    maxTokenBytes?: number;
    check?: (claims: Claims, header: JoseHeader) => boolean | Promise<boolean>;
    revocation?: RevocationStore;
    introspection?: Introspector;
    encryption?: Decryption;
    jwks?: JwksOptions;
    resultCacheSize?: number;
    clock?: () => number;
    onEvent?: (event: VerifierEvent) => void;
    respond?: (error: VerifyError, request: Request, policy: Policy) => Response | Promise<Response>;
    dpop?: DpopOptions;
}
export interface DpopOptions {
    algorithms?: readonly Algorithm[];
    maxProofAge?: number;
    nonce?: {
        secret: Uint8Array | readonly Uint8Array[];
        lifetime?: number;
    };
    replay?: ReplayStore | "off";
    url?: (request: Request) => string | URL;
}
export interface ExpectedProof {
    method: string;
    url: string | URL;
    token?: string;
}
export interface VerifiedProof {
    jti: string;
    thumbprint: string;
    iat: number;
    nonce: string | null;
}
export interface JwksOptions {
    maxAge?: number;
    maxStale?: number;
    cooldown?: number;
    timeout?: number;
    maxBytes?: number;
    store?: JwksStore;
    fetch?: (input: string, init: RequestInit) => Promise<Response>;
    allowHttp?: boolean;
}
export type VerifierEvent = {
    type: "verified";
    issuer: string;
    cached: boolean;
    tenant: string | null;
} | {
    type: "refused";
    code: VerifyErrorCode;
    category: VerifyErrorCategory;
    issuer: string | null;
    tenant: string | null;
} | {
    type: "jwks";
    issuer: string;
    outcome: "fetched" | "not-modified" | "failed" | "served-stale" | "rotated";
    keys?: number;
    skipped?: readonly {
        kid: string | null;
        reason: string;
    }[];
};
export interface CompactOptions {
    algorithms: readonly Algorithm[];
}
export interface Compact {
    header: JoseHeader;
    payload: Uint8Array;
}
