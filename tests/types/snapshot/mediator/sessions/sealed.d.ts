import type { Secrets, Sessions } from "../types.js";
export interface SealedCookiesOptions {
    keys: Secrets;
    rotation: "none" | "sliding";
}
export declare function sealedCookies(options: SealedCookiesOptions): Sessions;
