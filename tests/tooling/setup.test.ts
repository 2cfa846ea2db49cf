// Set-up: it sees what is missing, and does nothing on a machine that has everything.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { packagesAreInstalled } from "../../scripts/lib/packages.mjs";
import { findChromium, findHeadlessShell } from "../../scripts/lib/system.mjs";
import { needsOf, stepsFor } from "../../scripts/setup.mjs";

const wanted = {
  "": { version: "1.0.0" },
  "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
  "node_modules/b": { version: "2.0.0", integrity: "sha512-b", optional: true },
};

/**
 * Whether set-up takes these packages for what the lock file wants. Each has a folder in
 * node_modules.
 */
function judge(installed: Record<string, { version: string; integrity?: string }> | null): boolean {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-setup-"));
  try {
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: wanted }));
    if (installed !== null) {
      for (const place of Object.keys(installed))
        mkdirSync(join(folder, place), { recursive: true });
      mkdirSync(join(folder, "node_modules"), { recursive: true });
      writeFileSync(
        join(folder, "node_modules", ".package-lock.json"),
        JSON.stringify({ packages: installed }),
      );
    }
    return packagesAreInstalled(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("npm packages are installed when all but optional ones have their locked versions", () => {
  const a = { version: "1.0.0", integrity: "sha512-a" };
  assert.equal(judge({ "node_modules/a": a }), true);
  assert.equal(
    judge({ "node_modules/a": a, "node_modules/b": { version: "2.0.0", integrity: "sha512-b" } }),
    true,
  );
  assert.equal(
    judge({ "node_modules/a": a, "node_modules/b": { version: "2.1.0", integrity: "sha512-c" } }),
    false,
  );
  assert.equal(judge({ "node_modules/a": { version: "1.0.1", integrity: "sha512-z" } }), false);
  assert.equal(judge({}), false);
  assert.equal(judge(null), false);
});

test("npm test installs nothing that only the checks need, and each suite what it needs", () => {
  const always = ["npm packages", "Rust", "wasm-pack and wasm-bindgen"];
  const runtimes = ["better-sqlite3", "Deno", "Flask"];
  const all = ["native", "wasm", "js", "browser", "firefox"];
  assert.deepEqual(stepsFor(needsOf(all)), [
    ...always,
    "geckodriver",
    ...runtimes,
    "Redis",
    "Chromium",
    "Firefox",
  ]);
  assert.deepEqual(stepsFor(needsOf(["native"])), always);
  assert.deepEqual(stepsFor(needsOf(["js"])), [...always, ...runtimes, "Redis"]);
  assert.deepEqual(stepsFor({}), always, "npm start");
  assert.deepEqual(stepsFor({ checks: true }), [
    ...always,
    "the documentation's packages",
    "the measurements' packages",
    "Biome",
    "cargo-deny",
  ]);
});

test("continuous integration runs the two commands that the README names, and no other", () => {
  const text = (name: string) =>
    readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8");
  const commands = [...text(".ci/run").matchAll(/^npm [\w ]+?(?= \|\||$)/gm)].map(([line]) => line);
  assert.deepEqual(commands, ["npm test", "npm run check"]);
  for (const command of commands)
    assert.match(text("README.md"), new RegExp(`^${command}\\b`, "m"));
});

test("a second set-up takes no step", () => {
  const script = fileURLToPath(new URL("../../scripts/setup.mjs", import.meta.url));
  assert.equal(
    execFileSync("node", [script, "--tests"], { encoding: "utf8" }),
    "Everything that is needed is installed.\n",
  );
});

test("a Chromium that is named goes before the one without windows", () => {
  const before = process.env["CHROMIUM"];
  try {
    process.env["CHROMIUM"] = process.execPath;
    assert.equal(findChromium(), process.execPath);
    assert.equal(findHeadlessShell(), null);
  } finally {
    if (before === undefined) delete process.env["CHROMIUM"];
    else process.env["CHROMIUM"] = before;
  }
});
