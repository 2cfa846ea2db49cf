// Shortens the names under which a wasm and its glue know each other. wasm-bindgen makes each
// import of a readable name and a hash of sixteen digits, each export of one that tells its class,
// and all of them travel twice, in the wasm and in the JavaScript, where no minifier may touch
// them: a tenth of the whole download.

import { StepFailed } from "./run.mjs";
import { encode, encodeName, findSection, reader, withSection } from "./sections.mjs";

const importSection = 2;
const exportSection = 7;
// The only kind of import that wasm-bindgen makes here; a function's is followed by one number, its
// type.
const functionKind = 0;

/** a, b … z, aa, ab … @param {number} index @returns {string} */
function shortName(index) {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : shortName(Math.floor(index / 26) - 1) + last;
}

/**
 * Gives both halves of a build short names for what the wasm imports.
 * @param {Uint8Array} wasm @param {string} glue what wasm-bindgen wrote beside it
 */
export function shortenImports(wasm, glue) {
  const read = reader(wasm, findSection(wasm, importSection).contents);
  const count = read.number();
  const written = encode(count);
  let shortened = glue;
  /** @param {string} before @param {string} after */
  const rename = (before, after) => {
    const parts = shortened.split(before);
    if (parts.length !== 2)
      throw new StepFailed(
        `The glue says \`${before.trim()}\` ${parts.length - 1} times, not once.`,
      );
    shortened = parts.join(after);
  };
  const modules = new Map();
  for (let index = 0; index < count; index += 1) {
    const module = read.name();
    const name = read.name();
    if (read.byte() !== functionKind)
      throw new StepFailed(`The wasm imports \`${name}\`, which is no function.`);
    if (!modules.has(module)) {
      modules.set(module, shortName(modules.size));
      rename(`"${module}": `, `"${modules.get(module)}": `);
    }
    rename(` ${name}: `, ` ${shortName(index)}: `);
    written.push(
      ...encodeName(modules.get(module)),
      ...encodeName(shortName(index)),
      functionKind,
      ...encode(read.number()),
    );
  }
  return { wasm: withSection(wasm, importSection, written), glue: shortened };
}

/**
 * The same for what it exports, which the glue calls as members of `wasm`.
 * @param {Uint8Array} wasm @param {string} glue
 */
export function shortenExports(wasm, glue) {
  const read = reader(wasm, findSection(wasm, exportSection).contents);
  const count = read.number();
  const written = encode(count);
  /** @type {Map<string, string>} */
  const names = new Map();
  for (let index = 0; index < count; index += 1) {
    const name = read.name();
    // js/edge reads the memory by its name, as anybody expects to find it.
    const short = name === "memory" ? name : shortName(index);
    names.set(name, short);
    written.push(...encodeName(short), read.byte(), ...encode(read.number()));
  }
  const shortened = glue.replace(/\bwasm\.(\w+)/g, (_, /** @type {string} */ name) => {
    const short = names.get(name);
    if (short === undefined)
      throw new StepFailed(`The glue uses \`wasm.${name}\`, which the wasm does not export.`);
    return `wasm.${short}`;
  });
  return { wasm: withSection(wasm, exportSection, written), glue: shortened };
}
