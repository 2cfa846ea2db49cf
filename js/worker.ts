// The entry point `tokenkeep/worker`: the engine and the token in a dedicated or a shared worker.
// Importing it there serves the pages that use the worker as their `host`. Elsewhere the import
// does nothing.

import { packedWasm, wasmSize } from "../build/client/inlined.js";
import { coreFrom } from "./client/load.js";
import type { TokenKeepOptions } from "./client/types.js";
import { proverOf } from "./dpop.js";
import { packedOf, unpacked } from "./shared/unpack.js";
import { serve } from "./worker/serve.js";

/**
 * Fixes the options: a page that comes with others gets `config_invalid`. Without it the first page
 * fixes them. Call it at the top of the worker's script, before any `await`.
 *
 * @throws {TokenKeepError} `config_invalid` for an option that can't be right, for `host` and
 * `transport`, and when a page was there first
 */
export const seal: (options: TokenKeepOptions) => void = serve(
  coreFrom(
    () => unpacked(packedOf(packedWasm), wasmSize),
    (call) => call(),
  ),
  async (keptAs) => (keptAs ? import("./dpop-key.js") : { proverOf }),
);

export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
