// What of the package is looked at in every run of the tests, in seconds: the tarball's files, its
// manifest, and the two places that differ most, Node and workerd. The rest of the matrix is
// matrix.ts.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build, transform } from "esbuild";
import { Authority } from "./authority.ts";
import type { Cell, Seen } from "./cells/cell.ts";
import { workerd } from "./cells/edges.ts";
import { runtimeCells } from "./cells/servers.ts";
import { packed, project, root } from "./project.ts";

const execute = promisify(execFile);
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, string | Record<string, string>>;
};
/** The modules that an application may import; what `bin` names is a program. */
const modules = new Set(
  Object.values(manifest.exports)
    .flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)))
    .filter((path) => path.endsWith(".js")),
);

test("package_the_tarball_holds_the_files_of_files_txt_and_weighs_less_than_400_kB", async () => {
  const { files, size } = await packed();
  const golden = readFileSync(new URL("files.txt", import.meta.url), "utf8")
    .trim()
    .split("\n");
  assert.deepEqual(
    files,
    golden,
    "a file came or went: if it is meant to, write it into tests/package/files.txt",
  );
  assert.ok(size < 400_000, `${size} bytes`);
});

test("package_publint_finds_nothing", async () => {
  const { path } = await packed();
  const { stdout } = await execute(
    join(root, "node_modules", ".bin", "publint"),
    ["run", path, "--strict"],
    { cwd: root },
  );
  assert.match(stdout, /All good!/);
});

test("package_every_entry_leads_to_a_file_and_its_conditions_come_in_the_right_order", () => {
  const order = ["types", "workerd", "edge-light", "default"];
  for (const [entry, target] of Object.entries(manifest.exports)) {
    const conditions = typeof target === "string" ? { default: target } : target;
    assert.deepEqual(
      Object.keys(conditions),
      order.filter((name) => name in conditions),
      entry,
    );
    for (const file of Object.values(conditions))
      assert.ok(existsSync(join(root, file)), `${entry}: ${file}`);
  }
});

/** What an entry imports when an option or a call asks for it, and nothing else as it runs. */
const CHUNKS = [
  "assertion",
  "dpop",
  "dpop-key",
  "introspection-discovery",
  "mediator-backchannel",
  "mediator-sealed",
  "service-discovery",
  "service-retry",
  "service-store",
  "service-users",
  "signed-answers",
  "worker-home",
].map((name) => `./${name}.js`);

test("package_no_module_awaits_at_its_top_or_imports_as_it_runs_but_for_its_chunks", async () => {
  assert.ok(modules.size >= 6);
  for (const name of modules) {
    const code = readFileSync(join(root, name), "utf8");
    const imported = [...code.matchAll(/\bimport\s*\(\s*["']?([^"')]*)/g)].map(([, path]) => path);
    assert.deepEqual(
      imported.filter((path) => !CHUNKS.includes(path ?? "")),
      [],
      name,
    );
    await assert.doesNotReject(
      transform(code, { supported: { "top-level-await": false }, logLevel: "silent" }),
      name,
    );
  }
  await assert.rejects(
    transform("await 1", {
      supported: { "top-level-await": false },
      format: "esm",
      logLevel: "silent",
    }),
    /Top-level await/,
  );
});

test("package_importing_an_entry_where_pages_are_rendered_touches_no_global", async () => {
  const lifecycle = join(root, "tests", "client", "runtimes", "lifecycle.mjs");
  // The adapters bring in what they adapt to; the others of edge are for runtimes that are no
  // servers of pages.
  const rendered = [...modules].filter((path) => !/react|hono|workerd|edge-light/.test(path));
  assert.ok(rendered.length >= 2);
  for (const path of rendered) {
    const { stdout } = await execute(process.execPath, [
      lifecycle,
      "import",
      pathToFileURL(join(root, path)).href,
    ]);
    assert.equal(stdout, "ok\n", path);
  }
});

test("package_what_is_imported_and_not_used_is_left_out", async () => {
  const made = await project("unused");
  const entries = Object.entries(manifest.exports)
    // Importing the worker's entry is what makes a script serve pages.
    .filter(([entry, target]) => typeof target !== "string" && entry !== "./worker")
    .map(([entry]) => `tokenkeep${entry.slice(1)}`);
  const contents = entries
    .map((entry, index) => `import * as entry${index} from "${entry}";`)
    .join("\n");
  const { outputFiles } = await build({
    stdin: { contents: `${contents}\nconsole.log(1);`, resolveDir: made.folder },
    bundle: true,
    write: false,
    format: "esm",
    minify: true,
    external: ["react", "hono", "oauth4webapi"],
    logLevel: "warning",
  });
  assert.equal(outputFiles[0]!.text.trim(), "console.log(1);");
});

test("client_J149_what_is_for_tests_is_in_no_entry_but_its_own", () => {
  const only = ["The fake keep has no route", "issuer.test"];
  for (const name of modules) {
    const code = readFileSync(join(root, name), "utf8");
    const isOwn = name.endsWith("/testing.js");
    for (const words of only) assert.equal(code.includes(words), isOwn, `${name}: ${words}`);
    assert.equal(/["']\.\/testing\.js["']/.test(code), false, name);
  }
});

/** Runs a cell of the matrix by itself; it needs no page. */
async function passes(cell: Cell): Promise<Seen> {
  const authority = await Authority.open();
  try {
    const seen = await cell.run({ authority, browser: null });
    for (const [part, said] of Object.entries(seen))
      assert.ok(said === "ok" || said.startsWith("- "), `${part}: ${said}`);
    return seen;
  } finally {
    await authority.close();
  }
}

/** What a cell says of each part: "ok", or "not there" with a reason. */
const marks = (seen: Seen) =>
  Object.fromEntries(
    Object.entries(seen).map(([part, said]) => [part, said === "ok" ? "ok" : "not there"]),
  );
const SERVERS = [
  "edge",
  "discovery",
  "hono",
  "introspection",
  "jwe",
  "logout",
  "mediator",
  "resource",
  "service",
  "testing",
  "imports",
];

test("package_works_as_installed_in_node", async () => {
  const [node] = runtimeCells;
  const parts = [...SERVERS, "client", "dpop", "slim", "redis", "require"];
  assert.deepEqual(
    marks(await passes(node!)),
    Object.fromEntries(parts.map((part) => [part, "ok"])),
  );
});

test("package_works_as_installed_in_workerd_with_one_copy_of_each_wasm", async () => {
  const parts = [...SERVERS, "replay", "wasm"];
  assert.deepEqual(marks(await passes(workerd)), {
    ...Object.fromEntries(parts.map((part) => [part, "ok"])),
    client: "not there",
  });
});
