// Double submit: what a cookie says goes into a header of the calls that change the session, and to
// nobody else.

import assert from "node:assert/strict";
import { Gate, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();
const csrf = { cookie: "XSRF-TOKEN", header: "X-XSRF-TOKEN" };
const REFRESH = "/session/refresh";
const SIGN_IN = "/session/sign-in";

const bake = ({ page }: Scene, cookie: string) =>
  page.evaluate((cookie) => void (document.cookie = cookie), cookie);

const told = ({ authority }: Scene, path: string) =>
  authority.to(path).map(({ headers }) => headers["x-xsrf-token"]);

const signIn = ({ page }: Scene, url: string) =>
  page.evaluate((url) => stage.outcome(keep.signIn(url, { method: "POST" })), url);

behaviour("client_E113_refresh_logout_and_sign_in_repeat_the_cookie_in_a_header", async (scene) => {
  const { page, authority, at } = scene;
  authority.on(SIGN_IN, () => scene.grant());
  await bake(scene, "XSRF-TOKEN=one");
  await scene.started({ csrf });
  await bake(scene, "other=1; path=/");
  await bake(scene, "XSRF-TOKEN=two");
  await page.evaluate(() => keep.refresh());
  await signIn(scene, at.authority + SIGN_IN);
  await page.evaluate(({ api }) => keep.fetch(`${api}/orders`), at);
  await page.evaluate(() => keep.logout());
  assert.deepEqual(told(scene, REFRESH), ["one", "two"]);
  assert.deepEqual([told(scene, SIGN_IN), told(scene, "/session/logout")], [["two"], ["two"]]);
  assert.equal(scene.api.to("/orders")[0]?.headers["x-xsrf-token"], undefined);
});

behaviour("client_E113_the_cookie_is_read_when_the_lock_is_there", async (scene) => {
  const { page } = scene;
  const other = await scene.open();
  const gate = new Gate();
  await bake(scene, "XSRF-TOKEN=before");
  await scene.started({ csrf });
  scene.authority.on(REFRESH, () => gate.opened.then(() => scene.grant()));
  await scene.keep({ csrf }, other);
  await other.evaluate(() => void keep.start().catch(() => undefined));
  await until(() => scene.refreshes() === 2, "the lock to be in use");
  const refreshed = page.evaluate(() => stage.outcome(keep.refresh()));
  await page.evaluate(() => stage.until(() => keep.session.refreshing));
  // As the answer to the call that holds the lock may do.
  await bake(scene, "XSRF-TOKEN=after");
  gate.open();
  assert.equal((await refreshed).error, undefined);
  assert.deepEqual(told(scene, REFRESH), ["before", "before", "after"]);
});

behaviour(
  "client_E113_the_value_is_percent_decoded_and_raw_where_that_cannot_be",
  async (scene) => {
    await scene.started({ csrf });
    for (const [cookie, header] of [
      ["a%3D%3D", "a=="],
      ["eyJpdiI6%2Bx%3D", "eyJpdiI6+x="],
      ["100%", "100%"],
      // A line feed, and a letter that no header can carry.
      ["a%0Ab", "a%0Ab"],
      ["%E2%82%AC", "%E2%82%AC"],
      ["a=b=c", "a=b=c"],
      ["", ""],
    ] as const) {
      await bake(scene, `XSRF-TOKEN=${cookie}`);
      await scene.page.evaluate(() => keep.refresh());
      assert.equal(told(scene, REFRESH).at(-1), header, cookie);
    }
  },
);

behaviour("client_E113_without_the_cookie_there_is_no_header", async (scene) => {
  await bake(scene, "xsrf-token=1");
  await bake(scene, "MY-XSRF-TOKEN=2");
  await bake(scene, "list=XSRF-TOKEN=3");
  await scene.started({ csrf });
  await bake(scene, "XSRF-TOKEN=€");
  await scene.page.evaluate(() => keep.refresh());
  assert.deepEqual(told(scene, REFRESH), [undefined, undefined]);
});

behaviour("client_E114_a_sign_in_takes_the_value_to_no_foreign_origin", async (scene) => {
  const { app, authority, api, foreign, at } = scene;
  for (const server of [app, authority, api, foreign]) server.on("/login", () => ({ status: 204 }));
  await bake(scene, "XSRF-TOKEN=secret");
  await scene.keep({ csrf, signInOrigins: [at.foreign] });
  for (const origin of Object.values(at))
    assert.equal((await signIn(scene, `${origin}/login`)).value, 204);
  const header = ({ headers }: { headers: object }) =>
    (headers as Record<string, unknown>)["x-xsrf-token"];
  assert.deepEqual(
    [app, authority, api, foreign].map((server) => server.to("/login").map(header)),
    [["secret"], ["secret"], [undefined], [undefined]],
    "a listed API is no endpoint of the session",
  );
  const text = JSON.stringify([...api.calls, ...foreign.calls].map(({ headers }) => headers));
  // The cookie itself goes to every port of localhost.
  assert.doesNotMatch(text.replaceAll(/"cookie":"[^"]*"/g, ""), /secret/);
});

behaviour("client_E114_a_frame_that_may_read_no_cookie_works_without_one", async (scene) => {
  const { app, page } = scene;
  app.on("/frame", () => ({
    headers: {
      "Content-Type": "text/html",
      "Content-Security-Policy": "sandbox allow-scripts",
    },
    body: '<!doctype html><script type="module" src="/page.js"></script>',
  }));
  await page.goto(`${scene.at.app}/frame`);
  await page.waitForFunction(() => "stage" in globalThis);
  const unreadable = await page.evaluate(() => {
    try {
      return document.cookie;
    } catch {
      return null;
    }
  });
  assert.equal(unreadable, null);
  await scene.started({ csrf, sessionHint: { cookie: "signed_in" } });
  assert.equal((await scene.session()).status, "authenticated", "it asks");
  assert.deepEqual(told(scene, REFRESH), [undefined]);
});

behaviour("client_E114_a_worker_has_no_cookies_and_works_without_them", async (scene) => {
  const { page, at } = scene;
  const outcome = await page.evaluate(
    ({ app, authority, csrf }) =>
      new Promise((resolve, reject) => {
        const program = `
          import { createTokenKeep } from "${app}/tokenkeep.js";
          const keep = createTokenKeep({
            refresh: "${authority}/session/refresh",
            csrf: ${JSON.stringify(csrf)},
            sessionHint: { cookie: "signed_in" },
          });
          keep.start().then(({ status }) => postMessage(status), ({ code }) => postMessage(code));`;
        const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
        const worker = new Worker(url, { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      }),
    { ...at, csrf },
  );
  assert.equal(outcome, "authenticated");
  assert.deepEqual(told(scene, REFRESH), [undefined]);
});
