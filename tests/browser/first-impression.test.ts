// The demo's first ten seconds: it says what the library is, shows the point in one press, and
// draws no label of the timeline over another.

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

test("the first screen says that this is a library, and what for, at both widths", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  for (const width of [1280, 390]) {
    await visitor.page.setViewportSize({ width, height: 844 });
    for (const wanted of ["library for web applications", "Refuse the token, send fifty calls"]) {
      const box = await visitor.page.getByText(wanted).first().boundingBox();
      assert.ok(box !== null && box.y + box.height < 844, `${wanted} at ${width} px`);
    }
  }
  await visitor.leave();
});

test("one press shows the point, signed out at first and again when signed in", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  const { page } = visitor;
  await visitor.press("Refuse the token, send fifty calls");
  await page.locator("#point-result").filter({ hasText: "50 of 50 calls were answered" }).waitFor();
  const figures = () => page.locator("#point-figures dd").allTextContents();
  assert.deepEqual(await figures(), ["50", "50", "1", "50"]);
  const { refreshes } = await demo.counts();
  await visitor.press("Refuse the token, send fifty calls");
  await page.locator('#session[data-generation="3"]').waitFor();
  await page.locator('#show-point:not([aria-disabled="true"])').waitFor();
  assert.deepEqual(await figures(), ["50", "50", "1", "50"]);
  assert.equal((await demo.counts()).refreshes, refreshes + 1);
  await visitor.leave();
});

test("a second tab opens by the button beside it", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const [second] = await Promise.all([
    visitor.context.waitForEvent("page"),
    visitor.page.getByRole("link", { name: "Open a second tab" }).click(),
  ]);
  await second.locator('#session[data-status="authenticated"]').waitFor();
  await visitor.page.locator("#point-result").filter({ hasText: "lane of its own" }).waitFor();
  await visitor.leave();
});

/** The pairs of the timeline's texts, and of texts and glyphs, that are drawn over each other. */
function overlaps(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const shown = (selector: string) =>
      [...document.querySelectorAll(selector)].map((found) => ({
        name: found.textContent?.trim() || found.getAttribute("class") || "",
        box: found.getBoundingClientRect(),
      }));
    const texts = shown("#score svg text, #score .lane > *");
    const glyphs = shown("#score svg use");
    const meet = (a: DOMRect, b: DOMRect) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
    const sheet = document.querySelector("#score")?.getBoundingClientRect() ?? new DOMRect();
    return texts
      .flatMap((text, n) => [...texts.slice(n + 1), ...glyphs].map((other) => [text, other]))
      .filter(([a, b]) => a && b && meet(a.box, b.box) && meet(a.box, sheet) && meet(b.box, sheet))
      .map(([a, b]) => `${a?.name} over ${b?.name}`);
  });
}

test("no label of the timeline is drawn over another or over a mark, at both widths", async () => {
  const visitor = await demo.visit();
  await demo.settings({ rateLimits: "off" });
  await visitor.signIn();
  const { page } = visitor;
  for (const name of ["This one", "30 seconds", "15 minutes", "Accept all", "Rotate"]) {
    await visitor.press(name);
    await page.locator('button[aria-disabled="true"]').waitFor({ state: "detached" });
  }
  for (let round = 0; round < 3; round += 1) {
    await visitor.press("Refuse the token, send fifty calls");
    await page.locator('#show-point:not([aria-disabled="true"])').waitFor();
  }
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 });
    // The drawing follows the width some frames later.
    for (let n = 0; n < 300 && (await overlaps(page)).length > 0; n++)
      await page.waitForTimeout(100);
    assert.ok((await page.locator("#score .name").count()) >= 1);
    assert.ok((await page.locator("#score svg text").count()) >= 4);
    assert.deepEqual(await overlaps(page), [], `${width} px`);
  }
  await visitor.leave();
});
