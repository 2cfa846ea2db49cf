// A page with Angular's zone.js, compiled as Angular's tools do: they write `async` functions as
// chains of promises, so that a zone is kept across each `await`.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Scene, scenes, script } from "./harness.ts";

const behaviour = scenes();

async function withZones({ app, page }: Scene): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("zones-page.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    supported: { "async-await": false },
    alias: { tokenkeep: fileURLToPath(new URL("../../dist/index.js", import.meta.url)) },
  });
  app.on("/zones.js", () => script(outputFiles[0]!.text));
  app.on("/zones", () => ({
    headers: { "Content-Type": "text/html" },
    body: '<!doctype html><title>zones</title><script type="module" src="/zones.js"></script>',
  }));
  await page.goto(`${app.origin}/zones`);
  await page.waitForFunction(() => "zones" in globalThis);
}

behaviour("client_B98_no_timer_of_the_keep_is_in_a_zone_of_the_application", async (scene) => {
  scene.authority.on("/session/sign-in", () => scene.grant());
  await withZones(scene);
  const waitedFor = await scene.page.evaluate(async ({ authority, api }) => {
    const inside = <T>(call: () => T) => zones.application.run<T>(call);
    const keep = inside(() =>
      zones.createTokenKeep({ refresh: `${authority}/session/refresh`, origins: [api] }),
    );
    await inside(() => keep.start());
    await inside(() => keep.refresh());
    await inside(() => keep.adopt({ access_token: "adopted", expires_in: 900 }));
    await inside(() => keep.signIn(`${authority}/session/sign-in`, { method: "POST" }));
    await inside(() => keep.fetch(`${api}/orders`));
    // The application's own timer shows that this zone would notice.
    inside(() => clearTimeout(setTimeout(() => undefined, 100_000)));
    return zones.scheduled;
  }, scene.at);
  assert.deepEqual(
    waitedFor.filter((source) => /^set/.test(source)),
    ["setTimeout"],
  );
});

behaviour("client_B98_listeners_are_called_in_the_zone_that_added_them", async (scene) => {
  await withZones(scene);
  const names = await scene.page.evaluate(
    ({ authority, api }) =>
      new Promise<string[]>((resolve) => {
        const keep = zones.createTokenKeep({
          refresh: `${authority}/session/refresh`,
          origins: [api],
        });
        const names: string[] = [];
        const listen = () => keep.on("signed-in", () => void names.push(Zone.current.name));
        listen();
        zones.application.run(() => {
          listen();
          keep.subscribe(() => void names.push(Zone.current.name));
        });
        keep.on("refreshed", () => setTimeout(() => resolve(names)));
        void keep.start();
      }),
    scene.at,
  );
  assert.ok(names.length >= 4, names.join());
  assert.equal(names.filter((name) => name === "<root>").length, 1, names.join());
});
