import type { TokenKeepOptions } from "./client/types.js";
export declare const seal: (options: TokenKeepOptions) => void;
export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
