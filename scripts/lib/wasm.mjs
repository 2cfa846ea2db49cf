// One build of wasm-pack.toml: Rust to wasm and its JavaScript glue by wasm-pack, then a current
// wasm-opt, then a glue for each instance, then the module that carries the wasm as base64 of a
// zlib stream (base64 of the raw wasm would cost 40 % more over the wire). Zopfli makes that
// stream: it searches longer than zlib and ends 5 % smaller, and any zlib reads it.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readGlue, writeGlue } from "./glue.mjs";
import { silencePanics } from "./panics.mjs";
import { must, root, run, StepFailed } from "./run.mjs";
import { unlessDone } from "./stamps.mjs";

/** @typedef {import("./manifest.mjs").Build} Build */

/** The package that wasm-pack builds. */
export const wasmPackage = "src/wasm";

/**
 * gzip at its best, and the same bytes on every system: the header's system byte says "unknown".
 * @param {Uint8Array} bytes
 */
export function gzipOf(bytes) {
  const packed = gzipSync(bytes, { level: 9 });
  packed[9] = 255;
  return packed;
}

/**
 * The wasm holds the names of the source files that could panic. Here they get names that are the
 * same on every machine: folders of this one and of its registry are left out.
 */
async function rustFlags() {
  // The folders of the registry are there once the crates are.
  await must("cargo", ["fetch", "--locked"], { seconds: 600 });
  const cargoHome = process.env["CARGO_HOME"] ?? join(homedir(), ".cargo");
  const registries = join(cargoHome, "registry", "src");
  const remap = [
    [cargoHome, "cargo"],
    ...readdirSync(registries).map((name) => [join(registries, name), "crates"]),
    [root.replace(/\/$/, ""), "tokenkeep"],
  ];
  return remap.map(([from, to]) => `--remap-path-prefix=${from}=${to}`).join("\x1f");
}

/** @param {Build} build */
async function compile(build) {
  const flags = await rustFlags();
  rmSync(join(root, build.outDir), { recursive: true, force: true });
  const cargoOptions = [
    "--locked",
    "--no-default-features",
    "--features",
    build.features.join(","),
  ];
  // --no-opt: wasm-pack would run whatever wasm-opt it finds. no-install: it shall fail rather than
  // download.
  const options = ["--mode", "no-install", "--no-opt", "--no-pack", "--no-gitignore"];
  const places = ["--out-dir", join(root, build.outDir), "--out-name", build.outName];
  await must(
    "wasm-pack",
    [
      "build",
      "--target",
      build.target,
      "--profile",
      build.profile,
      ...options,
      ...places,
      wasmPackage,
      "--",
      ...cargoOptions,
    ],
    { env: { CARGO_ENCODED_RUSTFLAGS: flags, RUSTC_WRAPPER: "" } },
  );
}

/** @param {Build} build */
async function optimise(build) {
  const folder = join(root, build.outDir);
  const path = join(folder, `${build.outName}_bg.wasm`);
  const glue = await readGlue(folder, build.outName);
  const silent = await silencePanics(path);
  await must("wasm-opt", [path, "-o", path, ...build.wasmOpt]);
  const short = build.shortNames ? await shorten(build, path) : { imports: [], exports: [] };
  const wasm = readFileSync(path);
  if (wasm.includes(homedir()) || wasm.includes(root)) {
    throw new StepFailed(`${path} names folders of this machine.`);
  }
  await writeGlue(folder, build.outName, glue, short);
  writeFileSync(join(folder, "silenced.txt"), `${silent.join("\n")}\n`);
}

/**
 * Short names between the wasm and its glue, which wasm-opt gives and prints. They are kept in
 * names.json for tests that look into the wasm.
 * @param {Build} build
 * @param {string} path
 * @returns {Promise<import("./glue.mjs").ShortNames>}
 */
async function shorten(build, path) {
  const features = build.wasmOpt.filter((flag) => flag.startsWith("--enable-"));
  // Not in the run before: with --converge a pass runs several times, and prints each time.
  const flags = [...features, "--minify-imports-and-exports-and-modules"];
  const { stdout } = await must("wasm-opt", [path, "-o", path, ...flags]);
  writeFileSync(join(root, build.outDir, "names.json"), stdout);
  return JSON.parse(stdout);
}

/** @param {Build} build */
async function inline(build) {
  const path = join(root, build.outDir, `${build.outName}_bg.wasm`);
  const packed = `${path}.zz`;
  await must("node", [join(root, "scripts", "lib", "zopfli.mjs"), path, packed]);
  const about = "// Made by scripts/build.mjs: the wasm as base64 of a zlib stream.\n";
  const text = readFileSync(packed).toString("base64");
  const size = readFileSync(path).length;
  rmSync(packed);
  writeFileSync(
    join(root, build.outDir, "inlined.js"),
    `${about}export const packedWasm = "${text}";\nexport const wasmSize = ${size};\n`,
  );
  writeFileSync(
    join(root, build.outDir, "inlined.d.ts"),
    `${about}export declare const packedWasm: string;\nexport declare const wasmSize: number;\n`,
  );
}

/**
 * Makes the wasm of one build, unless its sources are unchanged; `fresh` says whether it had to.
 * @param {Build} build
 * @param {(what: string, usually: string, work: () => Promise<void>) => Promise<void>} step
 */
export async function buildWasm(build, step) {
  const compiler = (await run("rustc", ["--version"])).stdout.trim();
  const what = {
    name: `wasm-${build.name}`,
    inputs: [
      "src",
      "Cargo.toml",
      "Cargo.lock",
      "scripts/lib/wasm.mjs",
      "scripts/lib/glue.mjs",
      "scripts/lib/panics.mjs",
      "scripts/lib/sections.mjs",
      "scripts/lib/words.mjs",
      "scripts/lib/zopfli.mjs",
      "node_modules/@gfx/zopfli/package.json",
      "node_modules/binaryen/package.json",
      "node_modules/esbuild/package.json",
    ],
    words: [compiler, JSON.stringify({ ...build, budget: 0 })],
    outputs: [build.outDir],
  };
  return unlessDone(what, () =>
    step(`Building the wasm of \`${build.name}\``, "30 s, the first time 1 min", async () => {
      await compile(build);
      await optimise(build);
      await inline(build);
    }),
  );
}
