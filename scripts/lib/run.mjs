// Runs other programs: with the project's PATH, captured output and time limits, and as steps that
// say what they do and how long they take. Uses Node's own modules only, because set-up runs before
// anything is installed.

import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * @typedef {{ code: number, stdout: string, output: string }} Ended what a program said, both
 * streams in `output`
 */
/**
 * @typedef {{ cwd?: string, env?: Record<string, string>, seconds?: number, echo?: boolean }}
 * RunOptions
 */

/**
 * A step that failed. The message is a sentence for the person; `output` is what the failing
 * program printed.
 */
export class StepFailed extends Error {
  /** @param {string} message @param {string} [output] */
  constructor(message, output = "") {
    super(message);
    this.name = "StepFailed";
    this.output = output;
  }
}

/** The folders in which programs are looked up: the project's own first, rustup's last. */
export function searchPath() {
  const own = [join(root, ".tools", "bin"), join(root, "node_modules", ".bin")];
  const cargoHome = process.env["CARGO_HOME"] ?? join(homedir(), ".cargo");
  return [...own, ...(process.env["PATH"] ?? "").split(delimiter), join(cargoHome, "bin")];
}

/** The path of a program, or null. @param {string} name */
export function which(name) {
  const suffixes = process.platform === "win32" ? [".exe", ".cmd", ""] : [""];
  for (const folder of searchPath()) {
    for (const suffix of suffixes) {
      const path = join(folder, name + suffix);
      if (folder !== "" && existsSync(path)) return path;
    }
  }
  return null;
}

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/**
 * Ends a child and all that it started. Each child leads a process group of its own.
 * @param {import("node:child_process").ChildProcess} child
 */
function endGroup(child) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // the group is gone already, or the platform knows none
  }
}

/** Ends the children on ctrl-C, which does not reach their process groups. */
function endChildrenOnSignal() {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.once(signal, () => {
      for (const child of running) endGroup(child);
      process.exit(130);
    });
  }
}

/**
 * Runs a program to its end and returns its exit code and what it printed. Does not throw for a bad
 * exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Ended>}
 */
export function run(command, args, { cwd = root, env = {}, seconds = 900, echo = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH: searchPath().join(delimiter), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    running.add(child);
    let stdout = "";
    let output = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup(child);
    }, seconds * 1000);
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      stdout += text;
      output += text;
      if (echo) process.stdout.write(text);
    });
    child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      output += text;
      if (echo) process.stderr.write(text);
    });
    /** @param {number} code @param {string} note */
    const end = (code, note) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, stdout, output: output + note });
    };
    child.on("error", (error) => end(127, `${command}: ${error.message}\n`));
    child.on("close", (code) => {
      if (timedOut) end(124, `\n${command} was ended after ${seconds} s.\n`);
      else end(code ?? 1, "");
    });
  });
}

/**
 * Like `run`, but a bad exit is a StepFailed with the output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export async function must(command, args, options) {
  const ended = await run(command, args, options);
  if (ended.code !== 0) {
    throw new StepFailed(
      `\`${[command, ...args].join(" ")}\` ended with ${ended.code}.`,
      ended.output,
    );
  }
  return ended;
}

/** Seconds as a person says them. @param {number} milliseconds */
export function spoken(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** What `step` said last. */
let saidLast = "";

/**
 * Says what is about to be done and how long it usually takes, does it, and says how long it took;
 * by name, where other steps have begun in between.
 * @template T
 * @param {string} what
 * @param {string} usually
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(what, usually, work) {
  console.log(`› ${what} (usually ${usually})`);
  saidLast = what;
  const began = performance.now();
  const result = await work();
  const name = saidLast === what ? "" : `${what}: `;
  console.log(`  ${name}done in ${spoken(performance.now() - began)}`);
  saidLast = name === "" ? what : "";
  return result;
}

/**
 * Does all of this at once, and waits for all of it. The first failure is thrown in the end; others
 * are reported.
 * @param {readonly (() => Promise<unknown>)[]} works
 */
export async function atOnce(works) {
  const ended = await Promise.allSettled(works.map((work) => work()));
  const [first, ...others] = ended.filter(({ status }) => status === "rejected");
  for (const { reason } of /** @type {PromiseRejectedResult[]} */ (others)) report(reason);
  if (first !== undefined) throw /** @type {PromiseRejectedResult} */ (first).reason;
}

/**
 * Prints a failure and what the failing program printed, and sets a bad exit code.
 * @param {unknown} error
 */
export function report(error) {
  if (error instanceof StepFailed) {
    if (error.output !== "") console.error(error.output.trimEnd());
    console.error(`\n${error.message}`);
  } else {
    console.error(error);
  }
  process.exitCode = 1;
}

/**
 * Whether a module is the script that was started rather than an imported one.
 * @param {string} url its import.meta.url
 */
function isMain(url) {
  const started = process.argv[1];
  return started !== undefined && fileURLToPath(url) === realpathSync(started);
}

/**
 * Does the work of a script that was started, not of one that is imported. It ends with its
 * children on ctrl-C, and a failure is reported.
 * @param {string} url its import.meta.url
 * @param {() => Promise<unknown>} work
 */
export async function asCommand(url, work) {
  if (!isMain(url)) return;
  endChildrenOnSignal();
  try {
    await work();
  } catch (error) {
    report(error);
  }
}
