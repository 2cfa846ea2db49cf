// Each entry by itself: what an application carries that imports it alone, that it needs no other
// package than its own peer, and that its types do not either.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { build, type Metafile } from "esbuild";
import { gzipOf } from "../../scripts/lib/wasm.mjs";
import { complaints, newest } from "../types/compiler.ts";
import { entriesOf, type Project, packed, project, root } from "./project.ts";

const execute = promisify(execFile);
const PEERS = ["react", "hono", "oauth4webapi"];

/** Of the package's own files, those of which an entry brings something along; and its bytes. */
const ALONE: Readonly<Record<string, readonly [bytes: number, ...files: string[]]>> = {
  tokenkeep: [28_900, "index"],
  "tokenkeep/slim": [11_700, "slim"],
  "tokenkeep/hosted": [5_300, "hosted"],
  "tokenkeep/worker": [32_400, "worker"],
  "tokenkeep/edge": [72_000, "edge"],
  "tokenkeep/discovery": [1_600, "discovery"],
  "tokenkeep/hono": [600, "hono"],
  "tokenkeep/introspection": [3_300, "introspection"],
  "tokenkeep/jwe": [55_000, "edge", "jwe"],
  "tokenkeep/logout": [71_000, "edge", "logout"],
  "tokenkeep/resource": [4_200, "edge", "resource"],
  "tokenkeep/replay-object": [700, "replay-object"],
  "tokenkeep/redis": [7_000, "edge", "redis"],
  "tokenkeep/mediator": [
    80_500,
    "edge",
    "mediator",
    "mediator-d1",
    "mediator-objects",
    "mediator-options",
    "session-check",
  ],
  "tokenkeep/service": [5_400, "service"],
  "tokenkeep/react": [400, "react"],
  "tokenkeep/redirects": [1_100, "redirects"],
  "tokenkeep/testing": [6_500, "index", "testing"],
};

/** Those that need a peer as they run, which an application installs beside them. */
const NEEDS: Readonly<Record<string, string>> = {
  "tokenkeep/introspection": "oauth4webapi",
  "tokenkeep/mediator": "oauth4webapi",
  "tokenkeep/service": "oauth4webapi",
  "tokenkeep/react": "react",
};
/** Where no package is found but this one. */
let bare: Project;
before(async () => {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-bare-"));
  const at = (path: string) => join(folder, path);
  bare = { folder, at, write: (path, text) => writeFileSync(at(path), text) };
  bare.write("package.json", '{ "private": true, "type": "module" }');
  const options = ["--offline", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
  await execute("npm", ["install", ...options, (await packed()).path], { cwd: folder });
});

after(() => rmSync(bare.folder, { recursive: true, force: true }));

/** A file of a bundle, and those that it imports before it runs. */
function reached(
  path: string,
  outputs: Metafile["outputs"],
  found = new Set<string>(),
): ReadonlySet<string> {
  if (found.has(path) || outputs[path] === undefined) return found;
  found.add(path);
  for (const { kind, path: next } of outputs[path].imports)
    if (kind === "import-statement") reached(next, outputs, found);
  return found;
}

test("package_an_application_that_imports_one_entry_carries_that_one_alone", async () => {
  assert.deepEqual(Object.keys(ALONE), entriesOf());
  const made = await project("alone");
  const seen: Record<string, unknown> = {};
  for (const [entry, [most]] of Object.entries(ALONE)) {
    const { outputFiles, metafile } = await build({
      stdin: { contents: `export * from "${entry}";`, resolveDir: made.folder },
      bundle: true,
      write: false,
      outdir: "out",
      format: "esm",
      splitting: true,
      minify: true,
      metafile: true,
      external: PEERS,
      logLevel: "warning",
    });
    // What it loads by `import()` when an option asks for it does not count.
    const first = [...reached("out/stdin.js", metafile.outputs)];
    const files = first
      .flatMap((path) => Object.entries(metafile.outputs[path]?.inputs ?? {}))
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => basename(path, ".js"))
      .filter((name) => name !== "<stdin>");
    const names = first.map((path) => basename(path));
    const bytes = outputFiles
      .filter(({ path }) => names.includes(basename(path)))
      .reduce((sum, { contents }) => sum + gzipOf(Buffer.from(contents)).length, 0);
    seen[entry] = [Math.max(bytes, most), ...files.sort()];
  }
  assert.deepEqual(seen, ALONE);
});

test("package_every_entry_is_there_without_the_peers_of_the_others", async () => {
  bare.write(
    "import.mjs",
    `const seen = {};
    for (const entry of ${JSON.stringify(entriesOf())})
      await import(entry).catch(({ message }) => {
        seen[entry] = /package '(\\w+)'/.exec(message)?.[1] ?? message;
      });
    console.log(JSON.stringify(seen));`,
  );
  const { stdout } = await execute(process.execPath, ["import.mjs"], { cwd: bare.folder });
  assert.deepEqual(JSON.parse(stdout), NEEDS);
});

const PAGES = ["", "/slim", "/hosted", "/worker", "/react", "/redirects", "/testing"];
const pages = PAGES.map((name) => `tokenkeep${name}`);
const servers = entriesOf().filter((entry) => !pages.includes(entry));
/** The peer whose types the entries' own types name. */
const NAMED = ["hono"];

/** Where the types of some entries need nothing but what the surroundings have. */
const SURROUNDINGS = {
  "a page, without @types/node": { entries: entriesOf(), options: {}, missing: NAMED },
  "a worker of a page, without the DOM": {
    entries: ["tokenkeep", "tokenkeep/slim", "tokenkeep/worker", "tokenkeep/edge"],
    options: { lib: ["es2022", "webworker"] },
    missing: [],
  },
  "a server of Node, without the DOM": {
    entries: servers,
    options: { lib: ["es2022"], types: ["node"] },
    missing: NAMED,
  },
  "a Worker, without the DOM": {
    entries: servers,
    options: {
      lib: ["es2022"],
      types: [join(root, "node_modules", "@cloudflare", "workers-types", "index.d.ts")],
    },
    missing: NAMED,
  },
};

for (const [name, { entries, options, missing }] of Object.entries(SURROUNDINGS))
  test(`package_the_types_of_each_entry_need_no_other_package, in ${name}`, async () => {
    const files = entries.map((entry) => {
      const file = `${entry.replace("/", "-")}.ts`;
      bare.write(file, `export * from "${entry}";`);
      return file;
    });
    const said = await complaints(
      bare,
      {
        ...newest,
        options: { typeRoots: [join(root, "node_modules", "@types")], ...options },
      },
      files,
    );
    const unknown = [...said.matchAll(/Cannot find module '([^']+)'/g)].map(([, name]) => name);
    const others = said.split("\n").filter((line) => line !== "" && !line.includes("TS2307"));
    assert.deepEqual([unknown, others], [missing, []]);
  });
