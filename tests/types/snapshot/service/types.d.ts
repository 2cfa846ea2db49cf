import type { KeyValue } from "../edge/options/store-types.js";
import type { Claims, ExecutionContextLike, Verified } from "../edge/result/verified.js";
import type { ClientOptions } from "../oauth/types.js";
import type { ServiceErrorCode } from "./error.js";
export interface ServiceOptions {
    issuer: string;
    tokenEndpoint?: string | URL;
    client: ClientOptions;
    targets: Readonly<Record<string, Target>>;
    shared?: {
        store: KeyValue;
        keys: Secrets;
    };
    size?: number;
    timeout?: number;
    leeway?: number;
    jitter?: number;
    fetch?: (input: string, init: RequestInit) => Promise<Response>;
    transport?: (request: Request) => Promise<Response>;
    clock?: () => number;
    onEvent?: (event: ServiceEvent) => void;
}
export type Secrets = readonly (Uint8Array | string)[];
export interface Target {
    audience?: string;
    resource?: string | readonly string[];
    scopes?: readonly string[];
    user?: "exchange" | "refuse" | ((subject: {
        token: string;
        claims: Claims;
    }) => {
        grantType: string;
        parameters: Readonly<Record<string, string>>;
    });
    actor?: boolean;
    parameters?: Readonly<Record<string, string>>;
}
export interface OnBehalf {
    readonly fetch: typeof globalThis.fetch;
    withToken<T>(target: string, use: (token: string) => T | Promise<T>): Promise<T>;
}
export interface ServiceTokens {
    readonly fetch: typeof globalThis.fetch;
    withToken<T>(target: string, use: (token: string) => T | Promise<T>): Promise<T>;
    onBehalfOf(request: Request, auth: Verified): OnBehalf;
    within(context: ExecutionContextLike): Pick<ServiceTokens, "fetch" | "withToken" | "onBehalfOf">;
    prime(): Promise<void>;
    close(): void;
}
export interface ServiceEvent {
    type: "granted" | "renewed" | "shared" | "failed" | "rejected-fresh-token";
    target: string;
    subject: string | null;
    actor: string;
    generation: number;
    ms: number;
    code: ServiceErrorCode | null;
}
