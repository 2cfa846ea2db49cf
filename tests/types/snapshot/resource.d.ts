export interface ProtectedResourceOptions {
    resource: string;
    authorizationServers: readonly string[];
    scopes?: readonly string[];
    jwksUri?: string;
    name?: string;
    documentation?: string;
    policy?: string;
    terms?: string;
    signingAlgorithms?: readonly string[];
    dpop?: {
        algorithms: readonly string[];
        required?: boolean;
    };
    maxAge?: number;
}
export interface ProtectedResource {
    readonly metadataUrl: string;
    handle(request: Request): Response | null;
}
export declare function protectedResource(options: ProtectedResourceOptions): ProtectedResource;
