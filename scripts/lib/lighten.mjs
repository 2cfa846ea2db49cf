// Takes out of the JavaScript that wasm-bindgen writes what the client has no use for: imports that
// the wasm lost on its way, support for browsers that could not run that wasm, speed for texts that
// are short here, and a way to free by hand what is left to the collector. All of it travels to
// every user: half a kilobyte, gzipped.

import { StepFailed } from "./run.mjs";

/** @param {string} glue @param {RegExp} what @param {string} by */
function replaced(glue, what, by) {
  if (!what.test(glue))
    throw new StepFailed(`The glue has no ${what} in it: wasm-bindgen has changed its ways.`);
  return glue.replace(what, by);
}

/** Each with what takes its place. @type {readonly (readonly [what: RegExp, by: string])[]} */
const surplus = [
  // What throws in the wasm is silenced, and its short name never given.
  [/^ {8}__wbg___wbindgen_throw_\w+: function[\s\S]*?\n {8}\},\n/m, ""],
  // Wherever there are reference types there is a registry; what a closure holds is dropped with
  // the timer that holds it.
  [
    /\(typeof FinalizationRegistry === 'undefined'\)\n.*\n {4}: (?=new FinalizationRegistry\(ptr )/,
    "",
  ],
  [/^const CLOSURE_DTORS = [\s\S]*?;\n/m, ""],
  [/^ *CLOSURE_DTORS\.unregister\(.*\n/m, ""],
  [/^ *CLOSURE_DTORS\.register\(.*\n/m, ""],
  [/^ {4}__destroy_into_raw\(\) \{[\s\S]*?\n {4}\}\n {4}free\(\) \{[\s\S]*?\n {4}\}\n/m, ""],
  [/^if \(Symbol\.dispose\) .*\n/m, ""],
  // Safari's decoders fail after 2 GB, so wasm-bindgen counts what each has decoded; a new one each
  // time needs no count.
  [/^let cachedTextDecoder = [\s\S]*?(?=^function decodeText)/m, ""],
  [
    /(?<=^function decodeText\(ptr, len\) \{\n)[\s\S]*?(?=^\}\n)/m,
    "    return new TextDecoder().decode(getUint8ArrayMemory0().subarray(ptr, ptr + len));\n",
  ],
  [
    /^function passStringToWasm0\(arg, malloc, realloc\) \{\n[\s\S]*?^\}\n/m,
    "function passStringToWasm0(arg, malloc) {\n    return passArray8ToWasm0(new TextEncoder().encode(arg), malloc);\n}\n",
  ],
  [/(?<=\bpassStringToWasm0\(\w+, wasm\.\w+), wasm\.__wbindgen_realloc(?=\))/g, ""],
  [/^const cachedTextEncoder = [\s\S]*?(?=^let WASM_VECTOR_LEN)/m, ""],
  [/^ {4}wasm(?:Instance|Module) = .*\n/gm, ""],
  [/^let wasmModule, wasmInstance, wasm;$/m, "let wasm;"],
];

/**
 * Glue that hands out objects, which is the client's, with its surplus cut away; other glue as it
 * is.
 * @param {import("./glue.mjs").Written} written as wasm-bindgen wrote it
 */
export function lighten({ glue, types }) {
  if (!/^export class /m.test(glue)) return { glue, types };
  return {
    glue: surplus.reduce((left, [what, by]) => replaced(left, what, by), glue),
    types: replaced(types, /^ {4}(?:free\(\)|\[Symbol\.dispose\]\(\)): void;\n/gm, ""),
  };
}
