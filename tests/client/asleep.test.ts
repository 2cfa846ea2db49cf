// Tabs that are hidden, frozen, or kept in the back/forward cache: what they miss, and how they
// come back. Chromium really does all of this here.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { hang, json, launchAsPeopleHaveIt, pause, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes(launchAsPeopleHaveIt);
const REFRESH = "/session/refresh";

async function lifecycle(scene: Scene, page: Page) {
  const wire = await scene.context.newCDPSession(page);
  return (state: "frozen" | "active") => wire.send("Page.setWebLifecycleState", { state });
}

const seen = (page: Page) => page.evaluate(() => document.visibilityState);

/** After logout the authority has no session, and the API takes no token. */
function endSession(scene: Scene): void {
  scene.authority.on("/session/logout", () => {
    scene.valid.clear();
    scene.authority.on(REFRESH, () => ({ status: 401 }));
    return { status: 204 };
  });
}

behaviour("client_B13_a_timer_that_fires_late_behaves_as_if_it_were_on_time", async (scene) => {
  const { page } = scene;
  // The tab is hidden before it starts: Chromium counts the time to freezing it from then on.
  await scene.open();
  await until(async () => (await seen(page)) === "hidden", "the first tab to be hidden");
  const set = await lifecycle(scene, page);
  scene.lifetime = 6;
  await scene.started({ leeway: 1, jitter: 0, tabs: "off" });
  await set("frozen");
  scene.lifetime = 900;
  await pause(7000);
  assert.equal(scene.refreshes(), 1, "it sleeps through its renewal and its token's death");
  await set("active");
  await until(() => scene.refreshes() === 2, "the late renewal");
  await until(async () => (await scene.session()).generation === 2, "its token");
  await pause(500);
  assert.equal(scene.refreshes(), 2);
  assert.deepEqual(
    (await scene.events()).map(({ type }) => type),
    ["signed-in", "refreshed", "refreshed"],
  );
});

behaviour(
  "client_B16_a_hidden_tab_leaves_renewals_to_a_visible_one_and_has_a_good_token_when_it_is_seen",
  async (scene) => {
    const { page, api, at } = scene;
    const born = new Map<string, number>();
    scene.lifetime = 4;
    scene.authority.on(REFRESH, () => {
      const reply = scene.grant();
      born.set(scene.granted.at(-1)!, performance.now());
      return reply;
    });
    api.on("/fresh", ({ token }) =>
      json({}, performance.now() - (born.get(token ?? "") ?? 0) < 4500 ? 200 : 401),
    );
    const options = { leeway: 1, jitter: 0 };
    const second = await scene.open();
    await scene.started(options);
    await scene.started(options, second);
    assert.deepEqual([await seen(page), await seen(second)], ["hidden", "visible"]);
    await until(
      async () => (await scene.session(second)).generation >= 3,
      "two renewals of the visible tab",
    );
    assert.equal((await scene.session()).generation, 1);
    assert.equal((await scene.session()).status, "authenticated");

    // The next token lives long, so no renewal follows in this test.
    scene.lifetime = 900;
    await page.bringToFront();
    const status = await page.evaluate(
      ({ api }) => keep.fetch(`${api}/fresh`).then((reply) => reply.status),
      at,
    );
    assert.equal(status, 200);
    assert.equal(
      api.to("/fresh").length,
      1,
      "not refused once: the token was good before the request went out",
    );
    assert.equal((await scene.session()).generation, 2);
  },
);

