// Calls that the API refuses: one refresh for all of them, one retry each, and never a third
// sending.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { TokenKeep } from "tokenkeep";
import { addresses, authorization, type Demo, sentTo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());
afterEach(() => demo.peace());

test("50 parallel calls that all get 401 cause one refresh, 50 retries and 50 successes", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("This one");
  await visitor.page.getByRole("status").filter({ hasText: "refuses the present token" }).waitFor();

  const before = await demo.counts();
  const already = visitor.requests.length;
  await visitor.press("50 at once");
  await visitor.page.getByRole("status").filter({ hasText: "50 of 50 succeeded" }).waitFor();
  const counted = await demo.counts();

  // As the servers saw it.
  assert.equal(counted.requests - before.requests, 100);
  assert.equal(counted.refused - before.refused, 50);
  assert.equal(counted.ok - before.ok, 50);
  assert.equal(counted.refreshes - before.refreshes, 1);
  assert.equal(counted.mostRefreshesAtOnce, 1);

  // As the browser sent it.
  const sent = visitor.requests.slice(already);
  assert.equal(sentTo(sent, `${demo.authority}/session/refresh`, "POST").length, 1);
  const bearers = await Promise.all(sentTo(sent, `${demo.api}/api/time`).map(authorization));
  const [first, second] = visitor.tokens.map((token) => `Bearer ${token}`);
  assert.equal(bearers.length, 100);
  assert.equal(bearers.filter((bearer) => bearer === first).length, 50);
  assert.equal(bearers.filter((bearer) => bearer === second).length, 50);
  await visitor.expectSession({ status: "authenticated", generation: 2 });

  // As the page tells it.
  assert.equal(await visitor.page.locator("#ledger-requests").textContent(), "100");
  assert.equal(await visitor.page.locator("#ledger-refused").textContent(), "50");
  assert.equal(await visitor.page.locator("#ledger-refreshes").textContent(), "1");
  await visitor.leave();
});

test("a late 401 to an older token is retried with the present one, without a refresh", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("This one");
  await visitor.page.getByRole("status").filter({ hasText: "refuses the present token" }).waitFor();

  // The first call leaves with the refused token and is held on its way until another call has
  // caused the refresh.
  let letGo = () => {};
  const renewed = new Promise<void>((resolve) => (letGo = resolve));
  const held = demo.api + "/api/me";
  await visitor.page.route(held, async (route) => {
    await renewed;
    await route.continue();
  });
  const late = visitor.page.waitForRequest(held);
  await visitor.press("Who am I");
  await late;
  await visitor.press("Ask for the time");
  await visitor.expectSession({ generation: 2 });
  const { refreshes } = await demo.counts();
  letGo();
  await visitor.page.getByRole("status").filter({ hasText: "200 GET /api/me" }).waitFor();

  assert.equal(sentTo(visitor.requests, held).length, 2);
  assert.equal((await demo.counts()).refreshes, refreshes);
  await visitor.leave();
});

test("a call is never sent a third time to an API that refuses every token", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("Every one");
  await visitor.page.getByRole("status").filter({ hasText: "refuses every token" }).waitFor();
  const before = await demo.counts();

  await visitor.press("Ask for the time");
  await visitor.page.getByRole("status").filter({ hasText: "401 GET /api/time" }).waitFor();
  const counted = await demo.counts();
  assert.equal(counted.requests - before.requests, 2);
  assert.equal(counted.refused - before.refused, 2);
  assert.equal(counted.refreshes - before.refreshes, 1);
  assert.equal(sentTo(visitor.requests, `${demo.api}/api/time`).length, 2);
  await visitor.page.getByText("A fresh token was refused").waitFor();
  await visitor.expectSession({ status: "authenticated" });
  await visitor.leave();
});

test("each of 50 parallel calls is sent twice at most, whatever becomes of it", async () => {
  await demo.refuseAll();
  const visitor = await demo.visit();
  await visitor.signIn();
  // The visitor's page holds one keep already; a document without any is the place for another.
  await visitor.page.goto(`${demo.app}/config.json`);
  const already = visitor.requests.length;
  const statuses = await visitor.page.evaluate(async ({ authority, api }) => {
    const module = "/tokenkeep.js";
    const { createTokenKeep } = (await import(module)) as typeof import("tokenkeep");
    const keep: TokenKeep = createTokenKeep({
      refresh: `${authority}/session/refresh`,
      origins: [api],
    });
    const call = async (n: number) => (await keep.fetch(`${api}/api/time?call=${n}`)).status;
    const answered = await Promise.all(Array.from({ length: 50 }, (_, n) => call(n)));
    keep.close();
    return answered;
  }, addresses(demo));
  assert.deepEqual(statuses, Array(50).fill(401));
  const sent = visitor.requests.slice(already);
  for (let n = 0; n < 50; n++)
    assert.equal(sentTo(sent, `${demo.api}/api/time?call=${n}`).length, 2);
  assert.equal(
    sentTo(sent, `${demo.authority}/session/refresh`, "POST").length,
    2,
    "one to start, one for all",
  );
  await visitor.leave();
});

test("a retried POST carries its whole body again", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("This one");
  await visitor.page.getByRole("status").filter({ hasText: "refuses the present token" }).waitFor();
  await visitor.press("Post a note");
  await visitor.page
    .getByRole("status")
    .filter({ hasText: /200 POST .*always whole/ })
    .waitFor();
  const posts = sentTo(visitor.requests, `${demo.api}/api/echo`, "POST");
  assert.equal(posts.length, 2);
  const lengths = await Promise.all(posts.map((post) => post.headerValue("content-length")));
  assert.match(lengths[0] ?? "", /^[1-9]\d+$/);
  assert.equal(lengths[1], lengths[0]);
  await visitor.leave();
});
