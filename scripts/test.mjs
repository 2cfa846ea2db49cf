// Runs everything that shows the product to work: native Rust tests, wasm tests in Chromium,
// JavaScript tests over HTTP, browser tests through the demo page, and some of them in Firefox;
// ends with a table of counts. It exists so that one command, typed by a person or by CI on a bare
// machine, proves a clone. What reads the sources is check.mjs. Alone: `npm test`, or
// `npm test -- native js` for some of the suites (native, wasm, js, browser, firefox). What the
// suites printed is kept in build/logs/.

import { build } from "./build.mjs";
import { endChildrenOnSignal, report, StepFailed, spoken } from "./lib/run.mjs";
import { table } from "./lib/sizes.mjs";
import { findChromium, findFirefox, needsOf, setUp } from "./setup.mjs";

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
 * Node's runner and cargo's both end with the failures alone; where there are none, all of it
 * tells.
 * @param {string} output
 */
function tellingPart(output) {
  const begins = /^(✖ failing tests:|failures:)$/m.exec(output)?.index ?? 0;
  return output.slice(begins);
}

/** @param {Name} name @param {boolean} built @returns {Promise<Count>} */
async function runSuite(name, built) {
  // Not at the top: this needs npm packages, which set-up has to install first.
  const { runBrowser, runFirefox, runJs, runNative, runWasm } = await import("./lib/suites.mjs");
  if (!built && needsTheBuild(name))
    return { passed: 0, failed: 1, complaints: ["Not run: the build failed."] };
  const suites = {
    native: runNative,
    wasm: runWasm,
    js: runJs,
    browser: () => runBrowser(findChromium() ?? "chromium"),
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
    // The budget is a test of its own, so that being over it hides nothing else.
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
  console.log(
    `\n${table([["", "passed", "failed", "time"], ...cells])}\n\n${passed} passed, ${failed} failed`,
  );
  if (failed > 0) process.exitCode = 1;
}

endChildrenOnSignal();
try {
  await test();
} catch (error) {
  report(error);
}
