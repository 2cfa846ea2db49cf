// The JavaScript half of the package: bundles each entry of wasm-pack.toml with esbuild into dist/, and lays the type declarations
// beside it, only those that the public ones lead to, none of them naming the generated glue.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { must, root, StepFailed } from "./run.mjs";
import { unlessDone } from "./stamps.mjs";

/** @typedef {import("./manifest.mjs").Build} Build */

/** @param {Build} build */
async function bundle(build) {
  const { build: esbuild } = await import("esbuild");
  const { metafile } = await esbuild({
    entryPoints: [join(root, build.entry)],
    outfile: join(root, build.bundle),
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    absWorkingDir: root,
  });
  const outside = Object.values(metafile.outputs).flatMap((output) => output.imports.filter((found) => found.external));
  if (outside.length > 0) throw new StepFailed(`${build.bundle} imports ${outside.map((found) => found.path).join(", ")}.`);
}

/** The modules that a declaration file imports or re-exports, in any of TypeScript's spellings. @param {string} source */
function importsOf(source) {
  return [...source.matchAll(/\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1] ?? match[2] ?? "");
}

/**
 * Copies a declaration file and those it leads to into dist/.
 * @param {string} types the folder that tsc wrote @param {string} file @param {Set<string>} seen
 */
function copyDeclarations(types, file, seen) {
  if (seen.has(file)) return;
  seen.add(file);
  const target = join(root, "dist", relative(types, file));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
  for (const specifier of importsOf(readFileSync(file, "utf8"))) {
    const next = resolve(dirname(file), specifier.replace(/\.js$/, ".d.ts"));
    if (!specifier.startsWith(".") || !next.startsWith(types + sep) || !existsSync(next)) {
      throw new StepFailed(`The public types lead outside the package: ${basename(file)} imports "${specifier}".`);
    }
    copyDeclarations(types, next, seen);
  }
}

/** @param {readonly Build[]} builds */
async function declare(builds) {
  const types = join(root, "build", "types");
  rmSync(types, { recursive: true, force: true });
  await must("tsc", ["-p", "tsconfig.client.json", "--outDir", types]);
  const seen = new Set();
  for (const build of builds) {
    copyDeclarations(types, join(types, basename(build.entry).replace(/\.ts$/, ".d.ts")), seen);
  }
}

/**
 * Makes dist/, unless the sources are unchanged; `fresh` says whether it had to.
 * @param {readonly Build[]} builds @param {(what: string, usually: string, work: () => Promise<void>) => Promise<void>} step
 */
export async function buildPackage(builds, step) {
  const tools = ["esbuild", "typescript"].map((name) => `node_modules/${name}/package.json`);
  const what = {
    name: "package",
    inputs: ["js", ...builds.map((build) => build.outDir), "tsconfig.base.json", "tsconfig.client.json", "scripts/lib/bundle.mjs", ...tools],
    words: [JSON.stringify(builds.map(({ entry, bundle: to }) => [entry, to]))],
    outputs: ["dist"],
  };
  return unlessDone(what, () =>
    step("Bundling the package into dist/", "3 s", async () => {
      rmSync(join(root, "dist"), { recursive: true, force: true });
      for (const build of builds) await bundle(build);
      await declare(builds);
    }),
  );
}
