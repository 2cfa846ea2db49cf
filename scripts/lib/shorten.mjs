// Shortens the names under which a wasm imports its glue. wasm-bindgen makes each of a readable name and a hash of sixteen digits, and
// all of them travel twice, in the wasm and in the JavaScript, where no minifier may touch them: a tenth of the whole download.

import { StepFailed } from "./run.mjs";

const importSection = 2;
// The only kind of import that wasm-bindgen makes here; a function's is followed by one number, its type.
const functionKind = 0;

/** Reads the numbers and names of a wasm from a place on. @param {Uint8Array} bytes @param {number} at */
function reader(bytes, at) {
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  const name = () => {
    const length = number();
    at += length;
    return Buffer.from(bytes.subarray(at - length, at)).toString("utf8");
  };
  return { number, name, at: () => at, byte: () => bytes[at++] ?? 0 };
}

/** A number as wasm writes it. @param {number} value @returns {number[]} */
function encode(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...encode(value >>> 7)];
}

/** @param {string} name */
const encodeName = (name) => [...encode(name.length), ...Buffer.from(name, "latin1")];

/** a, b … z, aa, ab … @param {number} index @returns {string} */
function shortName(index) {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : shortName(Math.floor(index / 26) - 1) + last;
}

/** Where the import section begins and ends, its head included. @param {Uint8Array} wasm */
function findImports(wasm) {
  for (let at = 8; at < wasm.length; ) {
    const read = reader(wasm, at);
    const section = read.byte();
    const length = read.number();
    if (section === importSection) return { begins: at, contents: read.at(), ends: read.at() + length };
    at = read.at() + length;
  }
  throw new StepFailed("The wasm imports nothing: wasm-bindgen has changed its ways.");
}

/**
 * Gives both halves of a build short names for each other.
 * @param {Uint8Array} wasm @param {string} glue what wasm-bindgen wrote beside it
 */
export function shortenImports(wasm, glue) {
  const { begins, contents, ends } = findImports(wasm);
  const read = reader(wasm, contents);
  const count = read.number();
  const written = encode(count);
  let shortened = glue;
  /** @param {string} before @param {string} after */
  const rename = (before, after) => {
    const parts = shortened.split(before);
    if (parts.length !== 2) throw new StepFailed(`The glue says \`${before.trim()}\` ${parts.length - 1} times, not once.`);
    shortened = parts.join(after);
  };
  const modules = new Map();
  for (let index = 0; index < count; index += 1) {
    const module = read.name();
    const name = read.name();
    if (read.byte() !== functionKind) throw new StepFailed(`The wasm imports \`${name}\`, which is no function.`);
    if (!modules.has(module)) {
      modules.set(module, shortName(modules.size));
      rename(`"${module}": `, `"${modules.get(module)}": `);
    }
    rename(` ${name}: `, ` ${shortName(index)}: `);
    written.push(...encodeName(modules.get(module)), ...encodeName(shortName(index)), functionKind, ...encode(read.number()));
  }
  const head = [importSection, ...encode(written.length)];
  return {
    wasm: Buffer.concat([wasm.subarray(0, begins), Uint8Array.from([...head, ...written]), wasm.subarray(ends)]),
    glue: shortened,
  };
}
