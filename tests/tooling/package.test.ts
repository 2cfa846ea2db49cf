// What `npm run build` made: the wasm in it is whole and within its budget, and its types need
// nothing else. tests/package sees what npm packs of it. Needs a built tree, which `npm test` makes
// first.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { adapters, privateNames, shortened } from "../../scripts/lib/bundle.mjs";
import { readManifest } from "../../scripts/lib/manifest.mjs";
import { overBudget, weighAll } from "../../scripts/lib/sizes.mjs";
import { gzipOf } from "../../scripts/lib/wasm.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { builds } = readManifest();
const [client] = builds;
assert.ok(client !== undefined);

test("the inlined wasm is the optimised one, byte for byte, and a wasm module", async () => {
  const wasm = readFileSync(`${root}/${client.outDir}/${client.outName}_bg.wasm`);
  const inlined =
    /gzippedWasm = "([^"]+)"/.exec(
      readFileSync(`${root}/${client.outDir}/inlined.js`, "utf8"),
    )?.[1] ?? "";
  assert.deepEqual(gunzipSync(Buffer.from(inlined, "base64")), wasm);
  assert.ok(readFileSync(`${root}/${client.bundle}`, "utf8").includes(inlined));
  assert.ok((await WebAssembly.compile(wasm)) instanceof WebAssembly.Module);
});

test("gzip gives the same bytes each time, and names no system", () => {
  const bytes = Buffer.from("the same bytes ".repeat(100));
  assert.deepEqual(gzipOf(bytes), gzipOf(bytes));
  assert.deepEqual([...gzipOf(bytes).subarray(4, 10)], [0, 0, 0, 0, 2, 255]);
  assert.deepEqual(gunzipSync(gzipOf(bytes)), bytes);
});

test("no published type names the generated glue", () => {
  const declarations = readdirSync(`${root}/dist`, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".d.ts"),
  );
  assert.ok(declarations.includes("index.d.ts"));
  for (const name of declarations) {
    assert.doesNotMatch(
      readFileSync(`${root}/dist/${name}`, "utf8"),
      /build\/|_bg|wasm_bindgen|\bany\b(?=\s*[;,)>])/,
      name,
    );
  }
});

test("a bundle that revokes and verifies nothing carries no wasm", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { kvRevocation } from "tokenkeep/edge";`,
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const size = outputFiles[0]?.contents.length ?? 0;
  assert.ok(size > 1_000 && size < 12_000, `${size} bytes`);
});

test("the page half of a hosted keep has no wasm, and takes none of what sets a token", () => {
  for (const name of ["hosted", "worker-home"]) {
    const text = readFileSync(`${root}/dist/${name}.js`, "utf8");
    assert.doesNotMatch(text, /H4sI|WebAssembly|"Bearer|navigator\.locks|BroadcastChannel/, name);
    assert.doesNotMatch(text, /\bimport\s*[({"'*]/, `${name} stands alone`);
  }
  assert.match(readFileSync(`${root}/dist/worker.js`, "utf8"), /H4sI/);
});

test("no name that bundles shorten is public", () => {
  const declarations = readdirSync(`${root}/dist`, { recursive: true, encoding: "utf8" }).filter(
    // The names of `tokenkeep/testing` are left as they are.
    (name) => name.endsWith(".d.ts") && !name.startsWith("testing"),
  );
  for (const file of declarations) {
    const text = readFileSync(`${root}/dist/${file}`, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    for (const name of privateNames)
      assert.doesNotMatch(text, new RegExp(`\\b${name}\\b[?(:<]`), `${file} declares ${name}`);
  }
});

test("no name that bundles shorten is between the verifier and another bundle", () => {
  for (const file of ["keys/locator", "encryption"]) {
    const text = readFileSync(`${root}/js/edge/${file}.ts`, "utf8");
    for (const name of privateNames)
      assert.doesNotMatch(text, new RegExp(`^ +(readonly )?${name}\\b[<?(:]`, "m"), name);
  }
});

test("the package opens in node, and touches nothing until it is used", async () => {
  const before = Reflect.ownKeys(globalThis);
  const { createTokenKeep, TokenKeepError } = await import("tokenkeep");
  assert.equal(typeof createTokenKeep, "function");
  assert.ok(TokenKeepError.prototype instanceof Error);
  assert.deepEqual(Reflect.ownKeys(globalThis), before);
});

test("the package is within its budgets", () => {
  const weights = weighAll(builds, adapters).filter(({ budget }) => budget !== null);
  assert.deepEqual(
    weights.map(({ name, budget }) => [name, budget]),
    [
      ["dist/index.js", 28_500],
      ["dist/edge.js", 70_500],
      ["edge on Workers", 71_000],
      ["dist/dpop.js", 2_000],
      ["dist/hosted.js", 5_000],
      ["dist/worker.js", 31_200],
      ["dist/redirects.js", 1_500],
      ["dist/discovery.js", 1_500],
      ["dist/introspection.js", 3_800],
      ["dist/resource.js", 1_000],
      ["dist/logout.js", 3_000],
      ["dist/service.js", 6_300],
      ["dist/assertion.js", 500],
      ["dist/service-users.js", 1_100],
      ["dist/service-store.js", 1_300],
      ["dist/jwe.js", 4_000],
      ["dist/replay-object.js", 900],
      ["dist/redis.js", 4_000],
      ["dist/mediator.js", 15_000],
    ],
  );
  assert.deepEqual(overBudget(weights), []);
});

/** What an application imports of the mediator, and the most that it may weigh, gzipped. */
const parts: readonly (readonly [names: string, own: number, withLibrary: number])[] = [
  ["createMediator, storedSessions, memorySessions", 12_000, 20_000],
  ["createMediator, storedSessions, d1Sessions", 12_500, 20_000],
  ["createMediator, storedSessions, durableSessions, SessionObject", 12_500, 20_000],
  ["createMediator, sealedCookies", 11_300, 20_000],
];

/** A part of the mediator as an application's bundler and the build's own shortening leave it. */
async function weightOf(names: string, peers: readonly string[]): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${names} } from "tokenkeep/mediator";`, resolveDir: root },
    bundle: true,
    external: ["tokenkeep/edge", "tokenkeep/logout", ...peers],
    format: "esm",
    target: "es2022",
    minifySyntax: true,
    write: false,
  });
  return gzipOf(Buffer.from(await shortened(outputFiles[0]?.text ?? ""))).length;
}

for (const [names, own, withLibrary] of parts)
  test(`an application with ${names} carries that alone`, async () => {
    const weights = [await weightOf(names, ["oauth4webapi"]), await weightOf(names, [])];
    assert.ok((weights[0] ?? 0) <= own && (weights[1] ?? 0) <= withLibrary, weights.join(", "));
  });

test("what weighs more than its budget is told", () => {
  const [heavy] = overBudget(weighAll([{ ...client, budget: 100 }], []));
  assert.match(heavy ?? "", /^dist\/index\.js is \d+ bytes gzipped, \d+ over its budget of 100\.$/);
});

test("no shipped wasm names a source file or says what a panic would", () => {
  for (const name of ["client", "edge"]) {
    const text = readFileSync(`${root}/dist/${name}.wasm`, "latin1");
    const words = [
      ...text.matchAll(
        /[\w./-]+\.rs(?!\w)|already (?:mutably )?borrowed|index out of bounds|capacity overflow|\bcalled `/g,
      ),
    ];
    assert.deepEqual(
      words.map(([word]) => word),
      [],
      name,
    );
  }
});
