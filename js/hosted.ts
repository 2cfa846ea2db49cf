// The entry point `tokenkeep/hosted`: the client for pages whose engine lives in a worker. It has
// no wasm in it.

import { TokenKeepError } from "./client/error.js";
import { Keep } from "./client/keep.js";
import type { TokenKeep, TokenKeepOptions } from "./client/types.js";
import { readHosted } from "./hosted/options.js";
import { remoteHomes } from "./hosted/remote.js";

/**
 * Makes a keep whose engine lives in the worker that `host` names. Nothing is sent and no worker is
 * made until it is first used.
 *
 * @throws {TokenKeepError} `config_invalid` for an option that can't be right; the message names
 * it.
 */
export function createTokenKeep(options: TokenKeepOptions): TokenKeep {
  return new Keep(remoteHomes(readHosted(options), JSON.stringify(options), TokenKeepError));
}

export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
