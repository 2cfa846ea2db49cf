// The timeline, drawn and in words: a lane for each tab, and what tabs tell each other for it.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());
afterEach(() => demo.peace());

const lanes = (page: Page) =>
  page.getByRole("list", { name: "How each tab stands" }).getByRole("listitem");
const moments = (page: Page) => page.getByRole("list", { name: "What happened" });

test("the list tells the keep's events, and the engine's steps between them", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const list = moments(visitor.page);
  await list.getByText("Signed in", { exact: true }).waitFor();
  await list.getByText("sign in sent", { exact: true }).waitFor();
  await visitor.press("Renew now");
  await list.getByText("Token renewed", { exact: true }).waitFor();
  await visitor.press("Log out");
  await list.getByText("Signed out", { exact: true }).waitFor();
  await visitor.leave();
});

test("each tab has a lane with a letter of its own, in every tab, until it closes", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await lanes(visitor.page).filter({ hasText: "Tab A, this one" }).waitFor();
  const second = await visitor.openTab();
  await lanes(second).filter({ hasText: "Tab B, this one" }).waitFor();
  await lanes(second)
    .filter({ hasText: /^Tab A\s*generation 1$/ })
    .waitFor();
  await lanes(visitor.page)
    .filter({ hasText: /^Tab B\s*generation 1$/ })
    .waitFor();

  await second.close();
  await lanes(visitor.page).filter({ hasText: "Tab B" }).waitFor({ state: "detached" });
  const third = await visitor.openTab();
  await lanes(third).filter({ hasText: "Tab B, this one" }).waitFor();
  await visitor.leave();
});

test("what one tab sees the others draw and tell, with its name", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const second = await visitor.openTab();
  await second.getByRole("button", { name: "Renew now" }).click();
  const line = moments(visitor.page).getByRole("listitem").filter({ hasText: "Token renewed" });
  await line.filter({ hasText: "Tab B" }).first().waitFor();
  await lanes(visitor.page)
    .filter({ hasText: /^Tab B\s*generation 2$/ })
    .waitFor();

  await second.getByRole("button", { name: "Break it" }).click();
  await moments(visitor.page)
    .getByRole("listitem")
    .filter({ hasText: /Outage\s*Servers/ })
    .waitFor();
  await moments(visitor.page)
    .getByRole("listitem")
    .filter({ hasText: /Renewal failed.*Tab B/s })
    .first()
    .waitFor();
  await visitor.leave();
});

test("the drawing shows each token's life, each call and each fault, and is hidden from screen readers", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("This one");
  await visitor.page.getByRole("status").filter({ hasText: "refuses the present token" }).waitFor();
  await visitor.press("50 at once");
  await visitor.page.getByRole("status").filter({ hasText: "succeeded" }).waitFor();
  const drawing = visitor.page.locator("#score > svg");
  assert.equal(await drawing.getAttribute("aria-hidden"), "true");
  const bars = drawing.locator(".life-bar");
  await bars.nth(1).waitFor();
  const widths = await bars.evaluateAll((found) =>
    found.map((bar) => Number(bar.getAttribute("width"))),
  );
  assert.equal(widths.length, 2, "two tokens: before the refusal and after it");
  assert.ok((widths[0] ?? 0) < (widths[1] ?? 0), "the first one ended early");
  for (const mark of [
    ".glyph-signed-in",
    ".glyph-retry",
    ".glyph-fault",
    ".mark-call",
    ".mark-refused",
  ]) {
    await drawing.locator(mark).first().waitFor({ state: "attached" });
  }
  await visitor.leave();
});
