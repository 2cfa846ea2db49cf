// Proves one commit as a whole: all tests in both browsers, the checks, a million seeds in each
// simulator, the package everywhere, four builds that give one tarball, and a minute of fuzzing. It
// goes on after a part that failed, and ends with a table. It exists because "everything is green"
// is a claim about one run of one commit. Alone: `npm run prove`, which takes most of an hour on
// two cores. `-- --fuzz 600` fuzzes for so many seconds, `-- --soak` adds the long run.

import { parseArgs } from "node:util";
import { asCommand, must, root, run, StepFailed, spoken } from "./lib/run.mjs";
import { table } from "./lib/sizes.mjs";

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly string[]} args what node is started with
 * @property {RegExp} tells finds its result in what it prints. A part without one has failed,
 * whatever its exit code: it may have tried nothing.
 * @property {string} [as] the earlier part whose result has to be the same
 */

const SEEDS = "1000000";

/**
 * All that is to be shown of a commit.
 * @param {{ fuzz?: string, soak?: boolean }} [options] `fuzz` in seconds
 * @returns {Part[]}
 */
export function partsOf({ fuzz = "60", soak = false } = {}) {
  const simulated = new RegExp(`^${SEEDS} seeds, \\d+ steps`, "m");
  const counted = /^\d+ passed, \d+ failed/m;
  const tarball = { args: ["scripts/reproduce.mjs"], tells: /\d+ bytes +sha256 [0-9a-f]{64}$/m };
  /** @type {Part[]} */
  const parts = [
    { name: "tests", args: ["scripts/test.mjs"], tells: counted },
    { name: "checks", args: ["scripts/check.mjs"], tells: /^(All \d+ checks hold|Of \d+ checks)/m },
    { name: "tabs", args: ["scripts/sim.mjs", "--seeds", SEEDS], tells: simulated },
    { name: "key sets", args: ["scripts/sim.mjs", "edge", "--seeds", SEEDS], tells: simulated },
    { name: "package", args: ["scripts/test-package.mjs"], tells: counted },
    { name: "reproduced", ...tarball },
    { name: "reproduced again", ...tarball, as: "reproduced" },
    {
      name: "fuzzed",
      args: ["scripts/fuzz.mjs", "--seconds", fuzz],
      tells: /^\d+ texts, \d+ readers/m,
    },
  ];
  const long = { name: "a day", args: ["scripts/soak.mjs"], tells: /^workerd: \d+ requests/m };
  return soak ? [...parts, long] : parts;
}

/** The commit of a work tree that has no changes. @param {string} [cwd] */
export async function commitWithoutChanges(cwd = root) {
  const { stdout } = await must("git", ["status", "--porcelain"], { cwd });
  if (stdout !== "")
    throw new StepFailed(`The work tree has changes that no commit has:\n${stdout.trimEnd()}`);
  return (await must("git", ["rev-parse", "HEAD"], { cwd })).stdout.trim();
}

/**
 * Does one part after the other, prints a table, and throws with the names of the parts that
 * failed.
 * @param {readonly Part[]} parts
 */
export async function prove(parts) {
  /** @type {Map<string, string>} */
  const results = new Map();
  /** @type {string[]} */
  const failed = [];
  const rows = [["part", "result", "time"]];
  for (const { name, args, tells, as = name } of parts) {
    console.log(`\n=== ${name}: node ${args.join(" ")}`);
    const began = performance.now();
    const { code, output } = await run(process.execPath, args, { seconds: 10_800, echo: true });
    const result = tells.exec(output)?.[0];
    results.set(name, result ?? `none, exit ${code}`);
    const good = code === 0 && result !== undefined && result === results.get(as);
    if (!good) failed.push(name);
    const time = spoken(performance.now() - began);
    rows.push([`${good ? "✔" : "✖"} ${name}`, results.get(name) ?? "", time]);
  }
  console.log(`\n${table(rows)}`);
  if (failed.length > 0) throw new StepFailed(`Not proved: ${failed.join(", ")}.`);
}

await asCommand(import.meta.url, async () => {
  const { values } = parseArgs({
    options: { fuzz: { type: "string" }, soak: { type: "boolean" } },
  });
  const commit = await commitWithoutChanges();
  console.log(`Proving ${commit}`);
  await prove(partsOf(values));
  if ((await commitWithoutChanges()) !== commit)
    throw new StepFailed("Another commit was checked out meanwhile.");
  console.log(`\n${commit} is proved.`);
});
