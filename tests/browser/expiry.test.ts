// The moment at which everything happens at once: five tabs whose tokens expire together, with
// calls in each.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { addresses, type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

/** What a program in the page has to know. */
interface Errand {
  readonly authority: string;
  readonly api: string;
  readonly calls: number;
}

/** Makes a keep of its own in the page and starts it; the demo's own is not on that page. */
async function keepIn(page: Page, errand: Errand): Promise<void> {
  await page.goto(`${demo.app}/config.json`);
  await page.evaluate(async ({ authority, api }) => {
    const { createTokenKeep } = (await import(
      "/tokenkeep.js" as string
    )) as typeof import("tokenkeep");
    const keep = createTokenKeep({
      refresh: `${authority}/session/refresh`,
      origins: [api],
      leeway: 0.2,
      jitter: 0.2,
    });
    await keep.start();
    Object.assign(globalThis, { keep });
  }, errand);
}

/**
 * Fires the calls just before the token expires; tells their statuses and what became of the
 * session.
 */
function callAtExpiry(
  page: Page,
  errand: Errand,
): Promise<{ statuses: number[]; session: string; signedOut: number }> {
  return page.evaluate(async ({ api, calls }) => {
    const { keep } = globalThis as unknown as { keep: import("tokenkeep").TokenKeep };
    let signedOut = 0;
    keep.on("signed-out", () => signedOut++);
    const wait = (keep.session.expiresAt ?? 0) - Date.now() - 50;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)));
    const responses = await Promise.all(
      Array.from({ length: calls }, () => keep.fetch(`${api}/api/time`)),
    );
    return {
      statuses: responses.map((response) => response.status),
      session: keep.session.status,
      signedOut,
    };
  }, errand);
}

test("client_G59 a hundred calls from five tabs at the expiry: no reuse, no overlap, no sign-out", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  // Five tabs with tokens of five seconds renew more often than the ten times a minute that a
  // session is given.
  await demo.settings({ accessTokenSeconds: 5, rateLimits: "off" });
  const before = await demo.counts();
  const errand = { ...addresses(demo), calls: 20 };
  const pages = await Promise.all([1, 2, 3, 4, 5].map(() => visitor.context.newPage()));
  // The demo's own tab steps aside: five tabs are meant.
  await visitor.page.goto(`${demo.app}/config.json`);
  for (const page of pages) await keepIn(page, errand);
  for (const round of [1, 2]) {
    const results = await Promise.all(pages.map((page) => callAtExpiry(page, errand)));
    for (const { statuses, session, signedOut } of results) {
      assert.deepEqual(
        statuses,
        Array.from({ length: 20 }, () => 200),
        `round ${round}`,
      );
      assert.deepEqual({ session, signedOut }, { session: "authenticated", signedOut: 0 });
    }
  }
  const counted = await demo.counts();
  assert.equal(counted.reuseAlarms, 0);
  assert.equal(counted.mostRefreshesAtOnce, 1);
  assert.ok(
    counted.refreshes - before.refreshes >= 10,
    "five restores, and five renewals at least",
  );
  await visitor.context.close();
});
