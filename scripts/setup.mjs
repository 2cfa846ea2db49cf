// Installs what the project needs and the machine lacks: npm packages, the wasm target of Rust,
// wasm-pack and wasm-bindgen in the versions that wasm-pack.toml names (into .tools/), for the
// tests Deno, Redis, Chromium and Firefox, for the checks cargo-deny, Biome and the documentation's
// tools. It exists so that `npm start`, `npm test` and `npm run check` work on a fresh clone. Each
// calls it for what it needs itself. What is there already costs no more than a look; what does not
// wait for one another is installed at once. Alone: `node scripts/setup.mjs`, with `--tests` or
// `--checks` for what only those need. Until npm has run, only Node's own modules can be used.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import {
  atOnce,
  endChildrenOnSignal,
  isMain,
  must,
  report,
  root,
  run,
  StepFailed,
  step,
  which,
} from "./lib/run.mjs";
import {
  installChromium,
  installFirefox,
  installHeadlessShell,
  installRedis,
} from "./lib/system.mjs";

/**
 * @typedef {object} Locked
 * @property {string} version
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 */

/**
 * The packages of a lock file by folder. npm keeps a lock file of what it installed in
 * node_modules.
 * @param {string} path
 * @returns {Record<string, Locked>}
 */
function packagesOf(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages;
}

/**
 * Whether node_modules holds what package-lock.json says. An optional package may be absent: it is
 * for another platform.
 * @param {string} folder
 */
export function packagesAreInstalled(folder) {
  const copy = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(copy)) return false;
  const installed = packagesOf(copy);
  return Object.entries(packagesOf(join(folder, "package-lock.json"))).every(([place, wanted]) => {
    if (place === "") return true;
    const found = installed[place];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return (
      found.version === wanted.version &&
      found.integrity === wanted.integrity &&
      existsSync(join(folder, place))
    );
  });
}

/**
 * Installs the project's own packages, or those of a folder that has its own lock file.
 * @param {string} [folder]
 */
export async function installPackages(folder = root) {
  if (packagesAreInstalled(folder)) return;
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  await step(
    `Installing the npm packages of ${relative(root, join(folder, "package-lock.json"))}`,
    "20 s",
    () => must(npm, ["ci", "--no-audit", "--no-fund"], { cwd: folder, seconds: 600 }),
  );
}

/** @param {boolean} lints */
async function installRust(lints) {
  if (which("cargo") === null || which("rustc") === null) {
    throw new StepFailed(
      "Rust is missing: install rustup with the stable toolchain (https://rustup.rs), then " +
        "start again.",
    );
  }
  const target = "wasm32-unknown-unknown";
  const library = (
    await run("rustc", ["--print", "target-libdir", "--target", target])
  ).stdout.trim();
  if (library === "" || !existsSync(library)) {
    needRustup(`the Rust target ${target}`);
    await step(`Adding the Rust target ${target}`, "10 s", () =>
      must("rustup", ["target", "add", target], { seconds: 600 }),
    );
  }
  if (!lints) return;
  for (const [component, program] of /** @type {const} */ ([
    ["clippy", "cargo-clippy"],
    ["rustfmt", "cargo-fmt"],
  ])) {
    if ((await run(program, ["--version"])).code === 0) continue;
    needRustup(component);
    await step(`Adding ${component}`, "10 s", () =>
      must("rustup", ["component", "add", component], { seconds: 600 }),
    );
  }
}

/** @param {string} what */
function needRustup(what) {
  if (which("rustup") === null)
    throw new StepFailed(`Without rustup, ${what} has to be installed by hand; then start again.`);
}

/**
 * Builds the programs of a crate into .tools/, unless the first is there in this version.
 * @param {string} crate @param {string} version @param {readonly [string, ...string[]]} programs
 * @param {readonly string[]} [options]
 */
async function installTool(crate, version, programs, options = []) {
  const path = join(root, ".tools", "bin", programs[0]);
  if (
    existsSync(path) &&
    (await run(path, ["--version"])).stdout.trim().split(/\s+/)[1] === version
  )
    return;
  const place = [
    "--root",
    join(root, ".tools"),
    "--version",
    version,
    ...programs.flatMap((program) => ["--bin", program]),
  ];
  await step(`Building ${crate} ${version} into .tools/, once`, "2 min on two cores", () =>
    must("cargo", ["install", "--locked", "--force", ...place, ...options, crate], {
      seconds: 1800,
      env: quickBuild,
    }),
  );
}

const toolsTarget = join(root, ".tools", "target");

// These tools run for a second at most. Optimising them would cost minutes and save less than that
// second. What two of them depend on is compiled once.
const quickBuild = {
  CARGO_TARGET_DIR: toolsTarget,
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
};

// Not in wasm-pack.toml, because it takes no part in a build.
const cargoDeny = "0.20.2";

