// Blanks the messages of panics among the constants of a wasm. scripts/lib/panics.mjs has silenced
// the functions that used them, but no tool can tell which constants only those used. They are 750
// bytes of the client's bundle. The step can go when the bundle has room for them.

import { StepFailed } from "./run.mjs";
import { findSection, reader } from "./sections.mjs";

const sourceName = /(?:\/rustc\/[0-9a-f]{40}|\/rust\/deps|crates|src|library)\/[\w./-]+\.rs/g;
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
 * Fills with zeros what only panics said: names of source files, the places in them
 * (`core::panic::Location`), the sentences of std and of wasm-bindgen.
 * @param {Uint8Array} wasm
 */
export function blankWords(wasm) {
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
