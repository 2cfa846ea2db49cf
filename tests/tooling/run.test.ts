// What the scripts share: steps that go on at once say which of them has ended, and one that fails
// leaves the others their time.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { atOnce, root, StepFailed } from "../../scripts/lib/run.mjs";
import { longest } from "../../scripts/lib/suites.mjs";

const module = JSON.stringify(new URL("../../scripts/lib/run.mjs", import.meta.url));

/** What a program of steps prints, times left out. */
function told(program: string): string {
  const text = `import { atOnce, step } from ${module}; ${program}`;
  const output = execFileSync("node", ["--input-type=module", "-e", text], { encoding: "utf8" });
  return output.replace(/[\d.]+ s$/gm, "0 s");
}

test("steps one after the other say when they are done, and steps at once which of them", () => {
  const one = (name: string) => `() => step("${name}", "0 s", async () => undefined)`;
  assert.equal(
    told(`await (${one("First")})(); await (${one("Second")})();`),
    "› First (usually 0 s)\n  done in 0 s\n› Second (usually 0 s)\n  done in 0 s\n",
  );
  assert.equal(
    told(`await atOnce([${one("First")}, ${one("Second")}]);`),
    "› First (usually 0 s)\n› Second (usually 0 s)\n" +
      "  First: done in 0 s\n  Second: done in 0 s\n",
  );
});

test("of what is done at once, a failure waits for the rest and is thrown", async () => {
  const ended: string[] = [];
  const slow = async () => {
    await pause(50);
    ended.push("slow");
  };
  const bad = () => Promise.reject(new StepFailed("It is broken."));
  await assert.rejects(atOnce([bad, slow]), { message: "It is broken." });
  assert.deepEqual(ended, ["slow"]);
});

test("of two failures at once, none is lost", () => {
  const program = `import { atOnce, report, StepFailed } from ${module};
    const bad = (text) => () => Promise.reject(new StepFailed(text));
    await atOnce([bad("One."), bad("Two.")]).catch(report);`;
  const { status, stderr } = spawnSync("node", ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  assert.equal(status, 1);
  assert.match(stderr, /One\./);
  assert.match(stderr, /Two\./);
});

test("the test files that begin first are there", () => {
  assert.deepEqual(
    longest.filter((file) => !existsSync(join(root, file))),
    [],
  );
});
