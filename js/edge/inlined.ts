// The instance of the wasm that travels inside the JavaScript.

import { packedWasm, wasmSize } from "../../build/edge/inlined.js";
import { packedOf, unpacked } from "../shared/unpack.js";
import { type Instance, instanceFrom } from "./instance.js";
import { nodeModule } from "./node.js";

interface NodeZlib {
  inflateSync(packed: Uint8Array): Uint8Array<ArrayBuffer>;
}

let instance: Instance | null = null;

/** Made at the first call: a bundler leaves out the wasm where nobody calls it. */
export function inlined(): Instance {
  return (instance ??= instanceFrom(compiled));
}

async function compiled(): Promise<WebAssembly.Module> {
  const packed = packedOf(packedWasm);
  // Node makes its streams ready when they are first asked for, which takes longer than the
  // unpacking.
  const zlib = nodeModule<NodeZlib>("node:zlib");
  return WebAssembly.compile(zlib ? zlib.inflateSync(packed) : await unpacked(packed, wasmSize));
}
