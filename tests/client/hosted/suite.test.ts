// The client's own suite, with its keeps in a worker. HOST chooses: with it any file of
// tests/client runs so. These are the files that show the most. In Firefox it is the core of them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const inFirefox = process.env.BROWSER === "firefox";
const MORE = ["bodies", "dpop-key", "logout", "redirects"];
const FILES = ["boot", "refused", ...(inFirefox ? [] : MORE)].map((name) =>
  fileURLToPath(new URL(`../${name}.test.ts`, import.meta.url)),
);
/** At least so many tests of these files are for keeps in a worker. */
const FEWEST = inFirefox ? 15 : 40;

/** Runs the files, and resolves to what the runner says. */
function suite(host: string): Promise<{ code: number | null; output: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = ["--import", "tsx", "--test", "--test-reporter=tap", "--test-concurrency=1"];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...options, ...FILES], {
      env: { ...env, HOST: host },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("error", reject);
    child.once("exit", (code) => resolve({ code, output }));
  });
}

for (const host of ["dedicated", "shared"]) {
  test(`client_W32_the_clients_own_suite_holds_in_a_${host}_worker`, async () => {
    const { code, output } = await suite(host);
    const failed = output.match(/^ *not ok .*$/gm) ?? [];
    assert.deepEqual(failed, []);
    assert.equal(code, 0);
    const [, passed = "0"] = /^# pass (\d+)$/m.exec(output) ?? [];
    assert.ok(Number(passed) > FEWEST, `${passed} passed`);
  });
}
