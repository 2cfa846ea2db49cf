// Loading the wasm: inlined as base64 of its gzip stream, unpacked and instantiated once, at first use. A failed load is
// forgotten, so the next use tries again.

import init, * as core from "../../build/client/client.js";
import { gzippedWasm } from "../../build/client/inlined.js";
import { TokenKeepError } from "./error.js";

/** The classes of the wasm half, ready for use. */
export type Core = Pick<typeof core, "Keep" | "Body">;

let loading: Promise<Core> | null = null;

export function loadInlined(): Promise<Core> {
  loading ??= unpack()
    .then(async (wasm) => {
      await init({ module_or_path: wasm });
      return core;
    })
    .catch((cause: unknown) => {
      loading = null;
      throw new TokenKeepError("wasm_unavailable", { cause });
    });
  return loading;
}

async function unpack(): Promise<ArrayBuffer> {
  const packed = Uint8Array.from(atob(gzippedWasm), (character) => character.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
