// When start() asks: not without the cookie that tells of a session, and again after a sign-in by a
// redirect, although this tab is signed out.

import assert from "node:assert/strict";
import { Gate, json, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();
const REFRESH = "/session/refresh";
const sessionHint = { cookie: "signed_in" };
const refused = () => json({ error: "login_required" }, 401);

const again = (scene: Scene, page = scene.page) =>
  page.evaluate(() => stage.outcome(keep.start({ again: true }).then(({ status }) => status)));

behaviour("client_A115_without_the_cookie_of_a_session_start_sends_nothing", async (scene) => {
  const { page, at } = scene;
  await scene.started({ sessionHint });
  const { status, reason } = await scene.session();
  assert.deepEqual([status, reason], ["anonymous", "no-session"]);
  await page.evaluate(({ api }) => keep.fetch(`${api}/orders`), at);
  assert.deepEqual([scene.refreshes(), await scene.events()], [0, []]);
  const told = await page.evaluate(() => keep.explain().map(({ event }) => event));
  assert.deepEqual(told, ["no-hint", "no-session"]);
  // Who asks by name asks the authority.
  await page.evaluate(() => keep.refresh());
  assert.deepEqual([scene.refreshes(), (await scene.session()).status], [1, "authenticated"]);
});

for (const first of ["fetch", "withToken"] as const) {
  behaviour(`client_A115_the_start_by_the_first_${first}_looks_for_it_too`, async (scene) => {
    const { page, at } = scene;
    await scene.keep({ sessionHint });
    const outcome = await page.evaluate(
      ([first, { api }]) =>
        stage.outcome(
          first === "fetch" ? keep.fetch(`${api}/orders`) : keep.withToken((token) => token),
        ),
      [first, at] as const,
    );
    assert.equal(outcome.value ?? outcome.error?.code, first === "fetch" ? 401 : "signed_out");
    assert.deepEqual([scene.refreshes(), (await scene.session()).reason], [0, "no-session"]);
  });
}

behaviour("client_A115_with_the_cookie_start_asks_once", async (scene) => {
  const { page } = scene;
  await page.evaluate(() => void (document.cookie = "signed_in="));
  await scene.started({ sessionHint });
  await page.evaluate(() => void (document.cookie = "signed_in=; max-age=0"));
  await page.evaluate(() => keep.start());
  assert.deepEqual([scene.refreshes(), (await scene.session()).status], [1, "authenticated"]);
});

behaviour("client_A115_start_again_asks_without_the_cookie_too", async (scene) => {
  await scene.keep({ sessionHint });
  assert.equal((await again(scene)).value, "authenticated");
  assert.equal(scene.refreshes(), 1);
});

behaviour("client_A116_start_again_asks_although_this_tab_is_signed_out", async (scene) => {
  const { page, authority } = scene;
  await scene.started();
  await page.evaluate(() => keep.logout());
  assert.equal(await page.evaluate(() => keep.start().then(({ status }) => status)), "anonymous");
  assert.equal(scene.refreshes(), 1);
  authority.on(REFRESH, refused);
  assert.equal((await again(scene)).value, "anonymous");
  assert.equal((await scene.session()).reason, "no-session");
  authority.on(REFRESH, () => ({ status: 500 }));
  assert.equal((await again(scene)).error?.code, "refresh_unreachable");
  assert.equal((await scene.session()).status, "anonymous");
  authority.on(REFRESH, () => scene.grant());
  assert.equal((await again(scene)).value, "authenticated");
  const types = (await scene.events()).map(({ type }) => type);
  assert.deepEqual(types.slice(-2), ["signed-in", "refreshed"]);
});

behaviour("client_A116_siblings_that_are_signed_out_join", async (scene) => {
  const [second, callback] = [await scene.open(), await scene.open()];
  await scene.started();
  await scene.started({}, second);
  await scene.page.evaluate(() => keep.logout());
  await scene.reaches("anonymous", second);
  // The tab in which the redirect ends.
  await scene.keep({}, callback);
  assert.equal((await again(scene, callback)).value, "authenticated");
  for (const tab of [scene.page, second]) await scene.reaches("authenticated", tab);
  // Those that hold the session stay as they are.
  const generations = () =>
    Promise.all([scene.page, second].map(async (tab) => (await scene.session(tab)).generation));
  const before = await generations();
  assert.equal((await again(scene, callback)).value, "authenticated");
  await until(
    async () =>
      (await scene.events(second)).some(
        (event) => event.type === "refreshed" && event.by === "sibling",
      ),
    "the siblings to hear of it",
  );
  assert.deepEqual(await generations(), before);
  const types = (await scene.events(second)).map(({ type }) => type);
  assert.equal(types.filter((type) => type === "user-changed").length, 0);
});

behaviour("client_A116_a_logout_in_another_tab_ends_what_was_asked_again", async (scene) => {
  const second = await scene.open();
  const gate = new Gate();
  await scene.started();
  await scene.keep({}, second);
  scene.authority.on(REFRESH, () => gate.opened.then(() => scene.grant()));
  const asked = again(scene, second);
  await until(() => scene.refreshes() === 2, "the call");
  const out = scene.page.evaluate(() => stage.outcome(keep.logout()));
  await scene.reaches("anonymous", second);
  gate.open();
  await out;
  assert.equal((await asked).value, "anonymous");
  for (const tab of [scene.page, second])
    assert.equal((await scene.session(tab)).status, "anonymous");
});
