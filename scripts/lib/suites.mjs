// The test suites of the project: what each runs and how its tests are counted. test.mjs chooses
// among them and adds up their counts.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { countCargo, countNode, countWasm } from "./counts.mjs";
import { readManifest } from "./manifest.mjs";
import { root, run } from "./run.mjs";

/** @typedef {import("./counts.mjs").Count} Count */
/** @typedef {{ count: Count, output: string }} Outcome */

/**
 * The files of a folder of the project with this ending, sorted.
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]}
 */
function filesIn(folder, ending) {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort();
}

/** @param {string} problem @returns {Outcome} */
function nothingRan(problem) {
  return { count: { passed: 0, failed: 1, complaints: [problem] }, output: "" };
}

/**
 * Keeps what a suite printed.
 * @param {string} name
 * @param {string} output
 */
function keepLog(name, output) {
  mkdirSync(join(root, "build", "logs"), { recursive: true });
  writeFileSync(join(root, "build", "logs", `${name}.log`), output);
}

/**
 * Rust on this machine: the engine in virtual time, tables, properties, the readers of foreign
 * bytes by dice, and the examples in the documentation.
 * @returns {Promise<Outcome>}
 */
export async function runNative() {
  const packages = ["--package", "tokenkeep", "--package", "tokenkeep-fuzz"];
  const { code, output } = await run("cargo", ["test", "--locked", "--no-fail-fast", ...packages], {
    seconds: 1200,
  });
  keepLog("native", output);
  return { count: countCargo(output, code), output };
}

/**
 * The options of cargo that choose the wasm tests: the files under tests/ that hold a
 * #[wasm_bindgen_test].
 * @returns {string[]}
 */
export function wasmTests() {
  const files = filesIn("tests", ".rs").filter((file) => /^tests\/[^/]+$/.test(file));
  const tests = files.filter((file) =>
    readFileSync(join(root, file), "utf8").includes("#[wasm_bindgen_test"),
  );
  return tests.flatMap((file) => ["--test", file.slice("tests/".length, -".rs".length)]);
}

/**
 * Rust compiled to wasm, in a headless browser.
 * @param {"chrome" | "firefox"} browser
 * @returns {Promise<Outcome>}
 */
async function runWasmIn(browser) {
  const chosen = wasmTests();
  if (chosen.length === 0) return nothingRan("No file under tests/ holds a #[wasm_bindgen_test].");
  const features = [...new Set(readManifest().builds.flatMap((build) => build.features))].join(",");
  const { code, output } = await run(
    "wasm-pack",
    [
      "test",
      "--headless",
      `--${browser}`,
      "--mode",
      "no-install",
      ".",
      "--locked",
      "--no-default-features",
      "--features",
      features,
      ...chosen,
    ],
    { seconds: 1200, env: { WASM_BINDGEN_TEST_TIMEOUT: "180" } },
  );
  keepLog(browser === "chrome" ? "wasm" : "firefox-wasm", output);
  return { count: countWasm(output, code), output };
}

export const runWasm = () => runWasmIn("chrome");

/**
 * TypeScript tests with node's own runner.
 * @param {string} name
 * @param {readonly string[]} files
 * @param {readonly string[]} options
 * @param {Record<string, string>} env
 * @returns {Promise<Outcome>}
 */
async function runNode(name, files, options, env) {
  if (files.length === 0) return nothingRan("There is no test file.");
  mkdirSync(join(root, "build", "logs"), { recursive: true });
  const tap = join(root, "build", "logs", `${name}.tap`);
  writeFileSync(tap, "");
  const reporters = [
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=tap",
    `--test-reporter-destination=${tap}`,
  ];
  const { code, output } = await run(
    "node",
    ["--import", "tsx", "--test", ...options, ...reporters, ...files],
    { seconds: 1800, env },
  );
  keepLog(name, output);
  return { count: countNode(readFileSync(tap, "utf8"), code), output };
}

/**
 * How many test files run at once: more than there are cores, because most of them wait for a
 * browser or a server most of the time.
 * @param {number} more
 */
const filesAtOnce = (more) => `--test-concurrency=${availableParallelism() + more}`;

/** The files that take longest begin first, so that nothing waits for one of them at the end. */
export const longest = [
  "tests/browser/limits.test.ts",
  "tests/client/hosted/suite.test.ts",
  "tests/client/hosted/lost.test.ts",
  "tests/browser/mediator-worker.test.ts",
  "tests/browser/express-react.test.ts",
  "tests/client/asleep.test.ts",
  "tests/client/dpop.test.ts",
  "tests/docs/backends.test.ts",
  "tests/www/grace.test.ts",
  "tests/www/limits.test.ts",
  "tests/mediator/workers.test.ts",
  "tests/types/types.test.ts",
];

/** @param {readonly string[]} files */
function longestFirst(files) {
  return [
    ...longest.filter((file) => files.includes(file)),
    ...files.filter((file) => !longest.includes(file)),
  ];
}

const inBrowser = (/** @type {string} */ file) =>
  /^tests\/(browser|client|firefox|soak)\//.test(file);

/** The tests that need no browser: the Workers over HTTP, the scripts, the package. */
export function runJs() {
  return runNode(
    "js",
    longestFirst(filesIn("tests", ".test.ts").filter((file) => !inBrowser(file))),
    [filesAtOnce(2)],
    {},
  );
}

/**
 * The demo page against the real Workers, and the client against scripted servers, in Chromium.
 * It runs alone for most of its time, so more of its files run at once.
 * @param {string} chromium
 * @param {string | null} shell Chromium without its windows
 */
export function runBrowser(chromium, shell) {
  return runNode(
    "browser",
    longestFirst(
      filesIn("tests", ".test.ts").filter(
        (file) => inBrowser(file) && !file.startsWith("tests/firefox/"),
      ),
    ),
    [filesAtOnce(3)],
    { CHROMIUM: chromium, HEADLESS_SHELL: shell ?? chromium },
  );
}

/**
 * What can differ in another browser: starting, cookies, the 401, tabs, logout, redirects, a
 * policy, how keys are asked for, proofs. And what is known to differ.
 */
const inFirefox = [
  ...[
    "attempt",
    "boot",
    "csrf",
    "dpop",
    "guarded-logout",
    "local-cookies",
    "logout",
    "mediator",
    "policy",
    "redirects",
    "refused",
    "tabs",
  ].map((name) => `tests/client/${name}.test.ts`),
  "tests/client/hosted/suite.test.ts",
  "tests/firefox/differences.test.ts",
  "tests/edge/browsers.test.ts",
];

/**
 * The wasm tests, and the client against scripted servers, in Firefox.
 * @param {string} firefox
 * @returns {Promise<Outcome>}
 */
export async function runFirefox(firefox) {
  const wasm = await runWasmIn("firefox");
  const client = await runNode("firefox", longestFirst(inFirefox), [filesAtOnce(1)], {
    BROWSER: "firefox",
    FIREFOX: firefox,
  });
  const counts = [wasm.count, client.count];
  return {
    count: {
      passed: counts.reduce((sum, { passed }) => sum + passed, 0),
      failed: counts.reduce((sum, { failed }) => sum + failed, 0),
      complaints: counts.flatMap(({ complaints }) => complaints),
    },
    output: counts[0]?.failed === 0 ? client.output : wasm.output,
  };
}
