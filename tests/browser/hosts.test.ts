// The demo page: what an injected script gets, with the token in the page and in a worker.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

test("a script in the page gets the token of a keep in the page, and not that of one in a worker", async () => {
  const visitor = await demo.visit();
  const { page } = visitor;
  await visitor.signIn();
  const seen: Record<string, readonly (string | null)[]> = {};
  for (const host of ["Token in the page", "Token in a worker", "In a worker for all tabs"]) {
    await visitor.press(host);
    await page.getByRole("button", { name: host, disabled: false }).waitFor();
    seen[host] = await page
      .locator("#host-rows td")
      .evaluateAll((cells) => cells.map(({ textContent }) => textContent));
  }
  assert.deepEqual(seen, {
    "Token in the page": ["yes", "yes", "yes", "yes"],
    "Token in a worker": ["no", "no", "yes", "yes"],
    "In a worker for all tabs": ["no", "no", "yes", "yes"],
  });
  await visitor.leave();
});
