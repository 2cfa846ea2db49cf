// Tabs that share the engine of one worker.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { hang, pause, type Scene, scenes, until } from "../harness.ts";
import { liveIn } from "./hosted.ts";

const behaviour = scenes();

/** Tabs with a keep in the same shared worker. The first is `scene.page`. */
async function tabs(scene: Scene, count: number): Promise<Page[]> {
  const pages = [scene.page];
  while (pages.length < count) pages.push(await scene.open());
  for (const page of pages) await liveIn("shared", page);
  return pages;
}

const reasons = (page: Page) =>
  page.evaluate(() =>
    stage.events.flatMap((event) => (event.type === "signed-out" ? [event.reason] : [])),
  );

behaviour(
  "client_W22_tabs_of_a_shared_worker_make_one_refresh_and_a_new_one_makes_none",
  async (scene) => {
    const [first, second, third] = (await tabs(scene, 3)) as [Page, Page, Page];
    scene.lifetime = 6;
    const options = { leeway: 2, jitter: 0 };
    await scene.started(options, first);
    await scene.started(options, second);
    assert.equal(scene.refreshes(), 1);
    assert.deepEqual(
      (await scene.events(second)).map(({ type }) => type),
      ["signed-in"],
    );
    scene.lifetime = 900;
    await until(() => scene.refreshes() === 2, "the renewal");
    for (const page of [first, second])
      await until(
        async () => (await scene.session(page)).generation === 2,
        "its token in each tab",
      );
    await scene.started(options, third);
    assert.equal((await scene.session(third)).generation, 2);
    await second.reload();
    await second.waitForFunction(() => "stage" in globalThis);
    await liveIn("shared", second);
    await scene.started(options, second);
    await pause(500);
    assert.equal(scene.refreshes(), 2);
  },
);

behaviour(
  "client_W22_a_new_tab_of_a_signed_out_worker_asks_as_every_new_page_does",
  async (scene) => {
    const [first, second] = (await tabs(scene, 2)) as [Page, Page];
    scene.authority.on("/session/refresh", () => ({ status: 401 }));
    await scene.started({}, first);
    assert.equal((await scene.session(first)).status, "anonymous");
    // Somebody signs in elsewhere, by a redirect.
    scene.authority.on("/session/refresh", () => scene.grant());
    await scene.started({}, second);
    for (const page of [first, second]) await scene.reaches("authenticated", page);
  },
);

behaviour("client_W23_a_logout_reaches_every_tab_once_with_its_reason", async (scene) => {
  const pages = await tabs(scene, 3);
  for (const page of pages) await scene.started({}, page);
  await pages[0]!.evaluate(() => keep.logout());
  for (const page of pages) await scene.reaches("anonymous", page);
  await pause(300);
  assert.deepEqual(await Promise.all(pages.map(reasons)), [
    ["logout"],
    ["logout-elsewhere"],
    ["logout-elsewhere"],
  ]);
  assert.deepEqual(
    await Promise.all(pages.map(async (page) => (await scene.session(page)).reason)),
    ["logout", "logout-elsewhere", "logout-elsewhere"],
  );
  assert.equal(scene.authority.to("/session/logout").length, 1);
});

behaviour(
  "client_W24_a_tab_that_closes_takes_its_calls_with_it_and_not_the_session",
  async (scene) => {
    const { api, at } = scene;
    const [first, second] = (await tabs(scene, 2)) as [Page, Page];
    for (const page of [first, second]) await scene.started({}, page);
    api.on("/slow", hang);
    for (const how of ["close", "reload"] as const) {
      const tab = how === "close" ? second : await scene.open();
      if (how === "reload") {
        await liveIn("shared", tab);
        await scene.started({}, tab);
      }
      await tab.evaluate(({ api }) => void keep.fetch(`${api}/slow`).catch(() => undefined), at);
      const before = api.to("/slow").length;
      await until(() => api.to("/slow").length >= Math.max(1, before), "the call");
      const call = api.to("/slow").at(-1)!;
      await tab[how]();
      await until(() => call.abandoned, `the call to end by a ${how}`);
    }
    const { value } = await first.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/x`)), at);
    assert.equal(value, 200);
    assert.equal(scene.refreshes(), 1);
    // The last keep that is closed ends the engine: the next has to ask.
    await first.evaluate(() => keep.close());
    const third = await scene.open();
    await liveIn("shared", third);
    await scene.started({}, third);
    assert.equal(scene.refreshes(), 2);
  },
);

async function crash({ context }: Scene, page: Page): Promise<void> {
  const wire = await context.newCDPSession(page);
  const gone = new Promise<void>((resolve) => page.once("crash", () => resolve()));
  void wire.send("Page.crash").catch(() => undefined);
  await gone;
}

behaviour("client_W24_a_tab_that_crashes_ends_nobodys_session", async (scene) => {
  const { at } = scene;
  const [first, second] = (await tabs(scene, 2)) as [Page, Page];
  for (const page of [first, second]) await scene.started({}, page);
  await crash(scene, second);
  const { value } = await first.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/x`)), at);
  assert.equal(value, 200);
  assert.equal(scene.refreshes(), 1);
  assert.deepEqual(await reasons(first), []);
});

