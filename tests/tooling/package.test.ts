// What `npm run build` made: the wasm in it is whole and within its budget, and its types need
// nothing else. tests/package sees what npm packs of it. Needs a built tree, which `npm test` makes
// first.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync, inflateSync } from "node:zlib";
import { build } from "esbuild";
import type { Verified } from "tokenkeep/edge";
import type { ServiceEvent } from "tokenkeep/service";
import { build as vite } from "vite";
import { shortened } from "../../scripts/lib/bundle.mjs";
import { adapters, providerChunks } from "../../scripts/lib/entries.mjs";
import { readManifest } from "../../scripts/lib/manifest.mjs";
import { privateNames } from "../../scripts/lib/private-names.mjs";
import { overBudget, weighAll } from "../../scripts/lib/sizes.mjs";
import { gzipOf } from "../../scripts/lib/wasm.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { builds } = readManifest();
const [client] = builds;
assert.ok(client !== undefined);

test("the inlined wasm is the optimised one, byte for byte, and a wasm module", async () => {
  const wasm = readFileSync(`${root}/${client.outDir}/${client.outName}_bg.wasm`);
  const inlined =
    /packedWasm = "([^"]+)"/.exec(
      readFileSync(`${root}/${client.outDir}/inlined.js`, "utf8"),
    )?.[1] ?? "";
  assert.deepEqual(inflateSync(Buffer.from(inlined, "base64")), wasm);
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
    assert.doesNotMatch(
      text,
      /[\w+/]{10000}|WebAssembly|"Bearer|navigator\.locks|BroadcastChannel/,
      name,
    );
    assert.doesNotMatch(text, /\bimport\s*[({"'*]/, `${name} stands alone`);
  }
  assert.match(readFileSync(`${root}/dist/worker.js`, "utf8"), /[\w+/]{10000}/);
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

test("no name that bundles shorten is between two bundles that do not share it", () => {
  const verifiers = ["edge/keys/locator", "edge/encryption", "edge/introspector"];
  for (const file of [...verifiers, "oauth/client"]) {
    const text = readFileSync(`${root}/js/${file}.ts`, "utf8");
    for (const name of privateNames)
      assert.doesNotMatch(text, new RegExp(`^ +(readonly )?${name}\\b[<?(:]`, "m"), name);
  }
});

test("the service tokens and their chunks know members by the same short names", async () => {
  const { createServiceTokens } = await import("tokenkeep/service");
  const values = new Map<string, string>();
  const forms: URLSearchParams[] = [];
  const serviceWith = (onEvent: (event: ServiceEvent) => void) =>
    createServiceTokens({
      issuer: "https://auth.example.com",
      client: { id: "orders", auth: { method: "client_secret_post", secret: "secret" } },
      targets: { "https://api.example.com": { actor: true } },
      shared: {
        store: {
          get: async (key) => values.get(key) ?? null,
          put: async (key, value) => void values.set(key, value),
          delete: async () => undefined,
        },
        keys: ["a secret of the store, 32 bytes long"],
      },
      async fetch(url, { body }) {
        if (url.includes("well-known"))
          return Response.json({
            issuer: "https://auth.example.com",
            token_endpoint: "https://auth.example.com/token",
          });
        const count = forms.push(new URLSearchParams(String(body)));
        return Response.json({
          access_token: `token-${count}`,
          token_type: "Bearer",
          issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        });
      },
      transport: async (request) => new Response(request.headers.get("Authorization")),
      onEvent,
    });
  const events: string[] = [];
  const tell = ({ type, code }: ServiceEvent) => void events.push(`${type} ${code}`);
  const inbound = new Request("https://orders.example.com", {
    headers: { Authorization: "Bearer of-ada" },
  });
  const auth = { claims: { sub: "ada" } } as unknown as Verified;
  await serviceWith(tell).prime();
  while (values.size === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const answer = await serviceWith(tell).onBehalfOf(inbound, auth).fetch("https://api.example.com");
  assert.equal(await answer.text(), "Bearer token-2");
  assert.deepEqual(
    forms.map((form) => form.get("actor_token")),
    [null, "token-1"],
  );
  assert.deepEqual(events, ["granted null", "shared null", "granted null"]);
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
      ["dist/dpop.js", 1_200],
      ["dist/hosted.js", 5_000],
      ["dist/worker.js", 29_500],
      ["dist/redirects.js", 1_500],
      ["dist/discovery.js", 1_500],
      ["dist/introspection.js", 3_000],
      ["dist/introspection-discovery.js", 500],
      ["dist/signed-answers.js", 600],
      ["dist/resource.js", 1_000],
      ["dist/logout.js", 3_000],
      ["dist/service.js", 5_000],
      ["dist/assertion.js", 500],
      ["dist/service-discovery.js", 500],
      ["dist/service-retry.js", 500],
      ["dist/service-users.js", 1_150],
      ["dist/service-store.js", 1_300],
      ["dist/jwe.js", 4_000],
      ["dist/replay-object.js", 900],
      ["dist/redis.js", 4_000],
      ["dist/mediator.js", 9_216],
      ["dist/mediator-options.js", 2_350],
      ["dist/mediator-backchannel.js", 700],
      ["dist/mediator-sealed.js", 1_100],
      ["dist/mediator-d1.js", 700],
      ["dist/mediator-objects.js", 900],
      ["dist/session-check.js", 1_300],
    ],
  );
  assert.deepEqual(overBudget(weights), []);
});

const one = "createMediator, storedSessions";
const withD1 = `${one}, d1Sessions`;

/**
 * What an application imports of the mediator, and the most that this may weigh in one bundle,
 * gzipped. The first four are whole mediators.
 */
const parts: readonly (readonly [names: string, most: number])[] = [
  [withD1, 10_700],
  [`${one}, memorySessions`, 10_350],
  [`${one}, durableSessions, SessionObject`, 10_750],
  ["createMediator, sealedCookies", 9_000],
  ["memorySessions", 600],
  ["d1Sessions", 750],
  ["durableSessions", 600],
  ["SessionObject", 600],
  ["checkSessionStore", 1_300],
  ["MediatorError", 200],
];

/** What it leaves out, since all applications have it, and what is loaded when it is asked for. */
const apart = ["tokenkeep/edge", "oauth4webapi", ...providerChunks];

const bundlers: Readonly<Record<string, (source: string, apart: string[]) => Promise<string>>> = {
  async esbuild(source, external) {
    const { outputFiles } = await build({
      stdin: { contents: source, resolveDir: root },
      bundle: true,
      external,
      format: "esm",
      target: "es2022",
      minifySyntax: true,
      write: false,
    });
    return outputFiles[0]?.text ?? "";
  },
  async Rolldown(source, external) {
    const folder = mkdtempSync(join(root, "build", "part-"));
    try {
      const entry = join(folder, "part.js");
      writeFileSync(entry, source);
      const made = await vite({
        root,
        configFile: false,
        logLevel: "silent",
        build: {
          write: false,
          minify: false,
          target: "es2022",
          lib: { entry, formats: ["es"], fileName: "part" },
          rolldownOptions: { external },
        },
      });
      const [{ output }] = made as unknown as [{ output: [{ code: string }] }];
      return output[0].code;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** As the build shortens what it ships. */
const weightOf = async (source: string) => gzipOf(Buffer.from(await shortened(source))).length;

for (const [bundler, bundled] of Object.entries(bundlers))
  for (const [names, most] of parts)
    test(`an application with ${names} carries that alone by ${bundler}`, async () => {
      const source = `export { ${names} } from "tokenkeep/mediator";`;
      const weight = await weightOf(await bundled(source, apart));
      assert.ok(weight <= most, `${weight} bytes gzipped, ${most} at most`);
    });

test("the mediator in a Worker with D1 is one bundle, which loads nothing for a sign-in", async () => {
  const source = `export { ${withD1} } from "tokenkeep/mediator";`;
  const bundle = await bundlers["esbuild"]!(source, apart);
  const loaded = [...bundle.matchAll(/import\("([^"]+)"\)/g)].map(([, file]) => file);
  assert.deepEqual(loaded.sort(), ["./assertion.js", "./mediator-backchannel.js"]);
  for (const endpoint of ["authorization_endpoint", "end_session_endpoint", "INSERT INTO"])
    assert.ok(bundle.includes(endpoint), endpoint);
});

test("a Worker that has the whole mediator, and all that it loads, carries at most 20 KB", async () => {
  for (const [names] of parts.slice(0, 4)) {
    const source = `export { ${names} } from "tokenkeep/mediator";`;
    const weight = await weightOf(await bundlers["esbuild"]!(source, ["tokenkeep/edge"]));
    assert.ok(weight > 10_000 && weight <= 20_480, `${weight} bytes gzipped`);
  }
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
