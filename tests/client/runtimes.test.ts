// The package in Node, Bun, Deno and workerd: its import does nothing, a closed keep leaves nothing
// behind, and every process ends by itself.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { ended, RUNTIMES, type Runtime, runIn, start } from "../runtimes.ts";
import { json, ScriptedServer } from "./server.ts";

const modules = fileURLToPath(new URL("../../node_modules/", import.meta.url));
const program = fileURLToPath(new URL("runtimes/lifecycle.mjs", import.meta.url));
const built = new URL("../../dist/index.js", import.meta.url).href;

let server: ScriptedServer;
before(async () => {
  server = await ScriptedServer.open(({ token }) => json({ token: token !== null }));
  server.on("/no-session", () => json({ error: "login_required" }, 401));
  server.on("/refresh", () => json({ access_token: "a-token", expires_in: 900 }));
});
after(() => server.close());

const run = (runtime: Runtime, ...words: string[]) => runIn(runtime, program, ...words);

const careless = new URL("runtimes/careless.mjs", import.meta.url).href;

for (const runtime of RUNTIMES) {
  test(`client_A1_importing_in_${runtime}_touches_no_global_and_does_nothing`, async () => {
    assert.deepEqual(await run(runtime, "import", built), { code: 0, output: "ok\n" });
    const { code, output } = await run(runtime, "import", careless);
    assert.ok(code === 1 && output.includes("importing touched fetch, leftBehind"), output);
  });

  test(`client_D85_in_${runtime}_a_request_that_can_not_be_made_is_a_typed_error_and_no_trap`, async () => {
    for (const what of ["relative", "foreign-signal"])
      assert.deepEqual(await run(runtime, what, built, `${server.origin}/refresh`), {
        code: 0,
        output: "ok\n",
      });
  });

  // In Deno an open channel always keeps the process alive.
  if (runtime !== "deno")
    test(`client_G93_in_${runtime}_a_keep_that_waits_for_siblings_lets_the_process_end`, async () => {
      assert.deepEqual(await run(runtime, "open", built, `${server.origin}/no-session`), {
        code: 0,
        output: "ok\n",
      });
    });

  test(`client_J153_in_${runtime}_a_keep_that_nobody_closes_goes_on_renewing`, async () => {
    let renewals = 0;
    const child = start(runtime, program, "unclosed", built, `${server.origin}/short`);
    server.on("/short", () => {
      renewals += 1;
      if (renewals === 3) child.kill();
      return json({ access_token: "a-token", expires_in: 1 });
    });
    const { output } = await ended(child);
    assert.equal(output, "ok\n");
    assert.ok(renewals >= 3);
  });

  test(`client_J80_in_${runtime}_a_keep_works_and_the_process_ends_by_itself`, async () => {
    assert.deepEqual(await run(runtime, "render", built), { code: 0, output: "ok\n" });
    const before = server.to("/refresh").length;
    assert.deepEqual(await run(runtime, "live", built, `${server.origin}/refresh`), {
      code: 0,
      output: "ok\n",
    });
    assert.equal(server.to("/refresh").length - before, 2);
  });
}

test("client_A1_client_A96_client_J80_in_workerd_the_package_imports_and_says_what_is_missing", async () => {
  // Workers refuse timers, chance and I/O while a module is evaluated, and WebAssembly from bytes
  // at any time.
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { createTokenKeep, TokenKeepError } from ${JSON.stringify(fileURLToPath(built))};
        const keep = createTokenKeep({
          refresh: "https://auth.example.com/session/refresh",
          origins: ["https://api.example.com"],
        });
        export default {
          async fetch() {
            const { status } = keep.session;
            const error = await keep.start().catch((error) => error);
            const { code, retryable } = error;
            const typed = error instanceof TokenKeepError;
            return Response.json({ status, code, retryable, typed });
          },
        };`,
      resolveDir: modules,
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  const miniflare = new Miniflare({
    modules: true,
    script: outputFiles[0]!.text,
    compatibilityDate: "2026-04-01",
  });
  try {
    const response = await miniflare.dispatchFetch("http://localhost/");
    assert.deepEqual(await response.json(), {
      status: "unknown",
      code: "wasm_unavailable",
      retryable: false,
      typed: true,
    });
  } finally {
    await miniflare.dispose();
  }
});
