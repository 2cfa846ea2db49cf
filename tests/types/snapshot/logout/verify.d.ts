import type { Revoker } from "../edge/options/store-types.js";
import type { JwksOptions, VerifierEvent, VerifierOptions } from "../edge/options/types.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
export interface LogoutOptions {
    issuers: VerifierOptions["issuers"];
    revoker?: Revoker;
    reach?: "session" | "user";
    ttl?: number;
    allowNoExpiry?: boolean;
    maxAge?: number;
    onLogout?: (logout: LogoutToken) => void | Promise<void>;
    jwks?: JwksOptions;
    clockTolerance?: number;
    clock?: () => number;
    onEvent?: (event: VerifierEvent) => void;
}
export interface LogoutToken {
    readonly issuer: string;
    readonly sub: string | null;
    readonly sid: string | null;
    readonly jti: string;
    readonly iat: number;
    readonly tenant: string | null;
}
export interface Settings {
    readonly revoker: Revoker | undefined;
    readonly reach: "session" | "user";
    readonly ttl: number;
    readonly onLogout: LogoutOptions["onLogout"];
    readonly onEvent: LogoutOptions["onEvent"];
    verify(token: string, ctx?: ExecutionContextLike): Promise<LogoutToken>;
}
export declare function verifyLogoutToken(token: string, options: LogoutOptions, ctx?: ExecutionContextLike): Promise<LogoutToken>;
export declare function readSettings(given: LogoutOptions): Settings;
