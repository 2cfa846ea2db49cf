// The client's own wasm, altered so that two inputs trap.

import { readFileSync } from "node:fs";
import binaryen from "binaryen";
import type { Input } from "../../build/client/client.js";

/** A loan of a token that has to live for this many seconds traps. */
export const TRAPPING_VALIDITY = 666;
const built = (name: string) =>
  readFileSync(new URL(`../../build/client/${name}`, import.meta.url));

/** The export behind `Keep.input`, by the short name that the build has given it. */
function inputName(): string {
  const { exports } = JSON.parse(built("names.json").toString()) as { exports: [string, string][] };
  const found = exports.find(([name]) => name === "keep_input");
  if (found === undefined) throw new Error("The wasm exports no `Keep.input`.");
  return found[1];
}

/** The index that crosses for an input: its place among the words in the glue. */
function placeOf(input: Input): number {
  const words = /__wbindgen_enum_Input = (\[.*\]);/.exec(built("client_bg.js").toString())?.[1];
  const place = (JSON.parse(words ?? "[]") as Input[]).indexOf(input);
  if (place < 0) throw new Error(`The glue has no word "${input}" among the inputs.`);
  return place;
}

export function trappingWasm(): Buffer {
  const wasm = binaryen.readBinary(built("client_bg.wasm"));
  const { Features } = binaryen;
  wasm.setFeatures(
    Features.BulkMemory |
      Features.BulkMemoryOpt |
      Features.MutableGlobals |
      Features.Multivalue |
      Features.NontrappingFPToInt |
      Features.ReferenceTypes |
      Features.SignExt,
  );
  const name = inputName();
  const { value: original } = binaryen.getExportInfo(wasm.getExport(name));
  const [keep, what, number] = [
    wasm.local.get(0, binaryen.i32),
    () => wasm.local.get(1, binaryen.i32),
    () => wasm.local.get(2, binaryen.f64),
  ];
  const isLoan = wasm.i32.and(
    wasm.i32.eq(what(), wasm.i32.const(placeOf("lend"))),
    wasm.f64.eq(number(), wasm.f64.const(TRAPPING_VALIDITY * 1000)),
  );
  const isFatal = wasm.i32.or(isLoan, wasm.i32.eq(what(), wasm.i32.const(placeOf("online"))));
  const call = wasm.call(original, [keep, what(), number()], binaryen.i32);
  const body = wasm.block(null, [wasm.if(isFatal, wasm.unreachable()), call], binaryen.i32);
  wasm.addFunction(
    "armed",
    binaryen.createType([binaryen.i32, binaryen.i32, binaryen.f64]),
    binaryen.i32,
    [],
    body,
  );
  wasm.removeExport(name);
  wasm.addFunctionExport("armed", name);
  const bytes = Buffer.from(wasm.emitBinary());
  wasm.dispose();
  return bytes;
}