behaviour(
  "client_G60_a_tab_that_is_frozen_with_the_lock_delays_the_others_within_the_bound",
  async (scene) => {
    const { page, authority } = scene;
    await scene.started({ timeout: 3000 });
    const second = await scene.open();
    await scene.started({ timeout: 3000 }, second);
    authority.on(REFRESH, hang);
    await page.evaluate(() => void keep.refresh().catch(() => undefined));
    await until(() => scene.refreshes() === 3, "the lock to be in use");
    authority.on(REFRESH, () => scene.grant());
    const set = await lifecycle(scene, page);
    await set("frozen");
    const began = performance.now();
    const { value } = await second.evaluate(() =>
      stage.outcome(keep.refresh().then(({ generation }) => generation)),
    );
    assert.equal(value, 2);
    assert.ok(performance.now() - began < 30_000, "the hold bound, and a slow machine");
    await set("active");
    await until(
      async () => !(await scene.session()).refreshing,
      "the frozen tab to find its way back",
    );
    assert.equal((await scene.session()).status, "authenticated");
  },
);

behaviour(
  "client_G65_a_tab_that_was_frozen_during_the_logout_wipes_when_it_wakes",
  async (scene) => {
    const { page, api, at } = scene;
    endSession(scene);
    await scene.started();
    const second = await scene.open();
    await scene.started({}, second);
    const set = await lifecycle(scene, page);
    await set("frozen");
    await second.evaluate(() => keep.logout());
    await pause(500);
    await set("active");
    await scene.reaches("anonymous");
    await page.evaluate(({ api }) => keep.fetch(`${api}/after`), at);
    assert.deepEqual(
      api.to("/after").map(({ token }) => token),
      [null],
    );
  },
);

/** Brings a tab back from the cache, and lets it call the API as soon as it returns. */
async function returnFromCache(
  { at, context }: Scene,
  page: Page,
  meanwhile: (other: Page) => Promise<void>,
): Promise<void> {
  await page.evaluate(({ api }) => {
    addEventListener("pageshow", ({ persisted }) => {
      Object.assign(globalThis, {
        persisted,
        call: keep.fetch(`${api}/returned`).then(({ status }) => status),
      });
    });
  }, at);
  await page.goto(`${at.foreign}/elsewhere`);
  const other = await context.newPage();
  await other.goto(at.app);
  await other.waitForFunction(() => "stage" in globalThis);
  await meanwhile(other);
  await page.bringToFront();
  await page.goBack({ waitUntil: "commit" });
  await page.waitForFunction(() => "persisted" in globalThis);
  assert.equal(
    await page.evaluate(() => (globalThis as unknown as { persisted: boolean }).persisted),
    true,
    "the page came out of the cache",
  );
  await page.evaluate(() => (globalThis as unknown as { call: Promise<number> }).call);
}

behaviour(
  "client_G65_a_tab_that_returns_from_the_back_forward_cache_after_a_logout_sends_no_token",
  async (scene) => {
    const { page, api } = scene;
    endSession(scene);
    await scene.started();
    await returnFromCache(scene, page, async (other) => {
      await scene.started({}, other);
      await other.evaluate(() => keep.logout());
    });
    await scene.reaches("anonymous");
    assert.deepEqual(
      api.to("/returned").map(({ token }) => token),
      [null],
    );
  },
);

behaviour(
  "client_G65_a_tab_that_returns_from_the_cache_to_a_session_that_stands_goes_on_with_it",
  async (scene) => {
    await scene.started();
    await returnFromCache(scene, scene.page, (other) => scene.started({}, other));
    assert.deepEqual(
      scene.api.to("/returned").map(({ token }) => token),
      [scene.granted[0]],
    );
    assert.equal(scene.refreshes(), 2, "a refresh for each tab: a sibling's word was enough");
  },
);

behaviour(
  "client_G65_a_tab_that_returns_from_the_cache_alone_asks_the_authority_before_it_sends_its_token",
  async (scene) => {
    const { page, api } = scene;
    await scene.started();
    await returnFromCache(scene, page, async (other) => {
      scene.valid.clear();
      scene.authority.on(REFRESH, () => ({ status: 401 }));
      await other.close();
    });
    await scene.reaches("anonymous");
    assert.deepEqual(
      api.to("/returned").map(({ token }) => token),
      [null],
    );
  },
);
