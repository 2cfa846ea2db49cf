// Compares wasm-pack.toml with both Cargo.toml, Cargo.lock and package.json, and
// js/shared/version.ts with package.json, and lists every disagreement. It exists because wasm-pack
// does not read our manifest. Without this check a renamed feature or a newer wasm-bindgen would go
// unnoticed, or show late as a download that is refused. `npm run build` and `npm run check` run
// it. Alone: `node scripts/check-manifest.mjs`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { isTable, parseManifest, tableAt } from "./lib/manifest.mjs";
import { asCommand, root, StepFailed } from "./lib/run.mjs";
import { wasmPackage } from "./lib/wasm.mjs";

/**
 * @typedef {{
 *   manifest: string, cargo: string, wasm: string, lock: string, package: string, version: string,
 * }} Sources the texts of the six files; `wasm` is the Cargo.toml of what wasm-pack builds
 */

const builtInProfiles = ["dev", "release", "profiling"];
/** The one whose output scripts/lib/glue.mjs knows. */
const target = "bundler";

/**
 * Every place where Cargo.toml says which wasm-bindgen it wants.
 * @param {unknown} cargo
 * @returns {string[]}
 */
function wantedBindgen(cargo) {
  const places = [tableAt(cargo, "dependencies")];
  for (const target of Object.values(tableAt(cargo, "target")))
    places.push(tableAt(target, "dependencies"));
  return places
    .map((dependencies) => dependencies["wasm-bindgen"])
    .filter((wanted) => wanted !== undefined)
    .map((wanted) => String(isTable(wanted) ? wanted["version"] : wanted));
}

/** @param {string} tool @param {unknown} cargo @param {string} lockText @returns {string[]} */
function checkBindgen(tool, cargo, lockText) {
  const found = [];
  const wanted = wantedBindgen(cargo);
  if (wanted.length === 0) found.push("Cargo.toml does not depend on wasm-bindgen.");
  for (const version of wanted) {
    if (version !== `=${tool}`)
      found.push(
        `Cargo.toml wants wasm-bindgen "${version}", [tools] has ${tool}: pin it as "=${tool}".`,
      );
  }
  const locked = parse(lockText)["package"];
  const entries = Array.isArray(locked) ? locked.map((entry) => tableAt(entry)) : [];
  const versions = entries
    .filter((entry) => entry["name"] === "wasm-bindgen")
    .map((entry) => String(entry["version"]));
  if (versions.length !== 1 || versions[0] !== tool) {
    found.push(
      `Cargo.lock has wasm-bindgen ${versions.join(", ") || "nowhere"}, [tools] has ${tool}.`,
    );
  }
  return found;
}

/**
 * @param {import("./lib/manifest.mjs").Build} build
 * @param {unknown} cargo
 * @param {unknown} wasm
 * @returns {string[]}
 */
function checkBuild(build, cargo, wasm) {
  const where = `[builds.${build.name}]`;
  const found = [];
  if (build.target !== target) found.push(`${where} needs target "${target}".`);
  for (const feature of build.features) {
    if (!(feature in tableAt(wasm, "features")))
      found.push(`${where}: ${wasmPackage}/Cargo.toml has no feature "${feature}".`);
  }
  const custom = !builtInProfiles.includes(build.profile);
  if (custom && !(build.profile in tableAt(cargo, "profile"))) {
    found.push(`${where}: Cargo.toml has no [profile.${build.profile}].`);
  }
  // wasm-pack files every profile of one's own under "custom".
  const filed = custom ? "custom" : build.profile;
  if (tableAt(wasm, "package", "metadata", "wasm-pack", "profile", filed)["wasm-opt"] !== false) {
    found.push(
      `${where}: [package.metadata.wasm-pack.profile.${filed}] in ${wasmPackage}/Cargo.toml must ` +
        `say wasm-opt = false; the flags are in wasm-pack.toml.`,
    );
  }
  if (!build.outDir.startsWith("build/")) found.push(`${where}: out-dir must be under build/.`);
  for (const file of [build.bundle, ...(build.workers?.files ?? [])])
    if (!file.startsWith("dist/")) found.push(`${where}: ${file} must be under dist/.`);
  return found;
}

/**
 * What wasm-pack.toml and the files it speaks of disagree about, one sentence each.
 * @param {Sources} sources
 * @returns {string[]}
 */
export function findDisagreements(sources) {
  const manifest = parseManifest(sources.manifest);
  const cargo = parse(sources.cargo);
  const wasm = parse(sources.wasm);
  const npm = JSON.parse(sources.package);
  const found = manifest.builds.flatMap((build) => checkBuild(build, cargo, wasm));

  if (!/^# wasm-pack does not read this file/.test(sources.manifest)) {
    found.push("wasm-pack.toml: its first line must say that wasm-pack does not read it.");
  }
  const kinds = tableAt(wasm, "lib")["crate-type"];
  if (!Array.isArray(kinds) || kinds.length !== 1 || kinds[0] !== "cdylib")
    found.push(
      `${wasmPackage}/Cargo.toml: [lib] crate-type must be "cdylib" alone; Cargo leaves out \`lto\` ` +
        `for a crate that is a library too.`,
    );
  found.push(...checkBindgen(manifest.tools["wasm-bindgen"], cargo, sources.lock));

  for (const key of /** @type {const} */ (["outDir", "bundle"])) {
    const places = manifest.builds.map((build) => build[key]);
    if (new Set(places).size !== places.length)
      found.push(`wasm-pack.toml: two builds write the same ${key}.`);
  }
  const { name, version } = tableAt(cargo, "package");
  if (name !== npm.name || version !== npm.version) {
    found.push(`Cargo.toml is ${name} ${version}, package.json is ${npm.name} ${npm.version}.`);
  }
  if (!sources.version.includes(`export const VERSION = ${JSON.stringify(npm.version)};`))
    found.push(`js/shared/version.ts has not the version of package.json, ${npm.version}.`);
  return found;
}

/** Throws a StepFailed that lists the disagreements of this project, if there are any. */
export function checkManifest() {
  /** @param {string} name */
  const read = (name) => readFileSync(join(root, name), "utf8");
  const found = findDisagreements({
    manifest: read("wasm-pack.toml"),
    cargo: read("Cargo.toml"),
    wasm: read(`${wasmPackage}/Cargo.toml`),
    lock: read("Cargo.lock"),
    package: read("package.json"),
    version: read("js/shared/version.ts"),
  });
  if (found.length > 0)
    throw new StepFailed("wasm-pack.toml disagrees with the project.", found.join("\n"));
}

await asCommand(import.meta.url, async () => {
  checkManifest();
  console.log("wasm-pack.toml agrees with Cargo.toml, Cargo.lock and package.json.");
});
