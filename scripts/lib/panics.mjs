// Takes the words out of panics. A panic in the shipped wasm is a bug that traps whatever it says, but std's machinery for saying
// it, formatting and all, is a tenth of the wasm. So the functions that panic, and those that format, become plain traps; wasm-opt
// then drops what nobody calls any more. The tests run builds that keep the words.

import { readFileSync, writeFileSync } from "node:fs";
import { StepFailed } from "./run.mjs";

// By their demangled names, with or without a crate's hash. Formatting is among them: what is shipped formats nothing.
const silenced = [
  /\b(core|std|alloc)(\[[0-9a-f]+\])?::(panicking|fmt)::/,
  /\bstd(\[[0-9a-f]+\])?::(sys|io|backtrace|thread)::/,
  / as (core|std|alloc)(\[[0-9a-f]+\])?::fmt::/,
  /::(slice_error_fail|slice_index_fail|unwrap_failed|expect_failed|capacity_overflow|handle_error|handle_alloc_error|panic_already\w*|panic_const\w*)\b/,
  /\brust_panic\b/,
  // wasm-bindgen's own, where it finds itself misused.
  /\bwasm_bindgen(\[[0-9a-f]+\])?::(throw_str|__rt::(throw_null|borrow_fail))\b/,
];

/** Rewrites the wasm at `path`; returns how many functions were silenced. @param {string} path */
export async function silencePanics(path) {
  const { default: binaryen } = await import("binaryen");
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(readFileSync(path));
  const functions = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  const loud = functions.filter(({ module: imported, name }) => !imported && silenced.some((pattern) => pattern.test(name)));
  if (loud.length === 0) throw new StepFailed(`No panic was found in ${path}: were the names of its functions stripped?`);
  for (const { name, params, results } of loud) {
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
  writeFileSync(path, module.emitBinary());
  module.dispose();
  return loud.length;
}
