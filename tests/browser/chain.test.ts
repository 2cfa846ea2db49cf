// The demo page: the API calls a second one for the user, and the user's own token opens nothing
// there.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

test("the second API sees the user, its own audience and who acts, and refuses the user's token", async () => {
  const visitor = await demo.visit();
  const { page } = visitor;
  await visitor.signIn();
  await visitor.press("Call through both");
  await page.getByText("The second API got a token of its own").waitFor();
  const cells = await page.locator("#chain-token td").allTextContents();
  assert.deepEqual(
    [cells[0], cells[2], cells[3]],
    ["https://stock.tokenkeep.example", "tokenkeep-api", "stock:read"],
  );
  assert.match(cells[1] ?? "", /^[0-9a-f-]{36}$/);
  // The token was encrypted for the second API: the page shows all that others can read of it.
  assert.equal(cells[4], "alg ECDH-ES+A256KW, enc A256GCM, cty JWT, kid stock-1");

  await visitor.press("Forward my token instead");
  await page.getByText("The second API answered 401: your token is for the first one.").waitFor();

  await visitor.press("Show the newest");
  const record = page.locator("#audit-rows tr").filter({ hasText: "exchanged" });
  await record.waitFor();
  assert.match((await record.textContent()) ?? "", /tokenkeep-api for https:\/\/stock/);
  await visitor.leave();
});
