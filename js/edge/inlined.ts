// The instance of the wasm that travels inside the JavaScript.

import { gzippedWasm } from "../../build/edge/inlined.js";
import { packedOf, unpacked } from "../unpack.js";
import { type Instance, instanceFrom } from "./instance.js";
import { nodeModule } from "./node.js";

interface NodeZlib {
  gunzipSync(packed: Uint8Array): Uint8Array<ArrayBuffer>;
}

let instance: Instance | null = null;

/** Made at the first call: a bundler leaves out the wasm where nobody calls it. */
export function inlined(): Instance {
  return (instance ??= instanceFrom(compiled));
}

async function compiled(): Promise<WebAssembly.Module> {
  const packed = packedOf(gzippedWasm);
  // Node makes its streams ready when they are first asked for, which takes longer than the
  // unpacking.
  const zlib = nodeModule<NodeZlib>("node:zlib");
  return WebAssembly.compile(zlib === null ? await unpacked(packed) : zlib.gunzipSync(packed));
}
