import type { KeyLocator } from "../edge/options/types.js";
export declare function pemPerKey(base: string | URL): KeyLocator;
