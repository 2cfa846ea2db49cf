// A person's own sessions: ending that of another browser, and logging out everywhere, in every
// tab.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

test("logging out everywhere ends both tabs at once, and the other browser's unexpired token", async () => {
  const here = await demo.visit();
  await here.signIn();
  const second = await here.openTab();
  const elsewhere = await demo.visit();
  await elsewhere.signIn();
  await elsewhere.press("Ask for the time");
  await elsewhere.page.getByRole("status").filter({ hasText: "200 GET /api/time" }).waitFor();

  await here.press("Log out everywhere");
  await here.expectSession({ status: "anonymous" });
  await second.locator('#session[data-status="anonymous"]').waitFor();
  assert.deepEqual(await here.context.cookies(), []);

  // The API forgets within seconds that it knew the token to be good.
  await elsewhere.callUntil("401");
  await elsewhere.expectSession({ status: "anonymous" });
  await elsewhere.page
    .getByText("The authority ended the session. Please sign in again.")
    .first()
    .waitFor();
  await elsewhere.leave();
  await here.leave();
});

test("the list names each session, and one of another browser can be ended from here", async () => {
  const here = await demo.visit();
  await here.signIn();
  const elsewhere = await demo.visit();
  await elsewhere.signIn();
  await here.press("Show them");
  const sessions = here.page.locator("#session-list").getByRole("listitem");
  await sessions.nth(1).waitFor();
  assert.equal(await sessions.count(), 2);
  assert.equal(await sessions.filter({ hasText: "This browser" }).count(), 1);
  assert.equal(await sessions.filter({ hasText: "Chrome on Linux" }).count(), 2);

  await sessions.getByRole("button", { name: /^End the session of Chrome on Linux/ }).click();
  await here.page.getByText("The session of Chrome on Linux is over.").waitFor();
  assert.equal(await sessions.count(), 1);
  assert.equal(await here.page.evaluate(() => document.activeElement?.id), "sessions-title");
  await elsewhere.callUntil("401");
  await elsewhere.expectSession({ status: "anonymous" });
  await here.press("Ask for the time");
  await here.page.getByRole("status").filter({ hasText: "200 GET /api/time" }).waitFor();
  await elsewhere.leave();
  await here.leave();
});

test("who is signed out is told to sign in first", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  await visitor.press("Show them");
  await visitor.page.locator("#sessions-result").filter({ hasText: "Sign in first." }).waitFor();
  await visitor.leave();
});
