// Rate limits as the page meets them: a client that waits as long as it is asked to, in every tab,
// and a record of it all.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page, Response } from "playwright-core";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

interface Renewal {
  readonly status: number;
  readonly retryAfter: number;
  readonly at: number;
}

/** The renewals of a tab as they are answered. */
function renewalsOf(page: Page): Renewal[] {
  const answered: Renewal[] = [];
  page.on("response", (response: Response) => {
    if (
      response.url() !== `${demo.authority}/session/refresh` ||
      response.request().method() !== "POST"
    )
      return;
    const retryAfter = Number(response.headers()["retry-after"] ?? NaN);
    answered.push({ status: response.status(), retryAfter, at: Date.now() });
  });
  return answered;
}

test("two tabs in a hurry are told to wait: both do, stay signed in, and go on by themselves", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const first = visitor.page;
  const second = await visitor.openTab();
  const answers = new Map([first, second].map((page) => [page, renewalsOf(page)] as const));
  const all = () => [...answers.values()].flat();
  const isLimited = ({ status }: Renewal) => status === 429;
  await visitor.press("Hurry");
  for (let n = 0; n < 600 && !all().some(isLimited); n++) await first.waitForTimeout(100);
  const limited = all().find(isLimited);
  assert.ok(limited, `nobody was answered 429: ${JSON.stringify(all())}`);
  assert.ok(
    limited.retryAfter >= 1 && limited.retryAfter <= 60,
    `Retry-After: ${limited.retryAfter}`,
  );

  const told = answers.get(first)?.some(isLimited) ? first : second;
  const expectState = (page: Page, degraded: boolean, timeout: number) =>
    page
      .locator(`#session[data-status="authenticated"][data-degraded="${degraded}"]`)
      .waitFor({ timeout });
  await expectState(told, true, 60_000);
  for (const page of [first, second]) {
    await page
      .getByText(/answered 429, and asks to be left alone for \d+ s/)
      .first()
      .waitFor();
    // Asked by name, neither tab sends anything before the time has come.
    await page.getByRole("button", { name: "Renew now" }).click();
  }
  await first.waitForTimeout(1000);
  // As far as that time has not come meanwhile.
  const end = limited.at + limited.retryAfter * 1000 - 500;
  const early = all().filter(({ at }) => at > limited.at && at < end);
  assert.deepEqual(early, [], "silence, in both tabs");
  await visitor.press("Ask for the time");
  await first.getByRole("status").filter({ hasText: "200 GET /api/time" }).waitFor();

  const later = () => all().filter(({ at }) => at > limited.at);
  for (let n = 0; n < (limited.retryAfter + 30) * 10 && later().length === 0; n++)
    await first.waitForTimeout(100);
  const [next] = later();
  assert.equal(next?.status, 200, "the renewal that was refused is made by itself");
  const waited = next.at - limited.at;
  // Both moments are those at which the test read the answers.
  assert.ok(
    waited >= limited.retryAfter * 1000 - 500,
    `waited ${waited} ms of ${limited.retryAfter} s`,
  );
  await expectState(told, false, 60_000);
  await visitor.leave();
});

test("after five wrong passwords the form says how long to wait, and the audit log has it", async () => {
  const guesser = await demo.visit();
  await guesser.page.getByLabel("User name").fill("bob");
  for (let n = 0; n < 5; n++) {
    await guesser.page.getByLabel("Password").fill(`guess ${n}`);
    const answered = guesser.page.waitForResponse(`${demo.authority}/session/sign-in`);
    await guesser.press("Sign in");
    assert.equal((await answered).status(), 401);
    await guesser.page.locator('#sign-in-button:not([aria-disabled="true"])').waitFor();
  }
  await guesser.press("Sign in");
  await guesser.page
    .getByRole("alert")
    .filter({ hasText: /^Too many tries\. The authority asks to wait \d+ s\.$/ })
    .waitFor();

  const operator = await demo.visit();
  await operator.signIn();
  await operator.press("Show the newest");
  const rows = operator.page.getByRole("region", { name: "Audit log" }).getByRole("row");
  await rows.filter({ hasText: "sign_in.limited" }).filter({ hasText: "medium" }).first().waitFor();
  assert.ok((await rows.filter({ hasText: "sign_in.failed" }).count()) >= 5);
  const told = (await operator.page.locator("#audit-rows").textContent()) ?? "";
  for (const secret of ["guess", "correct horse battery", ...operator.tokens])
    assert.ok(!told.includes(secret), "a secret in the log");

  await operator.press("Show older ones");
  await operator.page
    .locator("#audit-result")
    .filter({ hasText: /records\.$/ })
    .waitFor();
  await operator.leave();
  await guesser.leave();
});
