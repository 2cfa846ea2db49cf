// The JavaScript half of the package: bundles each entry of wasm-pack.toml, and those of
// entries.mjs, with esbuild into dist/, and has terser shorten what a user downloads.

import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { declare } from "./declarations.mjs";
import { adapters, clientChunks, commands, families, mediatorParts, modules } from "./entries.mjs";
import { privateNames } from "./private-names.mjs";
import { root, StepFailed } from "./run.mjs";
import { unlessDone } from "./stamps.mjs";

/** @typedef {import("./entries.mjs").Entry} Entry */
/** @typedef {import("./manifest.mjs").Build} Build */

/**
 * Shortens a bundle further than esbuild does: inside a function it gives names anew that are not
 * used there.
 * @param {string} source
 * @param {boolean} [annotated] whether annotations stay
 */
export async function shortened(source, annotated = false) {
  const { minify } = await import("terser");
  // The text of a wasm would go to where it is used, but it packs better at the beginning of a
  // file. There variables of the top level stay, and with `module` they do not. `unsafe_…`: nobody
  // makes objects with a function that is no class. Each is used where it helps.
  const hasWasm = /[\w+/]{10000}/.test(source);
  const { code } = await minify(source, {
    ecma: 2020,
    module: true,
    compress: {
      passes: hasWasm ? 2 : 3,
      // "use client" of dist/react.js is for bundlers.
      directives: false,
      module: false,
      // terser's types know no words here; its documentation does.
      toplevel: /** @type {any} */ (hasWasm ? "funcs" : true),
      unsafe_arrows: !hasWasm,
      unsafe_methods: hasWasm,
    },
    mangle: { module: true },
    format: { preserve_annotations: annotated },
  });
  return `${code}\n`;
}

/**
 * Has an entry beside the verifier throw the verifier's own class of errors, so that `instanceof`
 * holds, and verify with the verifier that is there, so that its wasm is there once. Of
 * `tokenkeep/edge` it uses nothing else. Logout tokens it leaves to `tokenkeep/logout`.
 * @type {import("esbuild").Plugin}
 */
const sharedVerifier = {
  name: "shared verifier",
  setup: ({ onResolve }) => {
    const external = (/** @type {string} */ path) => ({ path, external: true, sideEffects: false });
    onResolve({ filter: /(\/request\/error|\.\/edge)\.js$/ }, () => external("tokenkeep/edge"));
    onResolve({ filter: /^\.\.\/logout\.js$/ }, () => external("tokenkeep/logout"));
  },
};

/**
 * Has `tokenkeep/mediator` import what lies in a file of its own.
 * @type {import("esbuild").Plugin}
 */
const partsApart = {
  name: "parts apart",
  setup({ onResolve }) {
    for (const [filter, path] of mediatorParts)
      onResolve({ filter }, () => ({ path, external: true, sideEffects: false }));
  },
};

/**
 * Gives the page half of a hosted keep its own few messages: the worker brings the others.
 * @type {import("esbuild").Plugin}
 */
const hostedWords = {
  name: "hosted words",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/words\.js$/ }, () => ({ path: join(root, "js/hosted/words.ts") })),
};

/**
 * Whether members of an entry have short names in its bundle. No page downloads what is for tests,
 * and its own names are public.
 * @param {string} entry
 */
const isShortened = (entry) => entry !== "js/testing.ts";

/** @param {Entry} entry */
async function bundle({ entry, bundle: to, peers, inParts = false }) {
  const isCommand = commands.some((command) => command.entry === entry);
  const { build: esbuild } = await import("esbuild");
  const family = families.find(({ entries }) => entries.includes(entry));
  const { metafile, mangleCache } = await esbuild({
    entryPoints: [join(root, entry)],
    outfile: join(root, to),
    bundle: true,
    // By its own name: a path would be rewritten as one into js/.
    external: peers.map((peer) => peer.replace(/^\.\//, "*")),
    format: "esm",
    target: "es2022",
    minifySyntax: true,
    minifyIdentifiers: true,
    // Takes the annotations away.
    minifyWhitespace: !inParts,
    ...(isShortened(entry) ? { mangleProps: new RegExp(`^(?:${privateNames.join("|")})$`) } : {}),
    ...(family ? { mangleCache: family.names } : {}),
    legalComments: "none",
    plugins: [
      ...(peers.includes("tokenkeep/edge") ? [sharedVerifier] : []),
      ...(entry === "js/hosted.ts" ? [hostedWords] : []),
      ...(entry === "js/mediator.ts" ? [partsApart] : []),
    ],
    ...(isCommand ? { banner: { js: "#!/usr/bin/env node" } } : {}),
    metafile: true,
    logLevel: "warning",
    absWorkingDir: root,
  });
  if (family) Object.assign(family.names, mangleCache);
  const path = join(root, to);
  if (!isCommand) writeFileSync(path, await shortened(readFileSync(path, "utf8"), inParts));
  const outside = Object.values(metafile.outputs).flatMap((output) =>
    output.imports.filter((found) => found.external && !peers.includes(found.path)),
  );
  if (outside.length > 0)
    throw new StepFailed(`${to} imports ${outside.map((found) => found.path).join(", ")}.`);
}

/**
 * Makes dist/, unless the sources are unchanged; `fresh` says whether it had to.
 * @param {readonly Build[]} builds
 * @param {(what: string, usually: string, work: () => Promise<void>) => Promise<void>} step
 */
export async function buildPackage(builds, step) {
  const entries = [...builds.map((build) => ({ ...build, peers: clientChunks })), ...adapters];
  const tools = ["esbuild", "terser", "typescript", "@types/react", "hono"].map(
    (name) => `node_modules/${name}/package.json`,
  );
  const what = {
    name: "package",
    inputs: [
      "js",
      "kit",
      ...builds.map((build) => build.outDir),
      "tsconfig.json",
      "scripts/lib/bundle.mjs",
      "scripts/lib/declarations.mjs",
      "scripts/lib/entries.mjs",
      "scripts/lib/private-names.mjs",
      ...tools,
    ],
    words: [
      JSON.stringify(
        [...entries, ...commands].map(({ entry, bundle: to, peers }) => [entry, to, peers]),
      ),
    ],
    outputs: ["dist"],
  };
  return unlessDone(what, () =>
    step("Bundling the package into dist/", "3 s", async () => {
      rmSync(join(root, "dist"), { recursive: true, force: true });
      for (const entry of [...entries, ...commands]) await bundle(entry);
      for (const [from, to] of modules) copyFileSync(join(root, from), join(root, to));
      await declare(entries);
    }),
  );
}
