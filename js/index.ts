// The entry point `tokenkeep`: the client with its wasm inlined, as base64 of a zlib stream.
// Importing it touches no global and does no I/O.

import { packedWasm, wasmSize } from "../build/client/inlined.js";
import { coreFrom } from "./client/load.js";
import { keepWith } from "./client/local.js";
import type { TokenKeep, TokenKeepOptions } from "./client/types.js";
import { outsideZones } from "./client/zones.js";
import { packedOf, unpacked } from "./shared/unpack.js";

const load = coreFrom(() => unpacked(packedOf(packedWasm), wasmSize), outsideZones);

/**
 * Makes a keep. Nothing is sent and no wasm is loaded until it is first used.
 *
 * @throws {TokenKeepError} `config_invalid` for an option that can't be right; the message names
 * it.
 */
export function createTokenKeep(options: TokenKeepOptions): TokenKeep {
  return keepWith(
    options,
    load,
    (keptAs) => (keptAs ? import("./dpop-key.js") : import("./dpop.js")),
    () => import("./worker-home.js"),
  );
}

export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
