import type { TokenKeep, TokenKeepOptions } from "./client/types.js";
export type WasmSource = string | URL | Response | Promise<Response> | BufferSource | WebAssembly.Module;
export interface SlimTokenKeepOptions extends TokenKeepOptions {
    wasm: WasmSource;
}
export declare function createTokenKeep(options: SlimTokenKeepOptions): TokenKeep;
export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
