// Programs of the machine that the tests need: Chromium, Firefox and Redis. Finds each, or the one
// that a variable names, and installs Debian's where that is possible.

import { existsSync, readFileSync } from "node:fs";
import { must, run, StepFailed, step, which } from "./run.mjs";

/** The path of Chromium, or null. */
export function findChromium() {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : which(named);
  return (
    ["chromium", "chromium-browser", "google-chrome"].map(which).find((path) => path !== null) ??
    null
  );
}

/** The words that go before apt-get, or null when this person may not install packages. */
async function asRoot() {
  if (process.getuid?.() === 0) return [];
  return which("sudo") !== null && (await run("sudo", ["-n", "true"])).code === 0
    ? ["sudo", "-n"]
    : null;
}

function isDebian() {
  return (
    existsSync("/etc/os-release") && /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"))
  );
}

/** The path of Firefox, or null. */
export function findFirefox() {
  const named = process.env["FIREFOX"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : which(named);
  return ["firefox-esr", "firefox"].map(which).find((path) => path !== null) ?? null;
}

/** @type {Promise<unknown> | undefined} what Debian offers, asked for once */
let listed;

/**
 * Installs packages of Debian where that is possible.
 * @param {readonly string[]} packages
 * @param {string} wanted what to tell a person elsewhere
 */
async function installPackagesOfDebian(packages, wanted) {
  const before = isDebian() && which("apt-get") !== null ? await asRoot() : null;
  if (before === null) throw new StepFailed(wanted);
  await step(`Installing Debian's ${packages.join(" and ")}`, "1 min", async () => {
    /** @param {readonly string[]} args */
    const apt = (args) => {
      const [program = "env", ...rest] = [
        ...before,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        ...args,
      ];
      return must(program, rest, { seconds: 900 });
    };
    await (listed ??= apt(["update", "-q"]));
    await apt(["install", "-q", "-y", "--no-install-recommends", ...packages]);
  });
}

/** Whether a person says which program is to be taken. @param {string} variable */
function isNamed(variable) {
  return (process.env[variable] ?? "") !== "";
}

/** The path of Chromium without its windows, or null. A Chromium that is named goes before it. */
export function findHeadlessShell() {
  return isNamed("CHROMIUM") ? null : which("chromium-headless-shell");
}

export async function installChromium() {
  const isThere = () => findChromium() !== null && which("chromedriver") !== null;
  if (isThere()) return;
  const wanted =
    "The tests need Chromium and its driver: install them so that `chromium` and " +
    "`chromedriver` of one version are on the PATH, then start again.";
  await installPackagesOfDebian(["chromium", "chromium-driver"], wanted);
  if (!isThere()) throw new StepFailed(wanted);
}

/** Elsewhere than on Debian the tests go on with Chromium, which takes them longer. */
export async function installHeadlessShell() {
  if (findHeadlessShell() !== null || isNamed("CHROMIUM") || !isDebian()) return;
  try {
    await installPackagesOfDebian(["chromium-headless-shell"], "Nobody may install it here.");
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    console.log(`  The tests go on without chromium-headless-shell. ${error.message}`);
  }
}

export async function installFirefox() {
  const wanted =
    "The tests need Firefox 153 or newer: install it so that `firefox` is on the PATH, then " +
    "start again.";
  if (findFirefox() === null) await installPackagesOfDebian(["firefox-esr"], wanted);
  if (findFirefox() === null) throw new StepFailed(wanted);
}

/** The path of redis-server, or null. */
export function findRedis() {
  const named = process.env["REDIS_SERVER"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : which(named);
  return which("redis-server");
}

export async function installRedis() {
  if (findRedis() !== null) return;
  const wanted =
    "The tests need redis-server 6 or newer: install it so that `redis-server` is on the PATH, " +
    "then start again.";
  await installPackagesOfDebian(["redis-server"], wanted);
  if (findRedis() === null) throw new StepFailed(wanted);
}