behaviour(
  "client_W20_a_shared_worker_that_dies_with_the_tab_that_made_it_is_replaced",
  async (scene) => {
    const { api, at } = scene;
    const [first, second] = (await tabs(scene, 2)) as [Page, Page];
    for (const page of [first, second]) await scene.started({}, page);
    api.on("/slow", hang);
    const waiting = second.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/slow`)), at);
    await until(() => api.to("/slow").length === 1, "the call");
    await crash(scene, first);
    await until(() => api.to("/slow")[0]!.abandoned, "the worker to be gone");
    assert.equal((await waiting).error?.code, "worker_unavailable");
    await scene.reaches("authenticated", second);
    assert.equal(scene.refreshes(), 2);
  },
);

/** Has a page say that it is hidden or seen, as a browser would. */
function show(page: Page, state: "hidden" | "visible"): Promise<void> {
  return page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

behaviour("client_W25_renewals_rest_only_when_every_tab_is_hidden", async (scene) => {
  const [first, second, apart] = (await tabs(scene, 3)) as [Page, Page, Page];
  await liveIn("page", apart);
  scene.lifetime = 4;
  const options = { leeway: 1, jitter: 0 };
  for (const page of [apart, first, second]) await scene.started(options, page);
  const left = () =>
    first.evaluate(() => keep.explain().some(({ event }) => event === "renewal-left-to-sibling"));
  await show(first, "hidden");
  const { generation } = await scene.session(first);
  await until(async () => (await scene.session(first)).generation >= generation + 2, "renewals");
  assert.equal(await left(), false);
  await show(second, "hidden");
  await until(left, "a renewal to be left to the visible page");
});

behaviour("client_W25_a_tab_that_joins_hidden_ones_ends_their_rest", async (scene) => {
  const [first, second, apart] = (await tabs(scene, 3)) as [Page, Page, Page];
  await liveIn("page", apart);
  scene.lifetime = 4;
  const options = { leeway: 1, jitter: 0 };
  for (const page of [apart, first]) await scene.started(options, page);
  const rests = () =>
    first.evaluate(
      () => keep.explain().filter(({ event }) => event === "renewal-left-to-sibling").length,
    );
  await show(first, "hidden");
  await until(async () => (await rests()) > 0, "a renewal to be left to the visible page");
  await scene.started(options, second);
  const before = await rests();
  const { generation } = await scene.session(first);
  await until(async () => (await scene.session(first)).generation >= generation + 2, "renewals");
  assert.equal(await rests(), before);
});

behaviour(
  "client_W27_a_page_host_beside_a_shared_worker_takes_turns_and_hears_of_sign_outs",
  async (scene) => {
    const { authority } = scene;
    const [first, second] = (await tabs(scene, 2)) as [Page, Page];
    await liveIn("page", second);
    for (const page of [first, second]) await scene.started({}, page);
    authority.on("/session/refresh", async () => {
      await pause(150);
      return scene.grant();
    });
    await Promise.all(
      [first, second].map((page) => page.evaluate(() => keep.refresh().catch(() => undefined))),
    );
    assert.equal(authority.mostAtOnce("/session/refresh"), 1);
    await second.evaluate(() => keep.logout());
    await scene.reaches("anonymous", first);
    assert.deepEqual(await reasons(first), ["logout-elsewhere"]);
  },
);

behaviour("client_W28_a_page_without_a_common_version_is_told_so", async (scene) => {
  const { page, at } = scene;
  const failure = await page.evaluate(({ authority }) => {
    const worker = new Worker("/worker.js", { type: "module" });
    const { port1, port2 } = new MessageChannel();
    const settings = JSON.stringify({ refresh: `${authority}/session/refresh` });
    worker.postMessage({ tokenkeep: [99], settings, base: location.href, port: port2 }, [port2]);
    return new Promise<unknown>((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  }, at);
  assert.deepEqual(failure, [
    21,
    [
      "worker_unavailable",
      {
        message: "Another version of the page is open.",
        retryable: false,
        status: undefined,
        retryAfter: undefined,
      },
    ],
  ]);
});
