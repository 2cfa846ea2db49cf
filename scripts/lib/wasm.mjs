// One build of wasm-pack.toml: Rust to wasm and its JavaScript glue by wasm-pack, then a current
// wasm-opt, then short names between the two, then the module that carries the wasm as base64 of
// its gzip stream (of the raw wasm it would cost 40 % more over the wire). That stream is Zopfli's,
// which searches longer than gzip and ends 5 % smaller; whoever unpacks it is none the wiser.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { renewable } from "./glue.mjs";
import { lighten } from "./lighten.mjs";
import { silencePanics } from "./panics.mjs";
import { must, root, run, StepFailed } from "./run.mjs";
import { shortenExports, shortenImports } from "./shorten.mjs";
import { unlessDone } from "./stamps.mjs";
import { dropExports } from "./trim.mjs";

/** @typedef {import("./manifest.mjs").Build} Build */

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
 * Panic messages name source files: as given here, not as this machine's folders.
 * @param {Build} build
 */
function rustFlags(build) {
  const cargoHome = process.env["CARGO_HOME"] ?? join(homedir(), ".cargo");
  const remap = [
    [cargoHome, "cargo"],
    [root.replace(/\/$/, ""), "tokenkeep"],
  ];
  return [...remap.map(([from, to]) => `--remap-path-prefix=${from}=${to}`), ...build.rustc].join(
    "\x1f",
  );
}

/** @param {Build} build */
async function compile(build) {
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
  const places = ["--out-dir", build.outDir, "--out-name", build.outName];
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
      ".",
      "--",
      ...cargoOptions,
    ],
    { env: { CARGO_ENCODED_RUSTFLAGS: rustFlags(build), RUSTC_WRAPPER: "" } },
  );
}

/** @param {Build} build */
async function optimise(build) {
  const place = join(root, build.outDir, build.outName);
  const path = `${place}_bg.wasm`;
  const written = lighten({
    glue: readFileSync(`${place}.js`, "utf8"),
    types: readFileSync(`${place}.d.ts`, "utf8"),
  });
  await silencePanics(path);
  await dropExports(path, written.glue);
  await must("wasm-opt", [path, "-o", path, ...build.wasmOpt]);
  const imports = shortenImports(readFileSync(path), written.glue);
  const { wasm, glue } = shortenExports(imports.wasm, imports.glue);
  if (wasm.includes(homedir()) || wasm.includes(root)) {
    throw new StepFailed(`${path} names folders of this machine.`);
  }
  writeFileSync(path, wasm);
  const renewed = renewable({ glue, types: written.types });
  writeFileSync(`${place}.js`, renewed.glue);
  writeFileSync(`${place}.d.ts`, renewed.types);
}

/** @param {Build} build */
async function inline(build) {
  const path = join(root, build.outDir, `${build.outName}_bg.wasm`);
  const packed = `${path}.gz`;
  await must("node", [join(root, "scripts", "lib", "zopfli.mjs"), path, packed]);
  const about = "// Made by scripts/build.mjs: the wasm as base64 of its gzip stream.\n";
  const text = readFileSync(packed).toString("base64");
  rmSync(packed);
  writeFileSync(
    join(root, build.outDir, "inlined.js"),
    `${about}export const gzippedWasm = "${text}";\n`,
  );
  writeFileSync(
    join(root, build.outDir, "inlined.d.ts"),
    `${about}export declare const gzippedWasm: string;\n`,
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
      "scripts/lib/lighten.mjs",
      "scripts/lib/panics.mjs",
      "scripts/lib/sections.mjs",
      "scripts/lib/shorten.mjs",
      "scripts/lib/trim.mjs",
      "scripts/lib/zopfli.mjs",
      "node_modules/@gfx/zopfli/package.json",
      "node_modules/binaryen/package.json",
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
