import type { KeyLocator } from "../edge/options/types.js";
export interface DiscoverOptions {
    type?: "oidc" | "oauth2";
    keyOrigins?: readonly string[];
    maxBytes?: number;
}
export declare function discover(options?: DiscoverOptions): KeyLocator;
