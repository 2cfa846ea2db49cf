// What axe-core finds in each state of the page, in light and dark and on a phone: nothing.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, test } from "node:test";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
let axe: string;
before(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  demo = await startDemo();
});
after(() => demo.close());
afterEach(() => demo.peace());

/** All that axe looks for by default: WCAG 2 up to AA, and its best practices. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: RunOptions): Promise<AxeResults> };
    };
    const { violations, passes } = await axe.run({ resultTypes: ["violations"] });
    return {
      rules: passes.length,
      violations: violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
      ),
    };
  });
  assert.ok(found.rules > 20, `axe looked at ${found.rules} rules only`);
  return found.violations;
}

/** Looks at the state that the page is in: light, dark, and as wide as a phone. */
async function expectNoViolations(page: Page): Promise<void> {
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    assert.deepEqual(await violations(page), [], `${colorScheme}, ${width} px`);
  }
}

test("axe finds an unnamed button that was put there to be found", async () => {
  const visitor = await demo.visit();
  await visitor.page.evaluate(() =>
    document.querySelector("main")?.append(document.createElement("button")),
  );
  const found = await violations(visitor.page);
  assert.equal(found.filter((violation) => violation.startsWith("button-name")).length, 1);
  await visitor.leave();
});

test("signed out, and after a wrong password", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  await expectNoViolations(visitor.page);
  await visitor.page.getByLabel("User name").fill("alice");
  await visitor.press("Sign in");
  await visitor.page.getByRole("alert").filter({ hasText: "Enter your password." }).waitFor();
  await expectNoViolations(visitor.page);
  await visitor.leave();
});

test("signed in, after calls that were refused, with a second tab, and while renewals fail", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("This one");
  await visitor.page.getByRole("status").filter({ hasText: "refuses the present token" }).waitFor();
  await visitor.press("50 at once");
  await visitor.page.getByRole("status").filter({ hasText: "succeeded" }).waitFor();
  await visitor.openTab();
  await visitor.press("Break it");
  await visitor.expectSession({ degraded: true });
  await expectNoViolations(visitor.page);
  await visitor.leave();
});

test("signed in to both tenants, with every list on show, and while enrolling an authenticator", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("Sign in to south");
  await visitor.page.getByText("Signed in to south.").waitFor();
  await visitor.press("Try all four calls");
  await visitor.page.getByText("Each token opens its own tenant’s API and no other.").waitFor();
  await visitor.press("Show them");
  await visitor.page.locator("#session-list li").first().waitFor();
  await visitor.press("Show the keys");
  await visitor.page.locator("#key-list li").first().waitFor();
  await visitor.press("Steal the token");
  await visitor.page.locator("#theft-rows tr").first().waitFor();
  await visitor.page.getByRole("switch", { name: "DPoP" }).check();
  await visitor.press("Steal the token");
  await visitor.page.locator("#theft-rows tr").nth(3).waitFor();
  await visitor.press("Act for Bob");
  await visitor.page.locator("#acting-rows tr").first().waitFor();
  await visitor.press("Show the newest");
  await visitor.page.locator("#audit-rows tr").first().waitFor();
  await visitor.press("Enrol an authenticator");
  await visitor.page.locator("#enrol-form").waitFor();
  await expectNoViolations(visitor.page);
  await visitor.leave();
});

test("the step-up dialog, and its refusal of a wrong code", async () => {
  const visitor = await demo.visit();
  await visitor.signIn("bob");
  await visitor.press("Open the vault");
  await visitor.page.getByRole("dialog").waitFor();
  await expectNoViolations(visitor.page);
  await visitor.page.keyboard.type("123456");
  await visitor.page.keyboard.press("Enter");
  await visitor.page
    .getByRole("alert")
    .filter({ hasText: "No authenticator is enrolled yet." })
    .waitFor();
  await expectNoViolations(visitor.page);
  await visitor.leave();
});

test("the Tab key reaches every control in the page's order, and none is behind the timeline", async () => {
  const visitor = await demo.visit();
  const { page } = visitor;
  await page.setViewportSize({ width: 1280, height: 800 });
  await visitor.signIn();
  await page.locator("#contents a").first().waitFor();
  const controls = await page.evaluate(() => {
    const all = [
      ...document.querySelectorAll<HTMLElement>("a, button, input, select, [tabindex='0']"),
    ].filter((found) => found.offsetParent !== null);
    all.forEach((control, n) => (control.dataset.order = String(n)));
    document.querySelector<HTMLElement>(".skip")?.focus();
    return all.length;
  });
  const reached = new Set<string>();
  for (let n = 1; n < controls; n++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const focused = document.activeElement as HTMLElement;
      const { left, top, width, height } = focused.getBoundingClientRect();
      const seen = document.elementFromPoint(left + width / 2, top + Math.min(height / 2, 20));
      return {
        order: focused.dataset.order ?? "",
        name: focused.id || focused.textContent,
        inSight: focused.contains(seen),
      };
    });
    assert.ok(focus.inSight, `${focus.name} has the focus out of sight`);
    assert.equal(Number(focus.order), n, `${focus.name} is out of order`);
    reached.add(focus.order);
  }
  assert.ok(reached.size > 25, `${reached.size} controls`);
  await visitor.leave();
});
