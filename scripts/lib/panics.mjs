// Takes the words out of panics. A panic in the shipped wasm is a bug that traps whatever it says,
// but std's machinery for saying it, formatting and all, is a tenth of the wasm. So the functions
// that panic, and those that format, become plain traps; wasm-opt then drops what nobody calls any
// more. The words themselves lie among the constants, where no tool knows whose they were: they are
// blanked here. The tests run builds that keep the words.

import { readFileSync, writeFileSync } from "node:fs";
import { StepFailed } from "./run.mjs";
import { findSection, reader } from "./sections.mjs";

// By their demangled names, with or without a crate's hash. Formatting is among them: what is
// shipped formats nothing.
const silenced = [
  /\b(core|std|alloc)(\[[0-9a-f]+\])?::(panicking|fmt)::/,
  // Not the thread-locals: serde-wasm-bindgen keeps the names of members in one.
  /\bstd(\[[0-9a-f]+\])?::(sys(?!::thread_local)|io|backtrace|thread(?!::local))::/,
  / as (core|std|alloc)(\[[0-9a-f]+\])?::fmt::/,
  // What a panic carries is asked for its type.
  / as core(\[[0-9a-f]+\])?::any::Any>::type_id\b/,
  /::(slice_error_fail|slice_index_fail|unwrap_failed|expect_failed|capacity_overflow|handle_error|handle_alloc_error|panic_already\w*|panic_const\w*)\b/,
  /\brust_panic\b/,
  // wasm-bindgen's own, where it finds itself misused.
  /\bwasm_bindgen(\[[0-9a-f]+\])?::(throw_str|__rt::(throw_null|borrow_fail))\b/,
];

// What those functions were given: names of source files, and the sentences of std and of
// wasm-bindgen.
const sourceName = /(?:\/rustc\/[0-9a-f]{40}|cargo|src|library)\/[\w./-]+\.rs/g;
const sentence = new RegExp(
  [
    "&copy_from_slice: source slice length \\(.+\\) does not match destination slice length \\(",
    " ?index out of bounds: the len is .+ but the index is ",
    ".removal index \\(is .+\\) should be < len \\(is ",
    "FnOnce called more than once",
    "Tried to shrink to a larger capacity",
    "RefCell already (?:mutably )?borrowed",
    "attempt to calculate the remainder with a divisor of zero",
    "attempted to take ownership of Rust value while it was borrowed",
    "called `\\w+::\\w+\\(\\)` on an? `\\w+` value",
    "capacity overflow",
    "closure invoked recursively or after being dropped",
    "mid > len",
    "internal error: entered unreachable code: The JS binding should .*'invalid' value",
    "null pointer passed to rust",
    // By which numbers are written.
    "00010203\\d{184}96979899",
    "recursive use of an object detected which would lead to unsafe aliasing in rust",
  ].join("|"),
  "g",
);

/**
 * Fills with zeros what only panics said: those names, the places in them
 * (`core::panic::Location`), those sentences.
 * @param {Uint8Array} wasm
 */
function blankWords(wasm) {
  const blank = Buffer.from(wasm);
  const read = reader(wasm, findSection(wasm, 11).contents);
  for (let left = read.number(); left > 0; left -= 1) {
    // An active segment of the one memory, at a constant: wasm-ld writes no other.
    const [flags, constant, address, end] = [
      read.number(),
      read.byte(),
      read.number(),
      read.byte(),
    ];
    if (flags !== 0 || constant !== 0x41 || end !== 0x0b)
      throw new StepFailed("A data segment is laid down in a way that is not known here.");
    const length = read.number();
    const bytes = blank.subarray(read.at(), read.at() + length);
    read.bytes(length);
    const text = bytes.toString("latin1");
    for (const { 0: name, index } of text.matchAll(sourceName)) {
      const place = Buffer.alloc(8);
      place.writeUInt32LE(address + index);
      place.writeUInt32LE(name.length, 4);
      // Its line and column follow.
      for (let at = bytes.indexOf(place); at >= 0; at = bytes.indexOf(place, at))
        bytes.fill(0, at, at + 16);
    }
    for (const { 0: words, index } of [...text.matchAll(sourceName), ...text.matchAll(sentence)])
      bytes.fill(0, index, index + words.length);
  }
  return blank;
}

/** Rewrites the wasm at `path`; returns how many functions were silenced. @param {string} path */
export async function silencePanics(path) {
  const { default: binaryen } = await import("binaryen");
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(readFileSync(path));
  const functions = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  const loud = functions.filter(
    ({ module: imported, name }) => !imported && silenced.some((pattern) => pattern.test(name)),
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
  return loud.length;
}
