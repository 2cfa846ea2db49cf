// The client's own wasm, altered so that two calls trap when they are given certain numbers: the real thing breaks down for real, at
// the test's word.

import { readFileSync } from "node:fs";
import binaryen from "binaryen";

/** The loan of a token with this many seconds to live traps. */
export const TRAPPING_VALIDITY = 666;
/** Coming online, by the numbers of js/client/page.ts. */
const ONLINE = 3;

type Functions = binaryen.Module;

/** Puts a function before an export that traps for one value of its second parameter. */
function arm(wasm: Functions, name: string, isFatal: (second: number) => number, second: number, result: number): void {
  const { value: original } = binaryen.getExportInfo(wasm.getExport(name));
  const call = wasm.call(original, [wasm.local.get(0, binaryen.i32), wasm.local.get(1, second)], result);
  const body = wasm.block(null, [wasm.if(isFatal(wasm.local.get(1, second)), wasm.unreachable()), call], result);
  wasm.addFunction(`armed ${name}`, binaryen.createType([binaryen.i32, second]), result, [], body);
  wasm.removeExport(name);
  wasm.addFunctionExport(`armed ${name}`, name);
}

export function trappingWasm(): Buffer {
  const wasm = binaryen.readBinary(readFileSync(new URL("../../build/client/client_bg.wasm", import.meta.url)));
  const { Features } = binaryen;
  wasm.setFeatures(Features.BulkMemory | Features.BulkMemoryOpt | Features.MutableGlobals | Features.Multivalue | Features.NontrappingFPToInt | Features.ReferenceTypes | Features.SignExt);
  arm(wasm, "keep_lend", (validity) => wasm.f64.eq(validity, wasm.f64.const(TRAPPING_VALIDITY * 1000)), binaryen.f64, binaryen.i32);
  arm(wasm, "keep_wake", (what) => wasm.i32.eq(what, wasm.i32.const(ONLINE)), binaryen.i32, binaryen.none);
  const bytes = Buffer.from(wasm.emitBinary());
  wasm.dispose();
  return bytes;
}
