import type { Session, TokenKeep } from "./client/types.js";
import type { SignInErrorCode } from "./mediator/sign-in-error.js";
export type { SignInErrorCode } from "./mediator/sign-in-error.js";
export type RedirectingKeep = Pick<TokenKeep, "logout" | "session" | "signIn" | "start">;
export interface SignInOptions {
    returnTo?: string;
    prompt?: "login" | "select_account" | "consent" | "none";
    loginHint?: string;
    acrValues?: readonly string[];
    maxAge?: number;
    uiLocales?: string;
}
export interface SignOutOptions {
    returnTo?: string;
    provider?: boolean;
}
export interface Redirects {
    start(): Promise<Session>;
    signIn(options?: SignInOptions): Promise<never>;
    signOut(options?: SignOutOptions): Promise<void>;
    takeError(): {
        code: SignInErrorCode;
        reference: string;
    } | null;
}
export declare function redirects(keep: RedirectingKeep, options: {
    mediator: string | URL;
}): Redirects;
