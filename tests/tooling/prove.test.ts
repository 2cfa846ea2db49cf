// What proves a commit, with small programs in place of the suites.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/lib/run.mjs";
import { commitWithoutChanges, partsOf } from "../../scripts/prove.mjs";

const prove = JSON.stringify(new URL("../../scripts/prove.mjs", import.meta.url));

/** A part that prints this and ends with this code. */
const part = (name: string, says: string, code = 0, as = name) =>
  `{ name: "${name}", as: "${as}", tells: /\\d+ passed/,
    args: ["-e", 'console.log("${says}"); process.exitCode = ${code}'] }`;

/** The last lines that a run of these parts prints, times left out. */
function ends(...parts: string[]): string {
  const program = `import { prove } from ${prove};
    await prove([${parts.join(", ")}]).catch(({ message }) => console.log(message));`;
  const { stdout } = spawnSync("node", ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  return stdout
    .slice(stdout.indexOf("  part"))
    .replace(/ +[\d.]+ s$/gm, "")
    .replace(/ {2,}/g, "  ");
}

test("parts that hold are listed, and nothing else is said", () => {
  assert.equal(
    ends(part("one", "3 passed, 0 failed"), part("two", "well: 4 passed")),
    "  part  result  time\n  ✔ one  3 passed\n  ✔ two  4 passed\n",
  );
});

test("a part that fails leaves the others their turn, and is named in the end", () => {
  assert.equal(
    ends(part("one", "3 passed", 1), part("two", "4 passed"), part("three", "5 passed", 2)),
    "  part  result  time\n  ✖ one  3 passed\n  ✔ two  4 passed\n  ✖ three  5 passed\n" +
      "Not proved: one, three.\n",
  );
});

test("a part that tells no result has failed", () => {
  assert.match(ends(part("one", "0 tests")), /✖ one {2}none, exit 0\nNot proved: one\./);
});

test("a part whose result has to be that of another fails where it differs", () => {
  const twice = (says: string) =>
    ends(part("one", "3 passed"), part("again", says, 0, "one"), part("last", "9 passed"));
  assert.doesNotMatch(twice("3 passed"), /✖|Not proved/);
  assert.match(twice("4 passed"), /✖ again {2}4 passed\n.+\nNot proved: again\.\n$/);
});

test("each part is a script that is there, and its result is what that script prints", () => {
  const printed = [
    "\n4000 passed, 0 failed\n",
    "\nAll 11 checks hold.",
    "1000000 seeds, 464315430 steps, 119.0 s, 8408 seeds/s",
    "1000000 seeds, 64315430 steps, 19.0 s, 50408 seeds/s",
    "\n90 passed, 0 failed (8 min 3 s)",
    `\n  tokenkeep-1.2.3.tgz   300000 bytes   sha256 ${"0a".repeat(32)}\n`,
    `\n  tokenkeep-1.2.3.tgz   300000 bytes   sha256 ${"0a".repeat(32)}\n`,
    "3000000 texts, 9 readers, seed 1: all that must hold did.",
    "workerd: 1000000 requests, 280 fetches of the key set",
  ];
  const parts = partsOf({ soak: true });
  assert.equal(parts.length, printed.length);
  for (const [place, { args, tells }] of parts.entries()) {
    assert.ok(existsSync(join(root, args[0] ?? "")), args[0]);
    assert.match(printed[place] ?? "", tells);
  }
  assert.doesNotMatch("1000 seeds, 464315 steps, 0.1 s", parts[2]?.tells ?? /.*/);
});

test("a work tree with changes is refused, and one without has a commit", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-prove-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  try {
    git("init", "--quiet");
    writeFileSync(join(folder, "file"), "one");
    await assert.rejects(commitWithoutChanges(folder), /changes that no commit has:\n\?\? file$/);
    git("add", "file");
    git("commit", "--quiet", "-m", "one");
    assert.equal(await commitWithoutChanges(folder), git("rev-parse", "HEAD").trim());
    writeFileSync(join(folder, "file"), "two");
    await assert.rejects(commitWithoutChanges(folder), { name: "StepFailed" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
