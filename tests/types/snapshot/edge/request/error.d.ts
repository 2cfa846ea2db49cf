import type { Policy } from "../result/verified.js";
export type VerifyErrorCategory = "request" | "token" | "policy" | "keys" | "config" | "runtime";
export declare class VerifyError extends Error {
    name: string;
    readonly code: string;
    readonly category: VerifyErrorCategory;
    readonly status: number;
    readonly retryable: boolean;
    challenge(policy?: Policy): string | null;
    response(policy?: Policy): Response;
}
export declare function invalidOption(option: string, problem: string): VerifyError;
