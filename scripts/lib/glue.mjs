// Puts the JavaScript that wasm-bindgen writes beside a wasm into one function, `newGlue`. Each
// call gives a glue of its own to one instance. A trap leaves an instance in no state to go on
// with, and a fresh one must not share anything with it: objects, finalizers, timers and cached
// views of the memory all belong to the instance that made them.
//
// No text is edited here. esbuild bundles wasm-bindgen's module and wraps it, drops what nobody
// uses, and renames properties where the wasm has short names. What is relied on is what the target
// "bundler" of wasm-bindgen documents: `NAME_bg.js` exports a function for each import of the wasm,
// the API, and `__wbg_set_wasm`; the wasm exports `__wbindgen_start`.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StepFailed } from "./run.mjs";

/**
 * The names that wasm-opt has given in place of others, as it prints them: of imports with their
 * module first.
 * @typedef {{ imports: [string, string, string][], exports: [string, string][] }} ShortNames
 */

/** The function of wasm-bindgen's module that gives it the exports of an instance. */
const setWasm = "__wbg_set_wasm";
/** The export that has to be called before any other. */
const start = "__wbindgen_start";
/** Members that the module gives its own objects, and that nobody else looks at. */
const own = ["__wbg_ptr", "__destroy_into_raw", "_wbg_cb_unref"];

/** @param {string} path */
const moduleAt = (path) => new WebAssembly.Module(readFileSync(path));

/** @param {string} what */
const changed = (what) =>
  new StepFailed(`${what}: wasm-bindgen has changed what its target "bundler" writes.`);

/**
 * What wasm-bindgen's module exports, and what of it is the API. To be asked before anything has
 * changed the wasm: what it imports is not the API.
 * @param {string} folder @param {string} name
 */
export async function readGlue(folder, name) {
  const { build: esbuild } = await import("esbuild");
  const { metafile } = await esbuild({
    entryPoints: [join(folder, `${name}_bg.js`)],
    bundle: true,
    format: "esm",
    write: false,
    metafile: true,
  });
  const [output] = Object.values(metafile.outputs);
  const exported = output?.exports ?? [];
  const wasm = moduleAt(join(folder, `${name}_bg.wasm`));
  const imports = WebAssembly.Module.imports(wasm).map((one) => one.name);
  const missing = [setWasm, ...imports].find((one) => !exported.includes(one));
  if (missing !== undefined) throw changed(`${name}_bg.js exports no \`${missing}\``);
  if (!WebAssembly.Module.exports(wasm).some((one) => one.name === start))
    throw changed(`${name}_bg.wasm exports no \`${start}\``);
  return { api: exported.filter((one) => one !== setWasm && !imports.includes(one)) };
}

/**
 * Writes glue.js and glue.d.ts for the wasm as it now is.
 * @param {string} folder @param {string} name
 * @param {{ api: readonly string[] }} glue as `readGlue` found it
 * @param {ShortNames} short
 */
export async function writeGlue(folder, name, { api }, short) {
  const { build: esbuild } = await import("esbuild");
  const left = WebAssembly.Module.imports(moduleAt(join(folder, `${name}_bg.wasm`)));
  /** @param {WebAssembly.ModuleImportDescriptor} one */
  const written = (one) => short.imports.find((names) => names[2] === one.name)?.[1] ?? one.name;
  const modules = [...new Set(left.map((one) => one.module))];
  // A quoted name is left alone when properties are renamed.
  const imports = modules.map((module) => {
    const functions = left.filter((one) => one.module === module);
    return `"${module}": { ${functions.map((one) => `"${one.name}": ${written(one)}`).join(", ")} }`;
  });
  const renamed = Object.fromEntries(short.exports);
  // wasm-bindgen names an import after the property that it stands for.
  const shared = Object.keys(renamed).find((one) =>
    left.some((other) => written(other).startsWith(`__wbg_${one}_`)),
  );
  if (shared !== undefined)
    throw new StepFailed(`The wasm exports \`${shared}\` and calls a method of that name.`);
  const { outputFiles } = await esbuild({
    stdin: {
      resolveDir: folder,
      contents: `
        import { ${[setWasm, ...api, ...left.map(written)].join(", ")} } from "./${name}_bg.js";
        made = {
          "api": { ${api.map((one) => `"${one}": ${one}`).join(", ")} },
          "imports": { ${imports.join(", ")} },
          "start"(exports) {
            ${setWasm}(exports);
            exports.${start}();
          },
        };`,
    },
    bundle: true,
    // Nothing here frees an object of the wasm by `using`.
    define: { "Symbol.dispose": "undefined" },
    minifySyntax: true,
    format: "iife",
    target: "es2022",
    treeShaking: true,
    write: false,
    banner: {
      js: "// Made by scripts/build.mjs of what wasm-bindgen wrote.\nexport function newGlue() {\nlet made;",
    },
    footer: { js: "return made;\n}" },
    mangleProps: new RegExp(`^(?:${[...own, ...Object.keys(renamed)].join("|")})$`),
    mangleCache: renamed,
  });
  writeFileSync(join(folder, "glue.js"), outputFiles[0]?.text ?? "");
  writeFileSync(join(folder, "glue.d.ts"), declarations(name));
}

/** @param {string} name */
const declarations = (name) => `// Made by scripts/build.mjs.
import type * as api from "./${name}.js";

/** What stands between JavaScript and one instance of the wasm. */
export interface Glue {
  /** The functions and classes of the wasm, to be used after \`start\`. */
  readonly api: typeof api;
  /** What the instance is to be made with. */
  readonly imports: WebAssembly.Imports;
  /** Takes the exports of the instance. */
  start(exports: WebAssembly.Exports): void;
}

export declare function newGlue(): Glue;
`;
