// Drops what nobody uses any more once panics are silent: exports that the glue does not call, and constants that no code points at
// (the words of panics, the names of their source files, tables for printing). wasm-opt can't: to it memory is one piece. The linker
// is told to leave each constant a data segment of its own (scripts/lib/wasm.mjs), so that here it can go as a whole.

import { readFileSync, writeFileSync } from "node:fs";
import { encode, findSection, reader, withSection } from "./sections.mjs";

const dataSection = 11;
/** Says how many segments the data section has. */
const countSection = 12;

/** @typedef {{ start: number, bytes: Uint8Array }} Segment */

/** Removes the exports of the wasm at `path` that its glue does not name. @param {string} path @param {string} glue */
export async function dropExports(path, glue) {
  const { default: binaryen } = await import("binaryen");
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(readFileSync(path));
  const names = Array.from({ length: module.getNumExports() }, (_, index) => binaryen.getExportInfo(module.getExportByIndex(index)).name);
  for (const name of names) if (!glue.includes(`wasm.${name}`)) module.removeExport(name);
  writeFileSync(path, module.emitBinary());
  module.dispose();
}

/** The constants of a wasm, each where it lies in memory. @param {Uint8Array} wasm @returns {Segment[]} */
function segmentsOf(wasm) {
  const { contents } = findSection(wasm, dataSection);
  const read = reader(wasm, contents);
  return Array.from({ length: read.number() }, () => {
    // An active segment of memory 0, at a constant address: 0, i32.const, the address, end.
    const shape = [read.byte(), read.byte()];
    const start = read.number();
    if (shape[0] !== 0 || shape[1] !== 0x41 || read.byte() !== 0x0b) throw new Error("A data segment is not what the linker makes of constants.");
    return { start, bytes: read.bytes(read.number()) };
  });
}

/**
 * The segments that code points at, and those that these point at in turn. Anything that could be an address is taken for one.
 * @param {Uint8Array} wasm @param {Segment[]} segments
 */
async function pointedAt(wasm, segments) {
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(wasm);
  // Without the segments, each of which tells its own address.
  const code = module.emitText().replace(/^\s*\(data .*$/gm, "");
  module.dispose();
  /** @type {Set<Segment>} */
  const found = new Set();
  /** @param {number} address */
  const mark = (address) => {
    for (const segment of segments) {
      const { start, bytes } = segment;
      if (found.has(segment) || address < start || address >= start + bytes.length) continue;
      found.add(segment);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = -start & 3; at + 4 <= bytes.length; at += 4) mark(view.getUint32(at, true));
    }
  };
  for (const [, constant, offset] of code.matchAll(/\(i32\.const (-?\d+)\)|\boffset=(\d+)/g)) mark(Number(constant ?? offset));
  return found;
}

/**
 * Drops the constants of `wasm` that nothing points at, as long as something did in `before`, the same wasm with its panics: a
 * constant that is addressed in a way that is not understood here was not found there either, and stays.
 * @param {Uint8Array} wasm @param {Uint8Array} before
 */
export async function dropConstants(wasm, before) {
  const constants = segmentsOf(before);
  const live = await pointedAt(wasm, constants);
  const dead = [...(await pointedAt(before, constants))].filter((constant) => !live.has(constant));
  // wasm-opt has cut zeros off, never put two together.
  const kept = segmentsOf(wasm).filter(({ start }) => !dead.some((one) => start >= one.start && start < one.start + one.bytes.length));
  const segments = joined(kept);
  const counted = withSection(wasm, countSection, encode(segments.length));
  return withSection(counted, dataSection, [...encode(segments.length), ...segments.flatMap(written)]);
}

/** Neighbours as one: a few zeros weigh less than a segment's head. @param {Segment[]} segments @returns {Segment[]} */
function joined(segments) {
  /** @type {Segment[]} */
  const joint = [];
  for (const { start, bytes } of [...segments].sort((one, other) => one.start - other.start)) {
    const last = joint.at(-1);
    const gap = last ? start - last.start - last.bytes.length : Infinity;
    if (last && gap <= 8) joint[joint.length - 1] = { start: last.start, bytes: Uint8Array.from([...last.bytes, ...new Uint8Array(gap), ...bytes]) };
    else joint.push({ start, bytes });
  }
  return joint;
}

/** @param {Segment} segment */
const written = ({ start, bytes }) => [0, 0x41, ...encodeSigned(start), 0x0b, ...encode(bytes.length), ...bytes];

/** A positive number as i32.const has it: the highest bit of the last byte but one is its sign. @param {number} value @returns {number[]} */
function encodeSigned(value) {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...encodeSigned(value >>> 7)];
}
