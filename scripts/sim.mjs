// Runs the simulators of tests/sim in virtual time: whole browsers with several tabs, or with the
// word `edge` the key sets of several isolates. The seed decides a run, and the invariants are
// checked after every step. It exists because the tests run a few thousand seeds only. This runs
// any number, optimised and with all assertions on, or tells one seed as a story. Alone:
// `npm run sim -- [edge] --seeds 200000 [--first 0]` or `npm run sim -- [edge] --seed 17`.

import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { parseArgs } from "node:util";
import { asCommand, root, StepFailed, searchPath } from "./lib/run.mjs";

const names = /** @type {const} */ (["seed", "seeds", "first"]);

/**
 * What was asked for: the test that runs it, and what that reads, by its own names.
 * @returns {{ test: string, env: Record<string, string> }}
 */
function settings() {
  const options = Object.fromEntries(
    names.map((name) => [name, { type: /** @type {const} */ ("string") }]),
  );
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [which = "tabs", ...more] = positionals;
  const room = { tabs: "", edge: "edge::" }[which];
  if (room === undefined || more.length > 0)
    throw new StepFailed("The simulators are `tabs`, which is meant without a word, and `edge`.");
  const env = Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (!/^\d+$/.test(String(value))) throw new StepFailed(`--${name} wants a whole number.`);
      return [`SIM_${name.toUpperCase()}`, String(value)];
    }),
  );
  return { test: `${room}the_invariants_hold_under_every_seed`, env };
}

/** @param {{ test: string, env: Record<string, string> }} settings @returns {Promise<number>} */
function simulate({ test, env }) {
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

await asCommand(import.meta.url, async () => {
  process.exitCode = await simulate(settings());
});
