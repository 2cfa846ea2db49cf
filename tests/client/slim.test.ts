// `tokenkeep/slim`: the same client, with the wasm given in each of the possible ways.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Scene, scenes, script } from "./harness.ts";

const behaviour = scenes();
const built = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../dist/${name}`, import.meta.url)));

/** Serves the package's files beside the page. */
function withFiles({ app }: Scene, type = "application/wasm"): void {
  app.on("/slim.js", () => script(built("slim.js").toString()));
  app.on("/client.wasm", () => ({ headers: { "Content-Type": type }, body: built("client.wasm") }));
}

/** The status of a started keep over `wasm`, an expression in the page, or its error code. */
function statusWith({ page, at }: Scene, wasm: string): Promise<string> {
  return page.evaluate(
    async ({ authority, wasm }) => {
      const url = "/slim.js";
      const { createTokenKeep } = (await import(url)) as typeof import("../../js/slim.ts");
      try {
        const given = (await (0, eval)(`(async () => ({ wasm: ${wasm} }))()`)) as { wasm: string };
        const keep = createTokenKeep({ refresh: `${authority}/session/refresh`, ...given });
        return (await keep.start()).status;
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
    { ...at, wasm },
  );
}

const bytes = `await (await fetch("/client.wasm")).arrayBuffer()`;
for (const [what, wasm] of [
  ["a_path", `"/client.wasm"`],
  ["a_url", `new URL("/client.wasm", location.href)`],
  ["a_response", `await fetch("/client.wasm")`],
  ["a_promised_response", `fetch("/client.wasm")`],
  ["bytes", bytes],
  ["a_module", `await WebAssembly.compile(${bytes})`],
] as const) {
  behaviour(`client_slim_takes_its_wasm_from_${what}`, async (scene) => {
    withFiles(scene);
    assert.equal(await statusWith(scene, wasm), "authenticated");
  });
}

behaviour("client_slim_takes_its_wasm_under_another_content_type", async (scene) => {
  withFiles(scene, "application/octet-stream");
  assert.equal(await statusWith(scene, `"/client.wasm"`), "authenticated");
});

behaviour("client_slim_says_what_is_no_wasm_and_takes_the_next", async (scene) => {
  withFiles(scene);
  scene.app.on("/missing.wasm", () => ({ status: 404 }));
  assert.equal(await statusWith(scene, "undefined"), "config_invalid");
  assert.equal(await statusWith(scene, `"/missing.wasm"`), "wasm_unavailable");
  assert.equal(await statusWith(scene, `"/client.wasm"`), "authenticated");
});
