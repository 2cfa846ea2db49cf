// Installs what the project needs and the machine lacks: npm packages, the wasm target of Rust,
// wasm-pack and wasm-bindgen in the versions that wasm-pack.toml names (into .tools/), for the
// tests Deno, Redis, Chromium and Firefox, for the checks cargo-deny, Biome and the documentation's
// tools. It exists so that `npm start`, `npm test` and `npm run check` work on a fresh clone. Each
// calls it for what it needs itself. What is there already costs no more than a look; what does not
// wait for one another is installed at once. Alone: `node scripts/setup.mjs`, with `--tests` or
// `--checks` for what only those need. Until npm has run, only Node's own modules can be used.

import { join } from "node:path";
import {
  forgetBuilds,
  installCargoDeny,
  installGeckodriver,
  installRust,
  installTools,
} from "./lib/cargo.mjs";
import { installPackages } from "./lib/packages.mjs";
import { asCommand, atOnce, root, StepFailed } from "./lib/run.mjs";
import {
  installChromium,
  installFirefox,
  installHeadlessShell,
  installRedis,
} from "./lib/system.mjs";
import { installBiome, installDeno, installFlask, installSqlite } from "./lib/tools.mjs";

/**
 * @typedef {object} Needs what is to be done, beside building the package
 * @property {boolean} [runtimes] to run it in Deno
 * @property {boolean} [redis] to give it a Redis
 * @property {boolean} [browser] to open it in Chromium
 * @property {boolean} [firefox] to open it in Firefox
 * @property {boolean} [docs] to build the documentation
 * @property {boolean} [checks] to read the sources: lints, types, licences, the documentation
 */

/**
 * @typedef {object} Step
 * @property {string} what
 * @property {"first" | "cargo" | "npm" | "pip" | "system"} lane steps of one lane are taken one
 * after the other, lanes at once; all others wait for the first
 * @property {(needs: Needs) => boolean} isNeeded
 * @property {(needs: Needs) => Promise<void>} install
 */

/** @type {readonly Step[]} */
const steps = [
  {
    what: "npm packages",
    lane: "first",
    isNeeded: () => true,
    install: () => installPackages(),
  },
  {
    what: "Rust",
    lane: "first",
    isNeeded: () => true,
    // A test holds clippy.toml to clippy.
    install: ({ checks = false, runtimes = false }) => installRust(checks || runtimes),
  },
  {
    what: "wasm-pack and wasm-bindgen",
    lane: "cargo",
    isNeeded: () => true,
    install: installTools,
  },
  {
    what: "geckodriver",
    lane: "cargo",
    isNeeded: ({ firefox = false }) => firefox,
    install: installGeckodriver,
  },
  {
    what: "better-sqlite3",
    lane: "npm",
    isNeeded: ({ runtimes = false }) => runtimes,
    install: installSqlite,
  },
  { what: "Deno", lane: "npm", isNeeded: ({ runtimes = false }) => runtimes, install: installDeno },
  {
    what: "Flask",
    lane: "pip",
    isNeeded: ({ runtimes = false }) => runtimes,
    install: installFlask,
  },
  { what: "Redis", lane: "system", isNeeded: ({ redis = false }) => redis, install: installRedis },
  {
    what: "Chromium",
    lane: "system",
    isNeeded: ({ browser = false }) => browser,
    install: async () => {
      await installChromium();
      await installHeadlessShell();
    },
  },
  {
    what: "Firefox",
    lane: "system",
    isNeeded: ({ firefox = false }) => firefox,
    install: installFirefox,
  },
  {
    what: "the documentation's packages",
    lane: "npm",
    isNeeded: ({ docs = false, checks = false }) => docs || checks,
    install: () => installPackages(join(root, "docs")),
  },
  {
    what: "the measurements' packages",
    lane: "npm",
    isNeeded: ({ checks = false }) => checks,
    install: () => installPackages(join(root, "benches", "peers")),
  },
  { what: "Biome", lane: "npm", isNeeded: ({ checks = false }) => checks, install: installBiome },
  {
    what: "cargo-deny",
    lane: "cargo",
    isNeeded: ({ checks = false }) => checks,
    install: installCargoDeny,
  },
];

/** What set-up looks after for these needs, in its order. @param {Needs} needs */
export function stepsFor(needs) {
  return steps.filter(({ isNeeded }) => isNeeded(needs)).map(({ what }) => what);
}

/** What the suites of `npm test` need. @param {readonly string[]} suites @returns {Needs} */
export function needsOf(suites) {
  return {
    runtimes: suites.includes("js") || suites.includes("browser"),
    redis: suites.includes("js"),
    browser: suites.includes("wasm") || suites.includes("browser"),
    firefox: suites.includes("firefox"),
  };
}

/** Brings the machine to where all that is needed can be done. @param {Needs} [needs] */
export async function setUp(needs = {}) {
  if (Number(process.versions.node.split(".")[0]) < 20)
    throw new StepFailed(`Node 20 or newer is needed; this is ${process.version}.`);
  const needed = steps.filter(({ isNeeded }) => isNeeded(needs));
  /** @param {Step["lane"]} chosen */
  const take = async (chosen) => {
    for (const { lane, install } of needed) if (lane === chosen) await install(needs);
  };
  await take("first");
  await atOnce([() => take("cargo"), () => take("npm"), () => take("pip"), () => take("system")]);
  forgetBuilds();
}

await asCommand(import.meta.url, async () => {
  const tests = process.argv.includes("--tests");
  const checks = process.argv.includes("--checks");
  await setUp({ runtimes: tests, redis: tests, browser: tests, firefox: tests, checks });
  console.log("Everything that is needed is installed.");
});
