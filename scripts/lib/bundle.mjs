// The JavaScript half of the package: bundles each entry of wasm-pack.toml, and those that need no
// wasm, with esbuild into dist/, and has terser shorten what a user downloads. Lays the type
// declarations beside them: those that the public ones lead to, none of which names the generated
// glue.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { privateNames } from "./private-names.mjs";
import { must, root, StepFailed } from "./run.mjs";
import { unlessDone } from "./stamps.mjs";

/** @typedef {import("./manifest.mjs").Build} Build */
/**
 * `peers`: what it leaves to the application, or to the runtime. `typedBy`: whose types it has,
 * where not its own. `budget`: the most that it may weigh gzipped, in bytes. `inParts`: its
 * annotations stay, by which an application's bundler leaves out the exports that nobody imports.
 * @typedef
 * {{
 *   entry: string, bundle: string, peers: readonly string[],
 *   typedBy?: string, budget?: number, inParts?: boolean,
 * }} Entry
 */

/** What the client loads when an option asks for it. */
const clientChunks = ["./dpop.js", "./dpop-key.js", "./worker-home.js"];

/** What the entries that call a provider load when an option or a call asks for it. */
export const providerChunks = [
  "./assertion.js",
  "./introspection-discovery.js",
  "./mediator-backchannel.js",
  "./mediator-sealed.js",
  "./service-discovery.js",
  "./service-retry.js",
  "./service-store.js",
  "./service-users.js",
  "./signed-answers.js",
];

/**
 * Which modules of `tokenkeep/mediator` lie in a file of their own. It imports them at once, and a
 * bundler leaves out what an application does not use.
 * @type {readonly (readonly [module: RegExp, file: string])[]}
 */
const mediatorParts = [
  [/sessions\/d1\.js$/, "./mediator-d1.js"],
  [/sessions\/durable\.js$/, "./mediator-objects.js"],
  [/sessions\/check\.js$/, "./session-check.js"],
  [/(shared\/options|settings|(\.|mediator)\/error)\.js$/, "./mediator-options.js"],
];

/**
 * Entry points without wasm in them, which wasm-pack.toml has no place for.
 * @type {readonly Entry[]}
 */
export const adapters = [
  { entry: "js/slim.ts", bundle: "dist/slim.js", peers: clientChunks },
  {
    entry: "js/dpop.ts",
    bundle: "dist/dpop.js",
    peers: [],
    typedBy: "js/index.ts",
    budget: 1_200,
  },
  { entry: "js/dpop-key.ts", bundle: "dist/dpop-key.js", peers: [], typedBy: "js/index.ts" },
  {
    entry: "js/worker-home.ts",
    bundle: "dist/worker-home.js",
    peers: [],
    typedBy: "js/index.ts",
  },
  { entry: "js/hosted.ts", bundle: "dist/hosted.js", peers: [], budget: 5_000 },
  { entry: "js/worker.ts", bundle: "dist/worker.js", peers: ["./dpop-key.js"], budget: 29_500 },
  { entry: "js/react.ts", bundle: "dist/react.js", peers: ["react"] },
  { entry: "js/redirects.ts", bundle: "dist/redirects.js", peers: [], budget: 1_500 },
  {
    entry: "js/edge-workerd.ts",
    bundle: "dist/edge-workerd.js",
    peers: ["./edge.wasm"],
    typedBy: "js/edge.ts",
  },
  {
    entry: "js/edge-light.ts",
    bundle: "dist/edge-light.js",
    peers: ["./edge.wasm?module"],
    typedBy: "js/edge.ts",
  },
  { entry: "js/hono.ts", bundle: "dist/hono.js", peers: ["hono"] },
  { entry: "js/discovery.ts", bundle: "dist/discovery.js", peers: [], budget: 1_500 },
  {
    entry: "js/introspection.ts",
    bundle: "dist/introspection.js",
    peers: ["oauth4webapi", "tokenkeep/edge", ...providerChunks],
    budget: 3_000,
  },
  {
    entry: "js/introspection-discovery.ts",
    bundle: "dist/introspection-discovery.js",
    peers: ["oauth4webapi"],
    typedBy: "js/introspection.ts",
    budget: 500,
  },
  {
    entry: "js/signed-answers.ts",
    bundle: "dist/signed-answers.js",
    peers: ["tokenkeep/edge"],
    typedBy: "js/introspection.ts",
    budget: 600,
  },
  // The client's own module, so that a fake's errors are of the class that an application imports.
  { entry: "js/testing.ts", bundle: "dist/testing.js", peers: ["./index.js"] },
  {
    entry: "js/resource.ts",
    bundle: "dist/resource.js",
    peers: ["tokenkeep/edge"],
    budget: 1_000,
  },
  { entry: "js/logout.ts", bundle: "dist/logout.js", peers: ["tokenkeep/edge"], budget: 3_000 },
  {
    entry: "js/service.ts",
    bundle: "dist/service.js",
    peers: ["oauth4webapi", ...providerChunks],
    budget: 5_000,
  },
  {
    entry: "js/assertion.ts",
    bundle: "dist/assertion.js",
    peers: ["oauth4webapi"],
    typedBy: "js/service.ts",
    budget: 500,
  },
  {
    entry: "js/service-discovery.ts",
    bundle: "dist/service-discovery.js",
    peers: ["oauth4webapi"],
    typedBy: "js/service.ts",
    budget: 500,
  },
  {
    entry: "js/service-retry.ts",
    bundle: "dist/service-retry.js",
    peers: [],
    typedBy: "js/service.ts",
    budget: 500,
  },
  {
    entry: "js/service-users.ts",
    bundle: "dist/service-users.js",
    peers: [],
    typedBy: "js/service.ts",
    budget: 1_150,
  },
  {
    entry: "js/service-store.ts",
    bundle: "dist/service-store.js",
    peers: [],
    typedBy: "js/service.ts",
    budget: 1_300,
  },
  { entry: "js/jwe.ts", bundle: "dist/jwe.js", peers: ["tokenkeep/edge"], budget: 4_000 },
  {
    entry: "js/replay-object.ts",
    bundle: "dist/replay-object.js",
    peers: [],
    budget: 900,
  },
  { entry: "js/redis.ts", bundle: "dist/redis.js", peers: ["tokenkeep/edge"], budget: 4_000 },
  {
    entry: "js/mediator.ts",
    bundle: "dist/mediator.js",
    peers: [
      "tokenkeep/edge",
      "oauth4webapi",
      ...providerChunks,
      ...mediatorParts.map(([, file]) => file),
    ],
    budget: 9_216,
    inParts: true,
  },
  {
    entry: "js/mediator-options.ts",
    bundle: "dist/mediator-options.js",
    peers: ["tokenkeep/edge", "oauth4webapi", ...providerChunks],
    typedBy: "js/mediator.ts",
    budget: 2_350,
    inParts: true,
  },
  {
    entry: "js/mediator-backchannel.ts",
    bundle: "dist/mediator-backchannel.js",
    peers: ["tokenkeep/edge", "tokenkeep/logout"],
    typedBy: "js/mediator.ts",
    budget: 700,
  },
  {
    entry: "js/mediator-sealed.ts",
    bundle: "dist/mediator-sealed.js",
    peers: [],
    typedBy: "js/mediator.ts",
    budget: 1_100,
  },
  {
    entry: "js/mediator-d1.ts",
    bundle: "dist/mediator-d1.js",
    peers: [],
    typedBy: "js/mediator.ts",
    budget: 700,
  },
  {
    entry: "js/mediator-objects.ts",
    bundle: "dist/mediator-objects.js",
    peers: [],
    typedBy: "js/mediator.ts",
    budget: 900,
  },
  {
    entry: "js/session-check.ts",
    bundle: "dist/session-check.js",
    peers: [],
    typedBy: "js/mediator.ts",
    budget: 1_300,
  },
];

