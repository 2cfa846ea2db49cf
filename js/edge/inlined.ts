// The wasm as it travels inside the JavaScript: base64 of its gzip stream.

import { gzippedWasm } from "../../build/edge/inlined.js";
import { instanceFrom } from "./instance.js";
import { nodeModule } from "./node.js";

interface NodeZlib {
  gunzipSync(packed: Uint8Array): Uint8Array<ArrayBuffer>;
}

export const inlined = instanceFrom(async () => {
  const packed = Uint8Array.from(atob(gzippedWasm), (character) => character.charCodeAt(0));
  // Node makes its streams and its Response ready when they are first asked for, which takes twenty times as long as the unpacking.
  const zlib = nodeModule<NodeZlib>("node:zlib");
  if (zlib !== null) return WebAssembly.compile(zlib.gunzipSync(packed));
  const unpacked = new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));
  return WebAssembly.compile(await unpacked.arrayBuffer());
});
