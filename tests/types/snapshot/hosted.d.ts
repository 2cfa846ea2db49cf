import type { TokenKeep, TokenKeepOptions } from "./client/types.js";
export declare function createTokenKeep(options: TokenKeepOptions): TokenKeep;
export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
