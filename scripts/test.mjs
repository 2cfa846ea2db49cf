// Runs all tests of the product: native Rust tests, wasm tests in Chromium, JavaScript tests over
// HTTP, browser tests through the demo page, and some of them in Firefox. Two suites run at a time,
// since tests wait for timers and servers. It ends with a table of counts. It exists so that one
// command proves a clone on a bare machine. check.mjs reads the sources. Alone: `npm test`, or
// `npm test -- native js` for some of the suites (native, wasm, js, browser, firefox). build/logs/
// keeps what the suites printed.

import { build } from "./build.mjs";
import { asCommand, atOnce, report, StepFailed, spoken } from "./lib/run.mjs";
import { table } from "./lib/sizes.mjs";
import { findChromium, findFirefox, findHeadlessShell } from "./lib/system.mjs";
import { needsOf, setUp } from "./setup.mjs";

/** @typedef {import("./lib/counts.mjs").Count} Count */

const names = /** @type {const} */ (["native", "wasm", "js", "browser", "firefox"]);
/** @typedef {(typeof names)[number]} Name */

/**
 * Suites that run one after the other. The lanes run at once. Those of cargo share a lane, because
 * they would wait for each other's builds; the package is built beside the native tests.
 * @type {readonly (readonly Name[])[]}
 */
const lanes = [
  ["native", "wasm", "firefox"],
  ["js", "browser"],
];

/** @param {readonly string[]} words @returns {readonly Name[]} */
function chosenOf(words) {
  const odd = words.find((word) => !names.some((name) => name === word));
  if (odd !== undefined)
    throw new StepFailed(`There is no suite "${odd}"; there are ${names.join(", ")}.`);
  return words.length === 0 ? names : names.filter((name) => words.includes(name));
}

/**
 * The part of the output that tells of failures, which node's runner and cargo print last; all of
 * it where there is no such part.
 * @param {string} output
 */
function tellingPart(output) {
  const begins = /^(✖ failing tests:|failures:)$/m.exec(output)?.index ?? 0;
  return output.slice(begins);
}

/** @param {Name} name @param {Promise<boolean>} built @returns {Promise<Count>} */
async function runSuite(name, built) {
  // Imported here because it needs npm packages, which set-up installs first.
  const { runBrowser, runFirefox, runJs, runNative, runWasm } = await import("./lib/suites.mjs");
  if (needsTheBuild(name) && !(await built))
    return { passed: 0, failed: 1, complaints: ["Not run: the build failed."] };
  const suites = {
    native: runNative,
    wasm: runWasm,
    js: runJs,
    browser: () => runBrowser(findChromium() ?? "chromium", findHeadlessShell()),
    firefox: () => runFirefox(findFirefox() ?? "firefox"),
  };
  console.log(`› ${name}`);
  const began = performance.now();
  const { count, output } = await suites[name]();
  const time = spoken(performance.now() - began);
  console.log(`  ${name}: ${count.passed} passed, ${count.failed} failed in ${time}`);
  if (count.failed > 0)
    console.log(`\n${tellingPart(output).trimEnd()}\n\n  All of it is in build/logs/${name}.log.`);
  return count;
}

/** @param {Name} name */
function needsTheBuild(name) {
  return name === "js" || name === "browser" || name === "firefox";
}

/**
 * Builds the package for the suites that use it.
 * @param {readonly Name[]} chosen
 * @returns {Promise<boolean>}
 */
async function tryBuild(chosen) {
  if (!chosen.some(needsTheBuild)) return true;
  try {
    // Lenient, because the budget has a test of its own: being over it hides nothing else.
    await build({ sizes: true, lenient: true });
    return true;
  } catch (error) {
    report(error);
    return false;
  }
}

async function test() {
  const chosen = chosenOf(process.argv.slice(2));
  await setUp(needsOf(chosen));
  const building = tryBuild(chosen);

  /** @type {Map<Name, [Count, number]>} */
  const ended = new Map();
  await atOnce(
    lanes.map((lane) => async () => {
      for (const name of lane.filter((one) => chosen.includes(one))) {
        const began = performance.now();
        const count = await runSuite(name, building);
        for (const complaint of count.complaints) console.log(`  ${name}: ${complaint}`);
        ended.set(name, [count, performance.now() - began]);
      }
    }),
  );
  const built = await building;
  const rows = [...ended].sort(([one], [other]) => names.indexOf(one) - names.indexOf(other));
  const passed = rows.reduce((total, [, [count]]) => total + count.passed, 0);
  const failed = rows.reduce((total, [, [count]]) => total + count.failed, built ? 0 : 1);
  const cells = rows.map(([name, [count, time]]) => [
    name,
    String(count.passed),
    String(count.failed),
    spoken(time),
  ]);
  console.log(`\n${table([["", "passed", "failed", "time"], ...cells])}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

await asCommand(import.meta.url, test);
