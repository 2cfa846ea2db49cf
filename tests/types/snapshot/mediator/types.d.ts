import type { RevocationStore, Revoker } from "../edge/options/store-types.js";
import type { Algorithm } from "../edge/options/types.js";
import type { Claims, ExecutionContextLike } from "../edge/result/verified.js";
import type { ClientAuthentication } from "../oauth/types.js";
export interface MediatorOptions {
    provider: ProviderOptions;
    client: {
        id: string;
        auth: ClientAuthentication;
    };
    url: string | URL;
    apps: readonly string[];
    sessions: Sessions;
    name?: string;
    lifetime?: {
        idle?: number;
        absolute?: number;
    };
    reuse?: number;
    claims?: readonly string[];
    userInfo?: boolean;
    admit?: (who: {
        claims: Claims;
        userInfo: Claims | null;
    }) => boolean | Promise<boolean>;
    revocation?: RevocationStore & Revoker;
    cookie?: {
        scope?: "host" | "mediator";
    };
    timeout?: number;
    fetch?: (input: string, init: RequestInit) => Promise<Response>;
    clock?: () => number;
    onEvent?: (event: MediatorEvent) => void;
}
export interface ProviderOptions {
    issuer: string;
    discovery?: "oidc" | "oauth2" | ProviderMetadata;
    scope?: string;
    resource?: string | readonly string[];
    parameters?: Readonly<Record<string, string>>;
    pushed?: "auto" | "always" | "never";
    algorithms?: readonly Algorithm[];
}
export interface ProviderMetadata {
    readonly issuer: string;
    readonly [member: string]: unknown;
}
export interface Mediator {
    fetch(request: Request, context?: ExecutionContextLike): Promise<Response>;
    handles(request: Request): boolean;
    endSessions(subject: string): Promise<number>;
}
export interface Sessions {
    readonly kind: string;
}
export type Secrets = readonly (Uint8Array | string)[];
export interface MediatorEvent {
    type: "sign-in" | "sign-in-failed" | "refreshed" | "repeated" | "refused" | "unavailable" | "misconfigured" | "provider-answer" | "ended" | "logged-out-elsewhere" | "revocation-failed" | "caller-refused";
    at: number;
    session: string | null;
    subject: string | null;
    code?: string;
    reference?: string;
    origin?: string;
}
