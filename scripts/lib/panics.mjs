// Silences panics: each function that only a panic calls becomes a plain trap. A panic in the
// shipped wasm is a bug and traps whatever it says, but building the message and formatting it is a
// tenth of the wasm. wasm-opt then drops what nobody calls any more. The tests run builds that keep
// their messages.
//
// wasm-opt can't tell by itself what a panic would have shown: those functions are called by their
// address. For the same reason the list has what js-sys keeps for promises that suspend the wasm,
// which nothing here does.

import { readFileSync, writeFileSync } from "node:fs";
import { StepFailed } from "./run.mjs";
import { blankWords } from "./words.mjs";

/**
 * How the names of the silenced functions begin, or the trait that they implement. Each entry saves
 * some bytes, else it would not be here; tests/tooling/panics.test.ts holds the list to the
 * toolchain.
 */
export const silenced = [
  "core::panicking::",
  "std::panicking::",
  "core::cell::panic_already_",
  "core::option::expect_failed",
  "core::option::unwrap_failed",
  "core::slice::index::slice_index_fail",
  "core::str::slice_error_fail",
  "alloc::alloc::handle_alloc_error",
  "alloc::raw_vec::handle_error",
  "alloc::vec::Vec<_, _>>::remove::assert_failed",
  "wasm_bindgen::throw_str",
  // Formatting: nothing that is shipped formats but for a panic, which clippy.toml sees to.
  "core::fmt::",
  " as core::fmt::",
  "js_sys::futures::jspi::",
];

/**
 * The entry of the list that a function falls under.
 * @param {string} name as rustc gives it: `core[c5930c85]::panicking::panic_fmt`, or the method of
 * a trait, `<std[a543996e]::panicking::Payload as core[c5930c85]::panic::PanicPayload>::get`
 */
export function entryOf(name) {
  const path = name.replace(/\[[0-9a-f]+\]/g, "").replace(/^</, "");
  return silenced.find((entry) =>
    entry.startsWith(" as ") ? path.includes(entry) : path.startsWith(entry),
  );
}

/** Rewrites the wasm at `path`; returns the names of what it silenced. @param {string} path */
export async function silencePanics(path) {
  const { default: binaryen } = await import("binaryen");
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(readFileSync(path));
  const functions = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  const loud = functions.filter(
    ({ module: imported, name }) => !imported && entryOf(name) !== undefined,
  );
  if (loud.length === 0)
    throw new StepFailed(
      `No panic was found in ${path}: were the names of its functions stripped?`,
    );
  for (const { name, params, results } of loud) {
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
  writeFileSync(path, blankWords(module.emitBinary()));
  module.dispose();
  return loud.map(({ name }) => name);
}
