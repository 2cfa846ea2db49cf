// No block of code escapes: what its language is, who looks at it, and whether the table of recipes
// says how it was tried. Commands can't all be run, for some of them upload; each is well-formed,
// and names scripts, files and options that there are.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { readOptions } from "../../kit/options.ts";
import { documents, fencesOf, root, snippetsOf } from "./snippets.ts";

const text = (path: string) => readFileSync(join(root, path), "utf8");
const all = documents().flatMap((path) =>
  fencesOf(text(path)).map((fence, place) => ({ path, place, ...fence })),
);
const manifest = JSON.parse(text("package.json")) as {
  version: string;
  scripts: Record<string, string>;
};

/** Blocks that are run, as `README.md#1`: tests name them in this way. */
const run = new Set(
  ["tests/client", "tests/docs"]
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith(".test.ts"))
    .flatMap((path) => [...text(path).matchAll(/([\w./-]+\.md#\d+)/g)])
    .map(([, block]) => block ?? ""),
);

test("every block of code is type-checked, a command, JSON, or a drawing", () => {
  const known = ["ts", "tsx", "js", "vue", "svelte", "sh", "json", ""];
  assert.deepEqual(
    all
      .filter(({ language }) => !known.includes(language))
      .map(({ path, line, language }) => `${path}:${line} ${language}`),
    [],
  );
  const checked = documents().reduce((sum, path) => sum + snippetsOf(text(path)).length, 0);
  const unchecked = ["sh", "json", ""];
  assert.equal(checked, all.filter(({ language }) => !unchecked.includes(language)).length);
  for (const { code } of all.filter(({ language }) => language === "json"))
    assert.doesNotThrow(() => JSON.parse(code.join("\n")));
  // Without a language: drawings, headers, and lines of the console, which
  // tests/client/troubleshooting.test.ts compares.
  assert.deepEqual(
    [...new Set(all.filter(({ language }) => language === "").map(({ path }) => path))].sort(),
    [
      "CONTRIBUTING.md",
      "docs/how-it-works.md",
      "docs/loading.md",
      "docs/troubleshooting.md",
      "docs/worker-host.md",
    ],
  );
});

test("the table of recipes says how many blocks of each page run", () => {
  const rows = [
    ...text("docs/recipes/index.md").matchAll(/^\| \[[^\]]+\]\(([^)]+)\) \| (\d+ of \d+) \|/gm),
  ];
  const said = Object.fromEntries(
    rows.map(([, link = "", count]) => [
      normalize(join(dirname("docs/recipes/index.md"), link)),
      count,
    ]),
  );
  const pages = [...new Set(all.map(({ path }) => path))].filter((path) =>
    /^docs\/(recipes|migrate)\//.test(path),
  );
  const counted = pages.map((path) => {
    const blocks = all.filter((block) => block.path === path);
    return [
      path,
      `${blocks.filter(({ place }) => run.has(`${path}#${place}`)).length} of ${blocks.length}`,
    ];
  });
  assert.ok(counted.length >= 10);
  assert.deepEqual(said, Object.fromEntries(counted));
  for (const block of run)
    assert.ok(
      all.some(({ path, place }) => `${path}#${place}` === block),
      `${block} is no block`,
    );
});

/** The commands of a block, a line each, comments and continuations taken out. */
const commandsOf = (code: readonly string[]) =>
  code
    .join("\n")
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "");

const commands = all
  .filter(({ language }) => language === "sh")
  .flatMap(({ path, code }) => commandsOf(code).map((command) => ({ path, command })));

/** The scripts of the project and of the examples, which are projects of their own. */
const scripts = new Set(
  [".", ...readdirSync(join(root, "examples")).map((name) => `examples/${name}`)]
    .map((folder) => join(root, folder, "package.json"))
    .filter((path) => existsSync(path))
    .flatMap((path) => Object.keys(JSON.parse(readFileSync(path, "utf8")).scripts)),
);

test("commands are well-formed, and the scripts and files that they name are there", () => {
  assert.ok(commands.length > 15);
  for (const { path, command } of commands) {
    execFileSync("bash", ["-n", "-c", command]);
    for (const [, name = ""] of command.matchAll(/\bnpm (?:run )?(start|test|(?<=run )[\w:]+)/g))
      assert.ok(scripts.has(name), `${path}: npm has no script ${name}`);
    for (const [, file = ""] of command.matchAll(/(?:\bnode|--config) (\S+)/g))
      assert.ok(existsSync(join(root, file)), `${path}: ${file}`);
    for (const [, version] of command.matchAll(/tokenkeep-(\d[\w.-]*)\.tgz/g))
      assert.equal(version, manifest.version, path);
  }
});

test("the contract kit takes the options that documents give it", async () => {
  const kit = commands.filter(({ command }) => command.includes("tokenkeep-contract"));
  assert.ok(kit.length >= 2);
  for (const { command } of kit) {
    // Nobody here owns a package by the command's name: npx would install a stranger's.
    const called = "npx -p tokenkeep tokenkeep-contract ";
    assert.ok(command.startsWith(called), command);
    const args = command.slice(called.length).replace(/@\S+/, "{}").split(/\s+/);
    assert.ok((await readOptions(args)) !== null, command);
  }
});
