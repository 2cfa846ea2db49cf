// Fuzzes the readers of foreign bytes that are Rust (tests/fuzz): libFuzzer changes the texts of
// the corpus, guided by what code they reach. It exists because the tests change them by dice
// alone, for half a minute. Stable Rust instruments the code, and a C++ compiler builds libFuzzer.
// Alone:
// `npm run fuzz -- --seconds 600 [--seed 1] [reader…]`. The seconds are shared by the readers.

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { asCommand, must, root, run, StepFailed, step } from "./lib/run.mjs";

const ROOM = join(root, "build", "fuzz");
const CORPUS = join(root, "tests", "fuzz", "corpus");

/** What has LLVM count the edges and the comparisons that a text comes by. */
const COVERAGE = [
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
].join(" ");

/** What was asked for. */
function settings() {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
    allowPositionals: true,
  });
  for (const name of /** @type {const} */ (["seconds", "seed"]))
    if (!/^\d+$/.test(values[name])) throw new StepFailed(`--${name} wants a whole number.`);
  const known = readdirSync(CORPUS).sort();
  const stranger = positionals.find((reader) => !known.includes(reader));
  if (stranger !== undefined)
    throw new StepFailed(`There is no reader "${stranger}": ${known.join(", ")}.`);
  const readers = positionals.length > 0 ? positionals : known;
  const each = Math.max(1, Math.floor(Number(values.seconds) / readers.length));
  return { readers, each, seed: values.seed };
}

/** Builds the readers with libFuzzer, and returns the program. */
async function build() {
  const { stdout } = await must("rustc", ["-vV"]);
  // With a target of its own, build scripts are not instrumented.
  const host = /^host: (.+)$/m.exec(stdout)?.[1] ?? "";
  const target = join(ROOM, "target");
  const args = ["build", "--locked", "--profile", "sim", "--package", "tokenkeep-fuzz"];
  const chosen = ["--features", "guided", "--target", host, "--target-dir", target];
  await must("cargo", [...args, ...chosen], { env: { RUSTFLAGS: COVERAGE } });
  return join(target, host, "sim", "guided");
}

/**
 * Fuzzes one reader, and returns how many texts it was given.
 * @param {string} program
 * @param {string} reader
 * @param {number} seconds
 * @param {string} seed
 */
async function fuzz(program, reader, seconds, seed) {
  // What reaches new code is kept for the next time.
  const grown = join(ROOM, "corpus", reader);
  const found = join(ROOM, "found");
  for (const folder of [grown, found]) mkdirSync(folder, { recursive: true });
  const options = {
    max_total_time: seconds,
    seed,
    max_len: 4096,
    timeout: 20,
    artifact_prefix: join(found, `${reader}-`),
    print_final_stats: 1,
  };
  const args = Object.entries(options).map(([name, value]) => `-${name}=${value}`);
  const env = { FUZZ_READER: reader };
  const folders = [grown, join(CORPUS, reader)];
  const ended = await run(program, [...folders, ...args], { env, seconds: seconds + 120 });
  if (ended.code !== 0) {
    const where = existsSync(found) ? ` The text is in ${found}.` : "";
    throw new StepFailed(`The reader "${reader}" fails (--seed ${seed}).${where}`, ended.output);
  }
  return Number(/number_of_executed_units:\s*(\d+)/.exec(ended.output)?.[1] ?? 0);
}

await asCommand(import.meta.url, async () => {
  const { readers, each, seed } = settings();
  const program = await step("Building the readers with libFuzzer", "a minute", build);
  let texts = 0;
  for (const reader of readers) {
    const count = await fuzz(program, reader, each, seed);
    console.log(`${reader}: ${count} texts in ${each} s`);
    texts += count;
  }
  console.log(`${texts} texts, ${readers.length} readers, seed ${seed}: all that must hold did.`);
});
