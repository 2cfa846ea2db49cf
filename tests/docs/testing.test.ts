// The tests that the documents show, run by the tools that they are for: the blocks of a page as
// files in one folder, under Vitest with each of its imitations of a page, and under Playwright.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { args as chromiumArgs, executablePath } from "../../scripts/lib/chromium.mjs";
import { block } from "./blocks.ts";
import { freePort } from "./placed.ts";
import { fencesOf, nameOf, root } from "./snippets.ts";

const execute = promisify(execFile);
const workshop = join(root, "build", "testing", `documents-${process.pid}`);
after(() => rmSync(workshop, { recursive: true, force: true }));

/** Writes files into a folder inside the project, where the packages are found. */
function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(workshop, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

/** The blocks of a document that are files. */
function filesOf(path: string): Record<string, string> {
  const fences = fencesOf(readFileSync(join(root, path), "utf8"));
  return Object.fromEntries(
    fences.flatMap(({ code }) => {
      const name = nameOf(code);
      return name === null ? [] : [[name, `${code.join("\n")}\n`]];
    }),
  );
}

/** Runs the tests of a folder, and gives their names with what came of them. */
async function inVitest(folder: string, environment: string): Promise<Record<string, string>> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const options = ["run", "--root", folder, "--environment", environment, "--reporter=json"];
  const { stdout } = await execute(process.execPath, [vitest, ...options], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
    testResults: {
      message: string;
      assertionResults: { title: string; status: string; failureMessages: string[] }[];
    }[];
  };
  for (const { message } of testResults) assert.equal(message, "");
  return Object.fromEntries(
    testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .map(({ title, status, failureMessages }) => [title, failureMessages.join("\n") || status]),
  );
}

/** A block by its address, `doc:<document>#<place>`. */
function codeOf(address: string): string {
  const [, path = "", place = ""] = /^doc:(.+)#(\d+)$/.exec(address) ?? [];
  return block(path, Number(place)).code;
}

for (const environment of ["jsdom", "happy-dom"]) {
  test(`recipe_the_tests_of_the_guide_pass_in_${environment}`, async () => {
    const signIn = fencesOf(readFileSync(join(root, "docs", "testing.md"), "utf8"))
      .map(({ code }) => code.join("\n"))
      .filter((code) => code.includes("session/sign-in"));
    assert.equal(signIn.length, 1);
    const folder = folderOf(`guide-${environment}`, {
      ...filesOf("docs/testing.md"),
      "sign-in.ts": signIn.join(""),
      "sign-in.test.ts": `import { expect, test, vi } from "vitest";
        test("signs in", async () => {
          vi.stubGlobal("expect", expect);
          expect.assertions(1);
          await import("./sign-in");
        });`,
    });
    assert.deepEqual(await inVitest(folder, environment), {
      "shows the orders, and says when the session has ended": "passed",
      "counts the orders, with the token": "passed",
      "says what the API answered": "passed",
      "lets readers in, and nobody else": "passed",
      "refuses a token that is revoked": "passed",
      "signs in": "passed",
    });
  });
}

for (const environment of ["node", "jsdom", "happy-dom"]) {
  test(`recipe_the_real_keep_runs_in_vitest_with_msw_in_${environment}`, async () => {
    const folder = folderOf(`msw-${environment}`, {
      "keep.ts": codeOf("doc:docs/recipes/testing.md#0"),
      "keep.test.ts": codeOf("doc:docs/recipes/testing.md#1"),
    });
    assert.deepEqual(await inVitest(folder, environment), {
      "a request that is refused is sent again with a new token": "passed",
      "a session that the authority ends is over": "passed",
    });
  });
}

/** The configuration of the recipe, with what a machine without a sandbox needs. */
const HERE = `
  import config from "./playwright.config.ts";
  const { launchOptions } = config.use;
  export default {
    ...config,
    outputDir: "results",
    use: { ...config.use, launchOptions: { ...launchOptions, args: ${JSON.stringify(chromiumArgs)} } },
  };`;

/** The page that the recipe tests: the application of the React recipe, served by Vite. */
const PAGE = {
  "index.html": `<!doctype html><html lang="en"><title>Orders</title><main></main>
    <script type="module" src="/main.tsx"></script></html>`,
  "main.tsx": `import { createRoot } from "react-dom/client";
    import { Application } from "./Application";
    createRoot(document.querySelector("main")!).render(<Application />);`,
  "vite.config.mjs": `import react from "@vitejs/plugin-react";
    export default { plugins: [react()], cacheDir: ".vite" };`,
};

test("recipe_playwright_tests_the_page_of_the_react_recipe_without_a_backend", async () => {
  // Another port: somebody may be at work on the usual one.
  const port = String(await freePort());
  const folder = folderOf("playwright", {
    ...PAGE,
    "Application.tsx": codeOf("doc:docs/recipes/react.md#0"),
    "playwright.config.ts": codeOf("doc:docs/recipes/testing.md#2").replaceAll("5173", port),
    "here.config.ts": HERE,
    "session.spec.ts": codeOf("doc:docs/recipes/testing.md#3"),
  });
  const cli = join(root, "node_modules", "@playwright", "test", "cli.js");
  const options = ["test", "--config", "here.config.ts", "--reporter=json", "--workers=1"];
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await execute(process.execPath, [cli, ...options], {
    cwd: folder,
    env: { ...env, CHROMIUM: executablePath },
  }).catch((error: { stdout: string }) => error);
  const { suites, errors } = JSON.parse(stdout) as {
    suites: { specs: { title: string; ok: boolean }[] }[];
    errors: { message: string }[];
  };
  assert.deepEqual(errors, []);
  assert.deepEqual(
    suites.flatMap(({ specs }) => specs.map(({ title, ok }) => [title, ok])),
    [
      ["somebody who is signed in can sign out", true],
      ["without a session the page asks for a sign-in", true],
      ["an authority that fails ends no session", true],
    ],
  );
});
