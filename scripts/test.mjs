// Runs all tests of the product: native Rust tests, wasm tests in Chromium, JavaScript tests over
// HTTP, browser tests through the demo page, and some of them in Firefox. It ends with a table of
// counts. It exists so that one command proves a clone on a bare machine. check.mjs reads the
// sources. Alone: `npm test`, or `npm test -- native js` for some of the suites (native, wasm, js,
// browser, firefox). build/logs/ keeps what the suites printed.

import { build } from "./build.mjs";
import { endChildrenOnSignal, report, StepFailed, spoken } from "./lib/run.mjs";
import { table } from "./lib/sizes.mjs";
import { findChromium, findFirefox, findHeadlessShell, needsOf, setUp } from "./setup.mjs";

/** @typedef {import("./lib/counts.mjs").Count} Count */

const names = /** @type {const} */ (["native", "wasm", "js", "browser", "firefox"]);
/** @typedef {(typeof names)[number]} Name */

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

/** @param {Name} name @param {boolean} built @returns {Promise<Count>} */
async function runSuite(name, built) {
  // Imported here because it needs npm packages, which set-up installs first.
  const { runBrowser, runFirefox, runJs, runNative, runWasm } = await import("./lib/suites.mjs");
  if (!built && needsTheBuild(name))
    return { passed: 0, failed: 1, complaints: ["Not run: the build failed."] };
  const suites = {
    native: runNative,
    wasm: runWasm,
    js: runJs,
    browser: () => runBrowser(findChromium() ?? "chromium", findHeadlessShell()),
    firefox: () => runFirefox(findFirefox() ?? "firefox"),
  };
  const { count, output } = await suites[name]();
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
  const built = await tryBuild(chosen);

  /** @type {[Name, Count, number][]} */
  const rows = [];
  for (const name of chosen) {
    console.log(`› ${name}`);
    const began = performance.now();
    const count = await runSuite(name, built);
    for (const complaint of count.complaints) console.log(`  ${complaint}`);
    rows.push([name, count, performance.now() - began]);
  }
  const passed = rows.reduce((total, [, count]) => total + count.passed, 0);
  const failed = rows.reduce((total, [, count]) => total + count.failed, built ? 0 : 1);
  const cells = rows.map(([name, count, time]) => [
    name,
    String(count.passed),
    String(count.failed),
    spoken(time),
  ]);
  console.log(`\n${table([["", "passed", "failed", "time"], ...cells])}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

endChildrenOnSignal();
try {
  await test();
} catch (error) {
  report(error);
}
