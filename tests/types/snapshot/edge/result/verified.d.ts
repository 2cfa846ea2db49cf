export type Claims = Readonly<Record<string, unknown>> & {
    readonly iss?: string;
    readonly sub?: string;
    readonly aud?: string | readonly string[];
    readonly exp?: number;
    readonly nbf?: number;
    readonly iat?: number;
    readonly jti?: string;
};
export type JoseHeader = Readonly<Record<string, unknown>> & {
    readonly alg: string;
    readonly kid?: string;
    readonly typ?: string;
};
export interface Verified {
    readonly claims: Claims;
    readonly header: JoseHeader;
    readonly issuer: string;
    readonly tenant: string | null;
    readonly key: {
        readonly kid: string | null;
        readonly alg: string;
        readonly thumbprint: string;
    };
    readonly cached: boolean;
    readonly keys: {
        readonly source: "memory" | "store" | "network" | "bundled";
        readonly ageMs: number;
        readonly stale: boolean;
    };
    readonly scopes: ReadonlySet<string>;
    readonly roles: ReadonlySet<string>;
    readonly permissions: ReadonlySet<string>;
    readonly actors?: readonly Actor[];
    readonly confirmation?: {
        readonly jkt: string;
    } | null;
    readonly proof?: {
        readonly jti: string;
        readonly thumbprint: string;
        readonly iat: number;
        readonly nextNonce: string | null;
    } | null;
}
export interface Actor {
    readonly subject: string;
    readonly issuer: string | null;
    readonly claims: Readonly<Record<string, unknown>>;
}
export type AuditRecord = Readonly<Record<"issuer" | "subject" | "client" | "actors" | "tokenId" | "session" | "scopes" | "tenant", string | readonly string[] | null>>;
export interface Verifier {
    verify(token: string, ctx?: ExecutionContextLike): Promise<Verified>;
    authenticate(request: Request, policy: Policy & {
        optional: true;
    }, ctx?: ExecutionContextLike): Promise<Verified | null>;
    authenticate(request: Request, policy?: Policy, ctx?: ExecutionContextLike): Promise<Verified>;
    guard<Env = unknown>(handler: (request: Request, env: Env, ctx: ExecutionContextLike, auth: Verified | null) => Response | Promise<Response>, policy: Policy & {
        optional: true;
    }): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response>;
    guard<Env = unknown>(handler: (request: Request, env: Env, ctx: ExecutionContextLike, auth: Verified) => Response | Promise<Response>, policy?: Policy | ((request: Request) => Policy)): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response>;
    authorize(auth: Verified, policy: Policy, request?: Request): Promise<void>;
    prime(): Promise<void>;
    explain(token: string): Promise<readonly {
        check: string;
        ok: boolean;
        detail?: string;
    }[]>;
}
export interface ExecutionContextLike {
    waitUntil(promise: Promise<unknown>): void;
}
export interface Policy {
    scopes?: readonly string[];
    anyScope?: readonly string[];
    roles?: readonly string[];
    permissions?: readonly string[];
    roleMap?: Readonly<Record<string, readonly string[]>>;
    tenant?: string;
    acr?: readonly string[];
    maxAge?: number;
    optional?: boolean;
    token?: {
        header: string;
    } | {
        cookie: string;
    } | ((request: Request) => string | null);
    audience?: string | readonly string[];
    preflight?: "pass" | "guard";
    delegation?: "allow" | "forbid" | {
        actors: readonly (string | {
            issuer?: string;
            subject: string;
        })[];
        required?: boolean;
    };
    dpop?: "accepted" | "required";
    fresh?: boolean;
    fingerprint?: (request: Request) => string | Promise<string>;
    forward?: Readonly<Record<string, string | readonly string[]>>;
    realm?: string;
    resourceMetadata?: string;
}
