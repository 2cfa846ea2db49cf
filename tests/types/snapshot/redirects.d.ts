import type { Session, TokenKeep } from "./client/types.js";
export type RedirectingKeep = Pick<TokenKeep, "logout" | "session" | "signIn" | "start">;
export type SignInErrorCode = 
"cancelled"
 | "expired"
 | "interaction_required"
 | "step_up_failed"
 | "not_admitted" | "no_refresh_token" | "session_too_large" | "provider_unavailable" | "provider_error" | "misconfigured";
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
