import type { Context, MiddlewareHandler } from "hono";
import type { Policy, Verified, Verifier } from "./edge/result/verified.js";
export interface AuthEnv<Auth extends Verified | null = Verified> {
    Variables: {
        auth: Auth;
    };
}
export declare function guard(verifier: Verifier | ((c: Context) => Verifier), policy: Policy & {
    optional: true;
}): MiddlewareHandler<AuthEnv<Verified | null>>;
export declare function guard(verifier: Verifier | ((c: Context) => Verifier), policy?: Policy): MiddlewareHandler<AuthEnv>;
