// `tokenkeep/react` with React: StrictMode, concurrent rendering, render counts, hydration and
// size.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bundled, type Scene, scenes, script, until } from "./harness.ts";

const behaviour = scenes();

async function withReact(scene: Scene): Promise<void> {
  const program = await bundled("react-page.ts");
  scene.app.on("/react.js", () => script(program));
  await scene.page.addScriptTag({ url: "/react.js", type: "module" });
  await scene.page.waitForFunction(() => "programs" in globalThis);
}

const shows = ({ page }: Scene, id: string, text: string) =>
  until(
    async () => (await page.locator(`#${id}`).textContent()) === text,
    `#${id} to show ${text}`,
  );
const books = ({ page }: Scene) => page.evaluate(() => programs.books);

behaviour(
  "client_J83_under_strict_mode_a_session_is_restored_once_and_nobody_is_left_listening",
  async (scene) => {
    await withReact(scene);
    await scene.keep();
    await scene.page.evaluate(() => programs.strict(keep));
    await shows(scene, "everything", "authenticated 1");
    assert.equal(scene.refreshes(), 1);
    assert.equal((await books(scene)).listening, 1);
    await scene.page.evaluate(() => keep.refresh());
    await shows(scene, "everything", "authenticated 2");
    await scene.page.evaluate(() => keep.logout());
    await shows(scene, "everything", "anonymous 2");
    await scene.page.evaluate(() => programs.unmount());
    assert.equal((await books(scene)).listening, 0);
    await scene.page.evaluate(() => keep.refresh());
    assert.deepEqual(scene.errors, []);
  },
);

behaviour("client_J83_a_renewal_renders_only_those_who_selected_what_it_changes", async (scene) => {
  const { page } = scene;
  await withReact(scene);
  await scene.started();
  await page.evaluate(() => programs.three(keep));
  await shows(scene, "objects", "1 1");
  const before = (await books(scene)).renders;
  for (const generation of [2, 3, 4]) {
    await page.evaluate(() => keep.refresh());
    await shows(scene, "everything", `authenticated ${generation}`);
    await shows(scene, "objects", `${generation} ${generation}`);
  }
  const after = (await books(scene)).renders;
  assert.equal(after["status"], before["status"], "the status stayed the same");
  const renders = after["everything"]! - before["everything"]!;
  assert.ok(renders >= 3 && renders <= 6, `${renders} renders: each refresh begins and ends`);
  assert.ok(
    after["objects"]! - before["objects"]! <= 6,
    "no loop around a selector that makes objects",
  );
  await page.evaluate(() => keep.logout());
  await shows(scene, "status", "anonymous");
  assert.equal((await books(scene)).renders["status"]! - before["status"]!, 1);
  assert.deepEqual(scene.errors, []);
});

behaviour(
  "client_J83_nothing_is_torn_when_the_session_changes_in_the_middle_of_a_rendering",
  async (scene) => {
    const { page } = scene;
    await withReact(scene);
    await scene.keep();
    await page.evaluate(async () => {
      await keep.adopt({ access_token: "first", expires_in: 900 });
      programs.witness(keep);
      // Forty slow components in a transition leave room in between: the session moves on several
      // times meanwhile.
      for (let n = 0; n < 12; n++) {
        await new Promise((resolve) => setTimeout(resolve, 25));
        await keep.adopt({ access_token: `next-${n}`, expires_in: 900 });
      }
    });
    await until(
      () =>
        page.evaluate(() => {
          const shown = [...document.querySelectorAll(".slow")].map(
            (element) => element.textContent,
          );
          return shown.length === 40 && shown.every((text) => text === "13");
        }),
      "forty components to show the last generation",
    );
    assert.deepEqual((await books(scene)).torn, []);
  },
);

behaviour("client_J83_what_a_server_rendered_is_hydrated_without_a_mismatch", async (scene) => {
  const { page } = scene;
  await withReact(scene);
  await scene.keep();
  // The page has its session before React takes over what the server sent.
  await page.evaluate(() => keep.start());
  const html = await page.evaluate(() => programs.hydrate(keep));
  assert.match(html, /unknown/);
  assert.doesNotMatch(html, /authenticated/);
  await shows(scene, "everything", "authenticated 1");
  await shows(scene, "status", "authenticated");
  assert.deepEqual((await books(scene)).recovered, []);
  assert.deepEqual(scene.errors, []);
});

test("client_J83_the_hook_brings_no_second_copy_of_the_client", () => {
  const hook = readFileSync(new URL("../../dist/react.js", import.meta.url), "utf8");
  assert.ok(hook.length < 1500, `${hook.length} bytes`);
  assert.ok(!hook.includes("WebAssembly"));
  assert.deepEqual(
    [...hook.matchAll(/from\s*["']([^"']+)["']/g)].map(([, name]) => name),
    ["react"],
  );
  assert.match(hook, /^["']use client["']/);
});
