// Two tabs of one browser: they sign in and out together, and their refreshes take turns.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

const expectStatus = (page: Page, status: string) =>
  page.locator(`#session[data-status="${status}"]`).waitFor();

test("signing in and out in one tab reaches the other", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  const second = await visitor.context.newPage();
  await second.goto(demo.app);
  await expectStatus(second, "anonymous");

  await visitor.page.bringToFront();
  await visitor.signIn();
  await expectStatus(second, "authenticated");

  await visitor.logOut();
  await expectStatus(second, "anonymous");
  await second
    .getByRole("paragraph")
    .filter({ hasText: "You logged out in another tab." })
    .first()
    .waitFor();
  await visitor.leave();
});

test("tabs that restore one session at once never refresh at once, and none is taken for a thief", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const before = await demo.counts();
  const others = await Promise.all([1, 2, 3].map(() => visitor.context.newPage()));
  await Promise.all(others.map((page) => page.goto(demo.app)));
  for (const page of others) await expectStatus(page, "authenticated");
  const counted = await demo.counts();
  assert.ok(counted.refreshes - before.refreshes >= 3);
  assert.equal(counted.mostRefreshesAtOnce, 1);
  assert.equal(counted.reuseAlarms, before.reuseAlarms);
  await visitor.leave();
});
