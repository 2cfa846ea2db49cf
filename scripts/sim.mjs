// Runs the simulator of tests/sim: whole browsers with several tabs in virtual time. The seed
// decides a run, and the invariants are checked after every step. It exists because the tests run
// 20 000 seeds only. This runs any number, optimised and with all assertions on, or tells one seed
// as a story. Alone: npm run sim -- --seeds 200000 [--first 0], or npm run sim -- --seed 17

import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { parseArgs } from "node:util";
import { endChildrenOnSignal, report, root, StepFailed, searchPath } from "./lib/run.mjs";

const names = /** @type {const} */ (["seed", "seeds", "first"]);

/** @returns {Record<string, string>} what the simulator reads, by its own names */
function settings() {
  const options = Object.fromEntries(
    names.map((name) => [name, { type: /** @type {const} */ ("string") }]),
  );
  const { values } = parseArgs({ options });
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (!/^\d+$/.test(String(value))) throw new StepFailed(`--${name} wants a whole number.`);
      return [`SIM_${name.toUpperCase()}`, String(value)];
    }),
  );
}

/** @param {Record<string, string>} env @returns {Promise<number>} */
function simulate(env) {
  const test = "the_invariants_hold_under_every_seed";
  const args = [
    "test",
    "--locked",
    "--quiet",
    "--profile",
    "sim",
    "--test",
    "sim",
    test,
    "--",
    "--exact",
    "--nocapture",
  ];
  // Prints straight to the terminal, because a long run reports and a story is long.
  const child = spawn("cargo", args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env, PATH: searchPath().join(delimiter) },
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

endChildrenOnSignal();
try {
  process.exitCode = await simulate(settings());
} catch (error) {
  report(error);
}
