// Reads wasm-pack.toml, the manifest of the wasm-pack builds, into checked shapes. Whether it
// agrees with the rest of the project is for check-manifest.mjs to say.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { root, StepFailed } from "./run.mjs";

/**
 * Files that are used together, and what they may weigh.
 * @typedef {{ files: string[], budget: number }} Parts
 */
/**
 * `shortNames`: whether the wasm and its glue know each other by short names. `workers`: what is
 * used in place of the bundle on Workers.
 * @typedef {{
 *   name: string, target: string, features: string[], profile: string,
 *   outDir: string, outName: string, wasmOpt: string[],
 *   shortNames: boolean, entry: string, bundle: string, budget: number,
 *   workers: Parts | null,
 * }} Build
 */
/**
 * @typedef {{ tools: { "wasm-pack": string, "wasm-bindgen": string }, builds: Build[] }} Manifest
 */

const toolNames = ["wasm-pack", "wasm-bindgen"];
const buildKeys = [
  "target",
  "features",
  "profile",
  "out-dir",
  "out-name",
  "entry",
  "bundle",
  "budget",
  "wasm-opt",
  "short-names",
  "workers",
];

/** @param {unknown} value @returns {value is Record<string, unknown>} */
export function isTable(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The table at a path of keys, or an empty one.
 * @param {unknown} value
 * @param {readonly string[]} keys
 * @returns {Record<string, unknown>}
 */
export function tableAt(value, ...keys) {
  let found = value;
  for (const key of keys) found = isTable(found) ? found[key] : undefined;
  return isTable(found) ? found : {};
}

/** @param {Record<string, unknown>} table @param {readonly string[]} known @param {string} where */
function onlyKnown(table, known, where) {
  const odd = Object.keys(table).find((key) => !known.includes(key));
  if (odd !== undefined)
    throw new StepFailed(`wasm-pack.toml: ${where} has an unknown key \`${odd}\`.`);
}

/** @param {Record<string, unknown>} table @param {string} key @param {string} where */
function text(table, key, where) {
  const value = table[key];
  if (typeof value !== "string" || value === "")
    throw new StepFailed(`wasm-pack.toml: ${where} needs a string \`${key}\`.`);
  return value;
}

/** @param {Record<string, unknown>} table @param {string} key @param {string} where */
function texts(table, key, where) {
  const value = table[key];
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    !value.every((item) => typeof item === "string")
  ) {
    throw new StepFailed(`wasm-pack.toml: ${where} needs a list of strings \`${key}\`.`);
  }
  return /** @type {string[]} */ (value);
}

/** @param {Record<string, unknown>} table @param {string} where */
function bytes(table, where) {
  const budget = table["budget"];
  if (typeof budget !== "number" || !Number.isInteger(budget) || budget <= 0)
    throw new StepFailed(`wasm-pack.toml: ${where} needs a \`budget\` in bytes.`);
  return budget;
}

/** @param {unknown} value @param {string} where @returns {Parts} */
function readParts(value, where) {
  const table = tableAt(value);
  onlyKnown(table, ["files", "budget"], where);
  return { files: texts(table, "files", where), budget: bytes(table, where) };
}

/** @param {string} name @param {unknown} value @returns {Build} */
function readBuild(name, value) {
  const where = `[builds.${name}]`;
  const table = tableAt(value);
  onlyKnown(table, buildKeys, where);
  const { "short-names": shortNames = false, workers } = table;
  if (typeof shortNames !== "boolean")
    throw new StepFailed(`wasm-pack.toml: ${where} needs true or false as \`short-names\`.`);
  return {
    name,
    budget: bytes(table, where),
    shortNames,
    workers: workers === undefined ? null : readParts(workers, `[builds.${name}.workers]`),
    target: text(table, "target", where),
    features: texts(table, "features", where),
    profile: text(table, "profile", where),
    outDir: text(table, "out-dir", where),
    outName: text(table, "out-name", where),
    entry: text(table, "entry", where),
    bundle: text(table, "bundle", where),
    wasmOpt: texts(table, "wasm-opt", where),
  };
}

/** @param {string} source the text of wasm-pack.toml @returns {Manifest} */
export function parseManifest(source) {
  const file = parse(source);
  onlyKnown(file, ["tools", "builds"], "the file");
  const tools = tableAt(file, "tools");
  onlyKnown(tools, toolNames, "[tools]");
  const builds = Object.entries(tableAt(file, "builds")).map(([name, value]) =>
    readBuild(name, value),
  );
  if (builds.length === 0) throw new StepFailed("wasm-pack.toml: there is no [builds.*].");
  return {
    tools: {
      "wasm-pack": text(tools, "wasm-pack", "[tools]"),
      "wasm-bindgen": text(tools, "wasm-bindgen", "[tools]"),
    },
    builds,
  };
}

/** The project's manifest. */
export function readManifest() {
  return parseManifest(readFileSync(join(root, "wasm-pack.toml"), "utf8"));
}
