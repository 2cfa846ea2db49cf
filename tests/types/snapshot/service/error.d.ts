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
    message?: string;
    retryable?: boolean;
    status?: number | null;
    retryAfter?: number | null;
    error?: string | null;
}
export declare function invalid(option: string, problem: string): ServiceTokenError;
