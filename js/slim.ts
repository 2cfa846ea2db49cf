// The entry point `tokenkeep/slim`: the same client without the wasm in it. The application says
// where the wasm is. The browser compiles it while it arrives and caches it by itself.

import { own } from "./client/checks.js";
import { TokenKeepError } from "./client/error.js";
import { coreFrom } from "./client/load.js";
import { keepWith } from "./client/local.js";
import type { TokenKeep, TokenKeepOptions } from "./client/types.js";
import { outsideZones } from "./client/zones.js";

/** Where `tokenkeep/client.wasm` is, or what it holds. */
export type WasmSource =
  | string
  | URL
  | Response
  | Promise<Response>
  | BufferSource
  | WebAssembly.Module;

export interface SlimTokenKeepOptions extends TokenKeepOptions {
  /** The wasm of the client, of the same version. Keeps of one page share the first that loads. */
  wasm: WasmSource;
}

let given: WasmSource;
const load = coreFrom(() => compile(given), outsideZones);

/**
 * Makes a keep. Nothing is sent and no wasm is loaded until it is first used.
 *
 * @throws {TokenKeepError} `config_invalid` for an option that can't be right; the message names
 * it.
 */
export function createTokenKeep(options: SlimTokenKeepOptions): TokenKeep {
  const { wasm, ...others } = own(options);
  if (typeof wasm !== "string" && (typeof wasm !== "object" || wasm === null)) {
    throw new TokenKeepError("config_invalid", {
      message: "wasm must be a URL, a Response, bytes or a WebAssembly.Module.",
    });
  }
  const loadCore = () => {
    given = wasm;
    return load();
  };
  return keepWith(
    others,
    loadCore,
    (keptAs) => (keptAs ? import("./dpop-key.js") : import("./dpop.js")),
    () => import("./worker-home.js"),
  );
}

async function compile(wasm: WasmSource): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  const source = await (typeof wasm === "string" || wasm instanceof URL ? fetch(wasm) : wasm);
  if (!(source instanceof Response)) return WebAssembly.compile(source as BufferSource);
  if (!source.ok) throw new TypeError(`The wasm was answered with ${source.status}.`);
  // A server that sends it under another type costs no more than the head start.
  const streams = source.headers.get("Content-Type")?.startsWith("application/wasm") === true;
  return streams
    ? WebAssembly.compileStreaming(source)
    : WebAssembly.compile(await source.arrayBuffer());
}

export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
