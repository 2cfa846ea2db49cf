// `tokenkeep/testing` wherever people run tests: Node, Bun, Deno and workerd, and Vitest with each
// of its imitations of a page, which bring classes of their own for requests and signals.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { startWorker } from "../edge/workerd/start.ts";
import { RUNTIMES, runIn } from "../runtimes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const at = (path: string) => fileURLToPath(new URL(`runtimes/${path}`, import.meta.url));
const dist = (name: string) => pathToFileURL(join(root, "dist", name)).href;

const SEEN = {
  orders: [{ id: 7 }],
  tokens: [1, 200, 4],
  name: "Bob",
  reason: "logout-elsewhere",
  sub: "ada",
  refusal: "claim.aud",
  stored: 1,
};

for (const runtime of RUNTIMES) {
  test(`client_J147_the_testing_entry_works_in_${runtime}`, async () => {
    const words = [dist("testing.js"), dist("edge.js")];
    const { code, output } = await runIn(runtime, at("program.mjs"), ...words);
    assert.equal(code, 0, output);
    assert.deepEqual(JSON.parse(output), SEEN);
  });
}

test("client_J147_the_testing_entry_works_in_workerd", async () => {
  const { url, miniflare, log } = await startWorker(pathToFileURL(at("worker.mjs")).href);
  try {
    const response = await fetch(url);
    assert.equal(response.status, 200, log());
    assert.deepEqual(await response.json(), SEEN);
  } finally {
    await miniflare.dispose();
  }
});

for (const environment of ["node", "jsdom", "happy-dom"]) {
  test(`client_J147_the_testing_entry_works_in_vitest_with_${environment}`, async () => {
    // Inside the project, so that Vitest finds its packages and this one.
    const folder = join(root, "build", "testing", `${process.pid}-${environment}`);
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(
        join(folder, "exercise.test.mjs"),
        `import { expect, test } from "vitest";
         import * as edge from "tokenkeep/edge";
         import * as testing from "tokenkeep/testing";
         import { exercise } from ${JSON.stringify(at("exercise.mjs"))};
         test("exercise", async () => {
           expect(await exercise(testing, edge)).toEqual(${JSON.stringify(SEEN)});
         });`,
      );
      const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
      const args = [vitest, "run", "--root", folder, "--environment", environment];
      await promisify(execFile)(process.execPath, args, { cwd: folder });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