async function installTools() {
  // Imported here because the manifest's parser is an npm package.
  const { readManifest } = await import("./lib/manifest.mjs");
  const { tools } = readManifest();
  await installTool("wasm-pack", tools["wasm-pack"], ["wasm-pack"]);
  await installTool(
    "wasm-bindgen-cli",
    tools["wasm-bindgen"],
    ["wasm-bindgen", "wasm-bindgen-test-runner"],
    // Its test runner speaks to drivers on this machine alone, for which TLS is not needed.
    ["--no-default-features"],
  );
}

// Not in package.json, because a registry may offer the packages of one platform only, and a lock
// file has to name those of all platforms.
const deno = "2.9.6";
const biome = "2.6.8";

/** The path of Deno, which set-up may still have to install. */
export function denoPath() {
  const platform =
    process.platform === "linux"
      ? `linux-${process.arch}-glibc`
      : `${process.platform}-${process.arch}`;
  return join(
    root,
    ".tools",
    "deno",
    "node_modules",
    "@deno",
    platform,
    process.platform === "win32" ? "deno.exe" : "deno",
  );
}

async function installDeno() {
  if (
    existsSync(denoPath()) &&
    (await run(denoPath(), ["--version"])).stdout.startsWith(`deno ${deno} `)
  )
    return;
  await installPackage("Deno", "deno", `@deno/${basename(dirname(denoPath()))}`, deno);
}

/** The path of the script that starts Biome, which set-up may still have to install. */
export function biomePath() {
  return join(root, ".tools", "biome", "node_modules", "@biomejs", "biome", "bin", "biome");
}

async function installBiome() {
  if (
    existsSync(biomePath()) &&
    (await run(process.execPath, [biomePath(), "--version"])).stdout.trim() === `Version: ${biome}`
  )
    return;
  await installPackage("Biome", "biome", "@biomejs/biome", biome);
}

// Not in package.json, because only the tests of the backends in examples/ use it, and it may have
// to be compiled. Version 13 wants Node 22.
const sqlite = "12.11.1";

/** The path of better-sqlite3, which set-up may still have to install. */
export const sqlitePath = join(root, ".tools", "sqlite", "node_modules", "better-sqlite3");

async function installSqlite() {
  const look = `const path = ${JSON.stringify(sqlitePath)};
    new (require(path))(":memory:");
    console.log(require(path + "/package.json").version);`;
  if ((await run(process.execPath, ["-e", look])).stdout.trim() === sqlite) return;
  await installPackage("better-sqlite3", "sqlite", "better-sqlite3", sqlite, {
    time: "20 s",
    // Where no ready build can be fetched, npm compiles SQLite: to optimise it takes a minute.
    env: { CFLAGS: "-O0", CXXFLAGS: "-O0" },
  });
}

const flask = ["Flask==3.1.3", "PyJWT==2.15.1"];

/** Where Python finds Flask and PyJWT. */
export const flaskPath = join(root, ".tools", "flask");

/** Python 3.10 or newer with pip, or null: only the backend in examples/backends/flask needs it. */
export async function findPython() {
  const look = "import sys, pip; sys.exit(sys.version_info < (3, 10))";
  return (await run("python3", ["-c", look])).code === 0 ? "python3" : null;
}

async function installFlask() {
  const python = await findPython();
  const look = `import importlib.metadata as m
print(*(f"{name}=={m.version(name)}" for name in ("Flask", "PyJWT")))`;
  const env = { PYTHONPATH: flaskPath };
  if (python === null) return;
  if ((await run(python, ["-c", look], { env })).stdout.trim() === flask.join(" ")) return;
  const options = ["--quiet", "--disable-pip-version-check", "--upgrade", "--target", flaskPath];
  await step(`Installing ${flask.join(" and ")} into .tools/, once`, "10 s", () =>
    must(python, ["-m", "pip", "install", ...options, ...flask], { seconds: 300 }),
  );
}

/**
 * @param {string} program
 * @param {string} folder under .tools/
 * @param {string} name
 * @param {string} version
 * @param {{ time?: string, env?: Record<string, string> }} [options] `time` is how long it usually
 * takes
 */
function installPackage(program, folder, name, version, { time = "10 s", env = {} } = {}) {
  const place = [
    "--prefix",
    join(root, ".tools", folder),
    "--no-save",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
  ];
  return step(`Installing ${program} ${version} into .tools/, once`, time, () =>
    must("npm", ["install", ...place, `${name}@${version}`], { seconds: 600, env }),
  );
}

// Debian has no package of geckodriver.
const geckodriver = "0.37.1";

const installGeckodriver = () => installTool("geckodriver", geckodriver, ["geckodriver"]);

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
    install: () => installTool("cargo-deny", cargoDeny, ["cargo-deny"]),
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
  rmSync(toolsTarget, { recursive: true, force: true });
}

if (isMain(import.meta.url)) {
  endChildrenOnSignal();
  try {
    const tests = process.argv.includes("--tests");
    const checks = process.argv.includes("--checks");
    await setUp({ runtimes: tests, redis: tests, browser: tests, firefox: tests, checks });
    console.log("Everything that is needed is installed.");
  } catch (error) {
    report(error);
  }
}
