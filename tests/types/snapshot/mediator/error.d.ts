import { VerifyError } from "../edge/request/error.js";
export declare class MediatorError extends VerifyError {
    readonly name = "MediatorError";
}
export declare function invalidOption(option: string, problem: string): MediatorError;