/**
 * What runs on Node as a command (`bin` in package.json), and has no types.
 * @type {readonly Entry[]}
 */
const commands = [
  { entry: "kit/cli.ts", bundle: "dist/contract.js", peers: ["node:fs/promises", "node:util"] },
];

/**
 * Modules that lie beside the bundles as they are.
 * @type {readonly (readonly [from: string, to: string])[]}
 */
const modules = [
  ["build/client/client_bg.wasm", "dist/client.wasm"],
  ["build/edge/edge_bg.wasm", "dist/edge.wasm"],
];

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
 * Entries and the chunks that they load, with the short names that members have in all of them.
 * @type {readonly { entries: readonly string[], names: Record<string, string | false> }[]}
 */
const families = [
  {
    entries: [
      "js/index.ts",
      "js/slim.ts",
      "js/dpop.ts",
      "js/dpop-key.ts",
      "js/worker-home.ts",
      "js/worker.ts",
    ],
    names: {},
  },
  {
    entries: [
      "js/service.ts",
      "js/service-discovery.ts",
      "js/service-retry.ts",
      "js/service-store.ts",
      "js/service-users.ts",
    ],
    names: {},
  },
  {
    entries: [
      "js/mediator.ts",
      "js/mediator-backchannel.ts",
      "js/mediator-options.ts",
      "js/mediator-sealed.ts",
    ],
    names: {},
  },
];

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
 * The modules that a declaration file imports or re-exports, in any of TypeScript's spellings.
 * @param {string} source
 */
function importsOf(source) {
  return [...source.matchAll(/\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}

/**
 * Copies a declaration file and those it leads to into dist/.
 * @param {string} types the folder that tsc wrote
 * @param {string} file
 * @param {Set<string>} seen
 * @param {readonly string[]} peers
 */
function copyDeclarations(types, file, seen, peers) {
  if (seen.has(file)) return;
  seen.add(file);
  const target = join(root, "dist", relative(types, file));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
  for (const specifier of importsOf(readFileSync(file, "utf8"))) {
    const next = resolve(dirname(file), specifier.replace(/\.js$/, ".d.ts"));
    if (peers.includes(specifier)) continue;
    if (!specifier.startsWith(".") || !next.startsWith(types + sep) || !existsSync(next)) {
      throw new StepFailed(
        `The public types lead outside the package: ${basename(file)} imports "${specifier}".`,
      );
    }
    copyDeclarations(types, next, seen, peers);
  }
}

/** @param {readonly Entry[]} entries */
async function declare(entries) {
  const types = join(root, "build", "types");
  rmSync(types, { recursive: true, force: true });
  await must("tsc", ["-p", "js/tsconfig.json", "--outDir", types]);
  const seen = new Set();
  for (const { entry, peers } of entries.filter(({ typedBy }) => typedBy === undefined)) {
    copyDeclarations(types, join(types, basename(entry).replace(/\.ts$/, ".d.ts")), seen, peers);
  }
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
