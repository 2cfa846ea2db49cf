// Makes the JavaScript that wasm-bindgen writes fit for a second instance, which a page needs after
// a trap. As generated it makes one instance and stays with it.

import { StepFailed } from "./run.mjs";

/**
 * @typedef {{ glue: string, types: string }} Written the text of the JavaScript and of its
 * declarations
 */

const changed = (/** @type {string} */ what) =>
  new StepFailed(`The glue no longer ${what}: wasm-bindgen has changed its ways.`);

/** Where `text` has `mark`, once. @param {string} text @param {string} mark */
function cut(text, mark) {
  const parts = text.split(mark);
  if (parts.length !== 2) throw changed(`holds \`${mark.trim()}\` once`);
  return /** @type {[string, string]} */ (parts);
}

/**
 * Glue that hands out functions alone: they go by whatever instance is the latest, so only the two
 * lines that refuse another go. What is handed to initSync is a module, and is not asked whether it
 * is one: in the edge runtime of Next.js it is one of another realm.
 * @param {string} glue
 */
function withoutRefusals(glue) {
  const parts = glue.split("if (wasm !== undefined) return wasm;");
  if (parts.length !== 3) throw changed("begins its two init functions as it did");
  return cut(
    parts.join(""),
    "    if (!(module instanceof WebAssembly.Module)) {\n        module = new WebAssembly.Module(module);\n    }\n",
  ).join("");
}

/**
 * Glue that hands out objects: they, their finalizers and their timers point into the memory of the
 * instance that made them, so all of the glue goes into a function and each instance has a glue of
 * its own. The loading of files goes: js/ brings a module.
 * @param {Written} written
 * @returns {Written}
 */
function perInstance({ glue, types }) {
  const exported = /^export (?=(?:class|function) (\w+))/gm;
  const names = [...glue.matchAll(exported)].map((match) => match[1] ?? "");
  const [body] = cut(glue, "\nasync function __wbg_load(");
  const [declared] = cut(types, "\nexport type InitInput =");
  const all = names.join(", ");
  return {
    glue: [
      "/** Makes an instance, with classes and functions of its own; `wrap` sees its exports first. */",
      "export async function instantiate(source, wrap) {",
      body.replace(exported, ""),
      "const made = await WebAssembly.instantiate(source, __wbg_get_imports());",
      "const { instance, module } = made.module ? made : { instance: made, module: source };",
      "__wbg_finalize_init({ exports: wrap(instance.exports) });",
      `return { ${all}, module };`,
      "}\n",
    ].join("\n"),
    types: [
      declared.replace(exported, "declare "),
      `export type { ${all} };`,
      "/** Makes an instance, with classes and functions of its own; `wrap` sees its exports first. */",
      "export declare function instantiate(source: BufferSource | WebAssembly.Module, wrap: (exports: WebAssembly.Exports) => WebAssembly.Exports):",
      `  Promise<{ ${names.map((name) => `${name}: typeof ${name}`).join(", ")}, module: WebAssembly.Module }>;\n`,
    ].join("\n"),
  };
}

/** @param {Written} written @returns {Written} */
export function renewable({ glue, types }) {
  return /^export class /m.test(glue)
    ? perInstance({ glue, types })
    : { glue: withoutRefusals(glue), types };
}
