import type { KeyLocator } from "../edge/options/types.js";
export declare function pemMap(url: string | URL): KeyLocator;
