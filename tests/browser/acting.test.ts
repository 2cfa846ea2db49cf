// The demo page: an operator acts for a user, and somebody who is none does not.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

test("the operator sees Bob's account, is refused at his vault, and both logs name the two of them", async () => {
  const visitor = await demo.visit();
  const { page } = visitor;
  await visitor.signIn();
  await visitor.press("Act for Bob");
  await page.getByText("Bob’s account was open to Alice, and the vault was not.").waitFor();
  const rows = await page
    .locator("#acting-rows tr")
    .evaluateAll((found) => found.map((row) => [...row.children].map((cell) => cell.textContent)));
  assert.deepEqual(rows, [
    ["GET /api/vault", "403", "Bob Barton", "Alice Adair"],
    ["GET /api/me", "200", "Bob Barton", "Alice Adair"],
  ]);
  // The session is Alice's own still.
  assert.equal(await page.locator("#who").textContent(), "Alice Adair");

  await visitor.press("Show the newest");
  const record = page.locator("#audit-rows tr").filter({ hasText: "acting.started" });
  await record.waitFor();
  assert.match((await record.textContent()) ?? "", /by [0-9a-f-]{36}/);
  await visitor.leave();
});

test("somebody who is no operator acts for nobody", async () => {
  const visitor = await demo.visit();
  await visitor.signIn("bob");
  await visitor.press("Act for Bob");
  await visitor.page.getByText("Only an operator may do that; alice is one.").waitFor();
  assert.ok(await visitor.page.locator("#acting-table").isHidden());
  await visitor.leave();
});
