// The wasm as it travels inside the JavaScript: base64 of its gzip stream.

import { gzippedWasm } from "../../build/edge/inlined.js";
import { instanceFrom } from "./instance.js";

export const inlined = instanceFrom(async () => {
  const packed = Uint8Array.from(atob(gzippedWasm), (character) => character.charCodeAt(0));
  const unpacked = new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));
  return WebAssembly.compile(await unpacked.arrayBuffer());
});
