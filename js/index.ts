// The entry point `tokenkeep`: the client with its wasm inlined. Importing it touches no global and does no I/O.

import { loadInlined } from "./client/load.js";
import { keepWith } from "./client/keep.js";
import type { TokenKeep, TokenKeepOptions } from "./client/types.js";

/**
 * Makes a keep. Nothing is sent and no wasm is loaded until it is first used.
 *
 * @throws {TokenKeepError} `config_invalid` for an option that can't be right; the message names it.
 */
export function createTokenKeep(options: TokenKeepOptions): TokenKeep {
  return keepWith(options, loadInlined);
}

export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
