// The option `console`, and the notes of `explain()` on requests that went out without the token.
// What each mistake says is in troubleshooting.test.ts.

import assert from "node:assert/strict";
import { type Scene, scenes } from "./harness.ts";

const behaviour = scenes();

/** The lines that the keep says from now on. */
function lines({ page }: Scene): string[] {
  const said: string[] = [];
  page.on("console", (message) => {
    if (message.text().startsWith("tokenkeep:")) said.push(`${message.type()} ${message.text()}`);
  });
  return said;
}

const tries = ({ page }: Scene, count: number) =>
  page.evaluate(async (count) => {
    for (let n = 0; n < count; n++) await stage.outcome(keep.refresh());
    // What the console says before this is heard before it.
    console.log("over");
  }, count);

behaviour("client_J133_a_fault_is_said_once_a_kind_and_without_the_query", async (scene) => {
  const said = lines(scene);
  const { authority, at } = scene;
  await scene.keep({ refresh: `${at.authority}/session/refresh?client=secret` });
  authority.on("/session/refresh", () => ({ status: 404 }));
  await tries(scene, 3);
  authority.on("/session/refresh", () => ({ status: 405 }));
  await tries(scene, 1);
  authority.on("/session/refresh", () => ({ status: 204 }));
  await tries(scene, 2);
  const address = `${at.authority}/session/refresh`;
  assert.equal(said.length, 2, said.join("\n"));
  assert.ok(said[0]?.startsWith("warning tokenkeep: This is no answer of a refresh endpoint"));
  assert.ok(said[0]?.includes(` ${address} 404 See `));
  assert.ok(said[1]?.startsWith("warning tokenkeep: An answer without a usable token"));
  assert.ok(said[1]?.includes(` ${address} 204 See `));
  assert.ok(!said.join().includes("secret"));
});

behaviour("client_J133_what_passes_is_not_said", async (scene) => {
  const said = lines(scene);
  const { authority, api, page, at } = scene;
  await scene.started();
  authority.on("/session/refresh", () => ({ status: 503 }));
  await tries(scene, 1);
  authority.on("/session/refresh", () => ({ cut: true }));
  await tries(scene, 1);
  authority.on("/session/refresh", () => scene.grant());
  await tries(scene, 1);
  // A challenge that can be read, and a sign-in reply with nothing in it that looks like a token.
  api.on("/never", () => ({ status: 401, headers: { "WWW-Authenticate": "Bearer" } }));
  authority.on("/session/sign-in", () => ({
    headers: { "Content-Type": "application/json" },
    body: '{"csrfToken":"a","kind":"of token","next":"code"}',
  }));
  await page.evaluate(async ({ api, authority }) => {
    await keep.fetch(`${api}/never`);
    await keep.signIn(`${authority}/session/sign-in`, { method: "POST" });
    console.log("over");
  }, at);
  assert.equal(api.to("/never").length, 2);
  assert.deepEqual(said, []);
});

behaviour("client_J133_off_says_nothing", async (scene) => {
  const said = lines(scene);
  await scene.keep({ console: "off" });
  scene.authority.on("/session/refresh", () => ({ status: 404 }));
  await tries(scene, 1);
  assert.deepEqual(said, []);
  const told = await scene.page.evaluate(() =>
    ["warnings", "off", undefined, "on", "", null, true].map((given) => {
      try {
        stage.createTokenKeep({ refresh: "/r", console: given as "off" });
        return "taken";
      } catch (error) {
        return (error as Error).message;
      }
    }),
  );
  const wrong = 'console must be "warnings" or "off".';
  assert.deepEqual(told, ["taken", "taken", "taken", wrong, wrong, wrong, wrong]);
});

behaviour(
  "client_D134_a_request_that_goes_out_bare_is_noted_once_a_kind_and_origin",
  async (scene) => {
    const { page, at } = scene;
    await scene.started();
    const told = await page.evaluate(async ({ api, foreign, app }) => {
      const headers = { Authorization: "Basic YTpi" };
      for (let n = 0; n < 3; n++) {
        await keep.fetch(`${foreign}/one?secret=${n}`);
        await keep.fetch(`${app}/two`);
        await keep.fetch(`${api}/three`, { headers });
        await keep.fetch(`${foreign}/four`, { headers });
      }
      await keep.attempt(
        foreign,
        () => 0,
        () => false,
      );
      await keep.fetch(`${api}/six`);
      return keep.explain().map(({ event, note }) => [event, note]);
    }, at);
    assert.deepEqual(told.slice(-3), [
      ["origin-not-listed", at.app],
      ["foreign-authorization", at.api],
      ["origin-not-listed", at.foreign],
    ]);
    assert.deepEqual(told.filter(([, note]) => note?.startsWith("http")).length, 3);
    // However many origins there are, the engine's transitions stay, and the list stays short.
    const { events, frozen } = await page.evaluate(async () => {
      for (let n = 0; n < 200; n++)
        await keep.attempt(
          `https://${n}.example.com`,
          () => 0,
          () => false,
        );
      const told = keep.explain();
      return { events: told.map(({ event }) => event), frozen: told.every(Object.isFrozen) };
    });
    assert.ok(events.includes("refreshed"), events.join());
    assert.ok(events.length <= 120 && frozen);
  },
);
