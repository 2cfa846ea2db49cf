// Reads the sections of a wasm binary: as little of it as the steps of a build need.

import { StepFailed } from "./run.mjs";

/**
 * Reads numbers, names and bytes of a wasm from a place on.
 * @param {Uint8Array} bytes
 * @param {number} at
 */
export function reader(bytes, at) {
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  /** @param {number} length */
  const take = (length) => bytes.subarray(at, (at += length));
  return {
    number,
    name: () => Buffer.from(take(number())).toString("utf8"),
    bytes: take,
    at: () => at,
    byte: () => bytes[at++] ?? 0,
  };
}

/**
 * Where a section begins, its head included, where its contents do, and where it ends.
 * @param {Uint8Array} wasm
 * @param {number} id
 */
export function findSection(wasm, id) {
  for (let at = 8; at < wasm.length; ) {
    const read = reader(wasm, at);
    const section = read.byte();
    const length = read.number();
    if (section === id) return { begins: at, contents: read.at(), ends: read.at() + length };
    at = read.at() + length;
  }
  throw new StepFailed(`The wasm has no section ${id}: wasm-bindgen has changed its ways.`);
}
