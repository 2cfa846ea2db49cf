export type ServiceErrorCode = "config_invalid" | "origin_not_listed" | "token_refused" | "exchange_refused" | "exchange_widened" | "token_unreachable" | "token_timeout" | "token_malformed" | "subject_missing" | "subject_expired" | "user_refused" | "closed";
export declare class ServiceTokenError extends Error {
    readonly name: string;
    readonly code: ServiceErrorCode;
    readonly retryable: boolean;
    readonly status?: number;
    readonly retryAfter?: number;
    readonly error?: string;
}
export interface ErrorDetails {
    readonly status?: number;
    readonly retryAfter?: number;
    readonly error?: string;
}
