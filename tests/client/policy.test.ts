// The client under a Content-Security-Policy: what it needs, and the error where that is missing.

import assert from "node:assert/strict";
import { type Scene, scenes } from "./harness.ts";

const behaviour = scenes();

/** Opens the page under a Content-Security-Policy. */
async function under({ app, page, at }: Scene, scripts: string): Promise<void> {
  const policy = `default-src 'none'; img-src 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types; script-src ${scripts}; connect-src ${at.authority} ${at.api}`;
  const body = '<!doctype html><title>scene</title><script type="module" src="/page.js"></script>';
  app.on("/strict", () => ({
    headers: { "Content-Type": "text/html", "Content-Security-Policy": policy },
    body,
  }));
  await page.goto(`${app.origin}/strict`);
  await page.waitForFunction(() => "stage" in globalThis);
}

behaviour("client_csp_a_strict_policy_with_wasm_unsafe_eval_is_enough", async (scene) => {
  await under(scene, "'self' 'wasm-unsafe-eval'");
  await scene.started();
  assert.equal(
    await scene.page.evaluate(
      ({ api }) => keep.fetch(`${api}/x`).then(({ status }) => status),
      scene.at,
    ),
    200,
  );
  assert.deepEqual(scene.errors, []);
});

behaviour(
  "client_A96_without_wasm_unsafe_eval_every_call_says_what_to_add_and_that_trying_again_is_no_use",
  async (scene) => {
    await under(scene, "'self'");
    await scene.keep();
    const outcomes = await scene.page.evaluate(
      ({ api }) =>
        Promise.all(
          [keep.start(), keep.fetch(`${api}/x`), keep.logout()].map((use) => stage.outcome(use)),
        ),
      scene.at,
    );
    for (const { error } of outcomes) {
      assert.deepEqual(
        [error?.name, error?.code, error?.retryable],
        ["TokenKeepError", "wasm_unavailable", false],
      );
      assert.match(
        error?.message ?? "",
        /Content-Security-Policy.*script-src needs 'wasm-unsafe-eval'/,
      );
    }
    assert.equal(scene.authority.calls.length + scene.api.calls.length, 0);
    assert.deepEqual(scene.errors, []);
  },
);
