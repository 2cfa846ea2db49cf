// Key rotation while calls run: the page sees new keys come and old ones go, and no call notices.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeProtectedHeader } from "jose";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

test("keys are rotated twice while calls run: none is refused, and the new key signs each renewal", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const { page } = visitor;
  const before = await demo.counts();
  let calls = 0;
  for (const generation of [2, 3]) {
    await visitor.press("50 at once");
    await visitor.press("Rotate");
    await page.getByText("The next key signs from now on.").waitFor();
    await page.getByRole("status").filter({ hasText: "50 of 50 succeeded" }).waitFor();
    // With the token of the key before, and then with one of the new key.
    await visitor.press("Ask for the time");
    await page.getByRole("status").filter({ hasText: "200 GET /api/time" }).waitFor();
    await visitor.press("Renew now");
    await visitor.expectSession({ generation });
    // The API looks for a key that it does not know once a second, counted from its last look.
    await page.waitForTimeout(1100);
    await visitor.press("Who am I");
    await page.getByRole("status").filter({ hasText: "200 GET /api/me" }).waitFor();
    await page.locator("#keys-result").evaluate((line) => (line.textContent = ""));
    calls += 52;
  }
  const counted = await demo.counts();
  assert.equal(counted.requests - before.requests, calls, "nothing was sent twice");
  assert.equal(counted.refused - before.refused, 0);
  const kids = visitor.tokens.map((token) => decodeProtectedHeader(token).kid);
  assert.equal(new Set(kids).size, 3, "three tokens, each signed by another key");

  const keys = page.locator("#key-list").getByRole("listitem");
  assert.equal(
    await keys
      .filter({ hasText: "Signs" })
      .filter({ hasNotText: "signs next" })
      .locator("code")
      .textContent(),
    kids[2],
  );
  for (const kid of kids)
    assert.equal(
      await keys.filter({ hasText: kid ?? "" }).count(),
      1,
      "what it signed can still be verified",
    );
  await visitor.leave();
});

test("who is no operator is told so, and sees no key and no record", async () => {
  const visitor = await demo.visit();
  await visitor.signIn("bob");
  const refusal = "Only an operator may do that";
  await visitor.press("Show the keys");
  await visitor.page.locator("#keys-result").filter({ hasText: refusal }).waitFor();
  await visitor.press("Show the newest");
  await visitor.page.locator("#audit-result").filter({ hasText: refusal }).waitFor();
  assert.equal(await visitor.page.locator("#key-list li, #audit-rows tr").count(), 0);
  await visitor.leave();
});
