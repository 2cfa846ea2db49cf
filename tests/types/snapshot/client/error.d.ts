export type TokenKeepErrorCode = 
"config_invalid"
 | "wasm_unavailable"
 | "worker_unavailable"
 | "refresh_rejected"
 | "refresh_unreachable" | "refresh_timeout"
 | "refresh_malformed"
 | "refresh_misconfigured" | "logout_failed"
 | "dpop_unavailable" | "signed_out"
 | "not_in_page" | "closed";
export declare class TokenKeepError extends Error {
    name: string;
    readonly code: TokenKeepErrorCode;
    readonly retryable: boolean;
    readonly status?: number;
    readonly retryAfter?: number;
}
