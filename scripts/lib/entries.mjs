// What is bundled into dist/: the entries without wasm, which wasm-pack.toml has no place for, the
// chunks that they load, the command, and the modules that lie beside them; with what each leaves
// to others, and the most that it may weigh.

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

/**
 * @typedef {{ peers?: readonly string[], budget?: number, inParts?: boolean, typedBy?: string }}
 * Options
 */

/** js/NAME.ts, which becomes dist/NAME.js. @param {string} name @param {Options} [options] */
const entry = (name, { peers = [], ...options } = {}) => ({
  entry: `js/${name}.ts`,
  bundle: `dist/${name}.js`,
  peers,
  ...options,
});

/**
 * An entry that has the types of another one: a chunk of it, or the same for another runtime.
 * @param {string} name @param {string} whole @param {Options} [options]
 */
const partOf = (name, whole, options = {}) =>
  entry(name, { ...options, typedBy: `js/${whole}.ts` });

/** What the client loads when an option asks for it. */
export const clientChunks = ["./dpop.js", "./dpop-key.js", "./worker-home.js"];

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
export const mediatorParts = [
  [/sessions\/d1\.js$/, "./mediator-d1.js"],
  [/sessions\/durable\.js$/, "./mediator-objects.js"],
  [/sessions\/check\.js$/, "./session-check.js"],
  [/(shared\/options|settings|(\.|mediator)\/error)\.js$/, "./mediator-options.js"],
];

/**
 * Entry points without wasm in them.
 * @type {readonly Entry[]}
 */
export const adapters = [
  entry("slim", { peers: clientChunks }),
  partOf("dpop", "index", { budget: 1_200 }),
  partOf("dpop-key", "index"),
  partOf("worker-home", "index"),
  entry("hosted", { budget: 5_000 }),
  entry("worker", { peers: ["./dpop-key.js"], budget: 29_500 }),
  entry("react", { peers: ["react"] }),
  entry("redirects", { budget: 1_500 }),
  partOf("edge-workerd", "edge", { peers: ["./edge.wasm"] }),
  partOf("edge-light", "edge", { peers: ["./edge.wasm?module"] }),
  entry("hono", { peers: ["hono"] }),
  entry("discovery", { budget: 1_500 }),
  entry("introspection", {
    peers: ["oauth4webapi", "tokenkeep/edge", ...providerChunks],
    budget: 3_000,
  }),
  partOf("introspection-discovery", "introspection", { peers: ["oauth4webapi"], budget: 500 }),
  partOf("signed-answers", "introspection", { peers: ["tokenkeep/edge"], budget: 600 }),
  // The client's own module, so that a fake's errors are of the class that an application imports.
  entry("testing", { peers: ["./index.js"] }),
  entry("resource", { peers: ["tokenkeep/edge"], budget: 1_000 }),
  entry("logout", { peers: ["tokenkeep/edge"], budget: 3_000 }),
  entry("service", { peers: ["oauth4webapi", ...providerChunks], budget: 5_000 }),
  partOf("assertion", "service", { peers: ["oauth4webapi"], budget: 500 }),
  partOf("service-discovery", "service", { peers: ["oauth4webapi"], budget: 500 }),
  partOf("service-retry", "service", { budget: 500 }),
  partOf("service-users", "service", { budget: 1_150 }),
  partOf("service-store", "service", { budget: 1_300 }),
  entry("jwe", { peers: ["tokenkeep/edge"], budget: 4_000 }),
  entry("replay-object", { budget: 900 }),
  entry("redis", { peers: ["tokenkeep/edge"], budget: 4_000 }),
  entry("mediator", {
    peers: [
      "tokenkeep/edge",
      "oauth4webapi",
      ...providerChunks,
      ...mediatorParts.map(([, file]) => file),
    ],
    budget: 9_216,
    inParts: true,
  }),
  partOf("mediator-options", "mediator", {
    peers: ["tokenkeep/edge", "oauth4webapi", ...providerChunks],
    budget: 2_350,
    inParts: true,
  }),
  partOf("mediator-backchannel", "mediator", {
    peers: ["tokenkeep/edge", "tokenkeep/logout"],
    budget: 700,
  }),
  partOf("mediator-sealed", "mediator", { budget: 1_100 }),
  partOf("mediator-d1", "mediator", { budget: 700 }),
  partOf("mediator-objects", "mediator", { budget: 900 }),
  partOf("session-check", "mediator", { budget: 1_300 }),
];

/**
 * What runs on Node as a command (`bin` in package.json), and has no types.
 * @type {readonly Entry[]}
 */
export const commands = [
  { entry: "kit/cli.ts", bundle: "dist/contract.js", peers: ["node:fs/promises", "node:util"] },
];

/**
 * Modules that lie beside the bundles as they are.
 * @type {readonly (readonly [from: string, to: string])[]}
 */
export const modules = [
  ["build/client/client_bg.wasm", "dist/client.wasm"],
  ["build/edge/edge_bg.wasm", "dist/edge.wasm"],
];

/**
 * Entries and the chunks that they load, with the short names that members have in all of them.
 * @typedef {{ entries: readonly string[], names: Record<string, string | false> }} Family
 */

/** @param {readonly string[]} names @returns {Family} */
const family = (...names) => ({ entries: names.map((name) => `js/${name}.ts`), names: {} });

export const families = [
  family("index", "slim", "dpop", "dpop-key", "worker-home", "worker"),
  family("service", "service-discovery", "service-retry", "service-store", "service-users"),
  family("mediator", "mediator-backchannel", "mediator-options", "mediator-sealed"),
];
