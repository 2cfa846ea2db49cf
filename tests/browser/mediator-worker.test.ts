// examples/mediator-worker as it stands there: `npm start` in a copy of the folder brings up the
// provider, and workerd with the Worker, its database and the page; a real Chromium uses them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { d1Sessions } from "tokenkeep/mediator";
import { launchChromium } from "../client/browser.ts";
import { freePort, type Program, placed, started } from "../docs/placed.ts";
import { root } from "../package/project.ts";
import { testPage } from "./mediator-examples.ts";

const examples = join(root, "examples");

const QUIET = { CI: "1", FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false" };

describe("examples/mediator-worker", () => {
  let browser: Browser | undefined;
  let program: Program | undefined;
  let [folder, origin, issuer] = ["", "", ""];

  before(async () => {
    const ports = { 5173: await freePort(), 4000: await freePort() };
    origin = `http://localhost:${ports[5173]}`;
    issuer = `http://127.0.0.1:${ports[4000]}`;
    folder = await placed("mediator-worker");
    for (const name of [".dev.vars", "wrangler.json"]) {
      const file = join(folder, name);
      const text = readFileSync(file, "utf8");
      writeFileSync(
        file,
        text.replaceAll("5173", String(ports[5173])).replaceAll("4000", String(ports[4000])),
      );
    }
    program = await started(["npm", "start"], {
      cwd: folder,
      env: { ...QUIET, ORIGIN: origin, ISSUER: issuer },
      until: [/The provider is at/, /\[worker\].*Ready on/],
    });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await program?.end();
  });

  test("wrangler would deploy it, and has no warning", async () => {
    const args = ["wrangler", "deploy", "--dry-run", "--domain", "app.example.com"];
    const { stdout, stderr } = await promisify(execFile)("npx", args, {
      cwd: folder,
      env: { ...process.env, ...QUIET },
    });
    assert.match(stdout, /--dry-run: exiting now/);
    assert.doesNotMatch(stdout + stderr, /warning|error/i);
  });

  testPage(() => ({ browser: browser!, origin, issuer }));
});

test("the examples with a mediator share page and provider, and the Worker has d1Sessions' tables", () => {
  const read = (...path: string[]) => readFileSync(join(examples, ...path), "utf8");
  for (const file of ["provider.ts", "index.html", "src/main.ts", "tsconfig.json"])
    assert.equal(read("mediator-worker", file), read("mediator-express", file), file);
  const folder = join("mediator-worker", "migrations");
  const migrations = readdirSync(join(examples, folder)).sort();
  assert.equal(migrations.map((file) => read(folder, file)).join(""), d1Sessions.schema);
});
