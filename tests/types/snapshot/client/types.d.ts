import type { TokenKeepError } from "./error.js";
declare global {
    interface Worker {
    }
    interface SharedWorker {
    }
}
export interface DpopOptions {
    algorithm?: "ES256" | "Ed25519";
    required?: boolean;
    tokenEndpoint?: string | URL;
    key?: "tab" | "origin";
}
export interface TokenKeepOptions {
    refresh: string | URL | EndpointOptions;
    logout?: string | URL | EndpointOptions;
    origins?: readonly string[];
    leeway?: number;
    jitter?: number;
    defaultLifetime?: number;
    timeout?: number;
    backoff?: {
        base?: number;
        max?: number;
    };
    tabs?: "coordinate" | "off";
    name?: string;
    host?: "page" | Worker | SharedWorker | (() => Worker | SharedWorker);
    signInOrigins?: readonly string[];
    dpop?: boolean | DpopOptions;
    unauthorized?: readonly number[];
    csrf?: {
        cookie: string;
        header: string;
    };
    sessionHint?: {
        cookie: string;
    };
    console?: "warnings" | "off";
    reply?: ReplyShape;
    noSession?: readonly (number | "no-token")[];
    transport?: (request: Request) => Promise<Response>;
}
export interface EndpointOptions {
    url: string | URL;
    method?: string;
    headers?: Record<string, string>;
    body?: string;
    authorization?: boolean;
    done?: readonly (number | "redirect")[];
}
export type JsonPath = string | readonly string[];
export interface ReplyShape {
    accessToken?: JsonPath;
    expiresIn?: JsonPath;
    expiresAt?: JsonPath;
    tokenType?: JsonPath;
    header?: string;
}
export interface TokenResponse {
    access_token?: string;
    accessToken?: string;
    expires_in?: number;
    expiresIn?: number;
    token_type?: string;
}
export type SessionStatus = "unknown" | "anonymous" | "authenticated";
export type SignedOutReason = 
"logout"
 | "logout-elsewhere"
 | "rejected"
 | "no-session"
 | "closed";
export interface Session {
    readonly status: SessionStatus;
    readonly generation: number;
    readonly expiresAt: number | null;
    readonly refreshing: boolean;
    readonly degraded: boolean;
    readonly retryAt: number | null;
    readonly claims: Readonly<Record<string, unknown>> | null;
    readonly reason: SignedOutReason | null;
    readonly error: TokenKeepError | null;
    readonly reply: Readonly<Record<string, unknown>> | null;
}
export interface TokenKeepEvents {
    change: {
        session: Session;
    };
    "signed-in": {
        session: Session;
    };
    "signed-out": {
        reason: SignedOutReason;
    };
    refreshed: {
        generation: number;
        by: "this-tab" | "sibling";
    };
    "refresh-failed": {
        error: TokenKeepError;
        retryAt: number | null;
    };
    "step-up": {
        acrValues: readonly string[];
        maxAge: number | null;
        url: string;
    };
    "rejected-fresh-token": {
        url: string;
    };
    "user-changed": {
        session: Session;
    };
    "logout-answered": {
        status: number;
        body: unknown;
    };
}
export type Prove = (method: string, url: string | URL) => Promise<string>;
export interface TokenKeep {
    start(options?: {
        again?: boolean;
    }): Promise<Session>;
    readonly session: Session;
    subscribe(listener: () => void): () => void;
    readonly fetch: typeof globalThis.fetch;
    signIn(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
    adopt(response: TokenResponse, options?: {
        session?: "new" | "same";
    }): Promise<Session>;
    refresh(): Promise<Session>;
    withToken<T>(use: (token: string, prove: Prove) => T | Promise<T>, options?: {
        minValidity?: number;
        signal?: AbortSignal;
    }): Promise<T>;
    attempt<T>(url: string | URL, send: (token: string | null, prove?: Prove) => T | Promise<T>, refused: (outcome: T) => boolean | string): Promise<T>;
    logout(): Promise<void>;
    on<K extends keyof TokenKeepEvents>(type: K, listener: (event: TokenKeepEvents[K]) => void): () => void;
    explain(): readonly Transition[];
    close(): void;
}
export interface Transition {
    readonly at: number;
    readonly event: string;
    readonly from: SessionStatus;
    readonly to: SessionStatus;
    readonly generation: number;
    readonly note?: string;
}
