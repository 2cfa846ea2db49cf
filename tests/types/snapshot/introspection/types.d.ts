import type { Algorithm, KeyLocator } from "../edge/options/types.js";
import type { VerifyErrorCode } from "../edge/request/error.js";
import type { ClientAuthentication } from "../oauth/types.js";
export interface IntrospectionOptions {
    issuer: string;
    audience: string | readonly string[];
    endpoint?: string | URL;
    client: {
        id: string;
        auth: ClientAuthentication;
    };
    answer?: "json" | {
        jwt: {
            algorithms: readonly Algorithm[];
            jwksUri?: string | URL | KeyLocator;
        };
    };
    allowNoAudience?: boolean;
    allowNoTokenType?: boolean;
    cacheTtl?: number;
    cacheSize?: number;
    maxConcurrent?: number;
    timeout?: number;
    tenant?: string;
    fetch?: (input: string, init: RequestInit) => Promise<Response>;
    onEvent?: (event: IntrospectionEvent) => void;
}
export interface IntrospectionEvent {
    type: "introspection";
    issuer: string;
    outcome: "active" | "refused" | "failed";
    code: VerifyErrorCode | null;
}
