import type { Context, MiddlewareHandler } from "hono";
import type { Policy, Verified, Verifier } from "./edge/result/verified.js";
export interface AuthEnv<Auth extends Verified | null = Verified> {
    Variables: {
        auth: Auth;
    };
}
export declare function guard(verifier: Pick<Verifier, "guard"> | ((c: Context) => Pick<Verifier, "guard">), policy: Policy & ({
    optional: true;
} | {
    preflight: "pass";
})): MiddlewareHandler<AuthEnv<Verified | null>>;
export declare function guard(verifier: Pick<Verifier, "guard"> | ((c: Context) => Pick<Verifier, "guard">), policy?: Policy | ((request: Request) => Policy)): MiddlewareHandler<AuthEnv>;
