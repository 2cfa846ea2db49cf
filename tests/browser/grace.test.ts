// The grace window and the alarm beyond it, through the page's own controls: a lost reply costs
// nothing, a thief ends the session.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Demo, sentTo, startDemo, type Visitor } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());
afterEach(() => demo.peace());

const result = ({ page }: Visitor, text: string | RegExp) =>
  page.locator("#faults .result").filter({ hasText: text }).waitFor();

test("a lost reply costs nothing: the used cookie comes again, and the session goes on without an alarm", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const before = await demo.counts();
  const already = visitor.requests.length;
  await visitor.press("Lose the next reply");
  await visitor.expectSession({ status: "authenticated", generation: 2, degraded: false });

  const refreshes = sentTo(
    visitor.requests.slice(already),
    `${demo.authority}/session/refresh`,
    "POST",
  );
  assert.equal(refreshes.length, 2, "one whose reply was lost, one that got through");
  const [lost, again] = await Promise.all(
    refreshes.map(async (request) => (await request.allHeaders())["cookie"]),
  );
  assert.ok(lost?.includes("="), "a cookie went along");
  assert.equal(again, lost, "the browser knew of no other cookie");
  const counted = await demo.counts();
  assert.equal(counted.graceReplays - before.graceReplays, 1);
  assert.equal(counted.reuseAlarms, before.reuseAlarms);

  await visitor.press("Renew now");
  await visitor.expectSession({ status: "authenticated", generation: 3 });
  await visitor.leave();
});

test("calls that are under way while a reply is lost all succeed", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("This one");
  await visitor.page.getByRole("status").filter({ hasText: "refuses the present token" }).waitFor();
  await demo.settings({ lostReplies: 1 });
  // The refresh that the 401 asks for loses its reply: the call's own 401 is the caller's, and the
  // next one finds a token again.
  await visitor.press("Ask for the time");
  await visitor.expectSession({ status: "authenticated", generation: 2, degraded: false });
  await visitor.press("Ask for the time");
  await visitor.page.getByRole("status").filter({ hasText: "200 GET /api/time" }).waitFor();
  await visitor.leave();
});

test("a used token that comes back after the window raises the alarm, and ends the session in every tab", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const second = await visitor.openTab();
  const { reuseAlarms } = await demo.counts();
  await visitor.press("Replay a used token");
  await result(visitor, "The thief was answered 401 (invalid_grant).");
  await visitor.expectSession({ status: "anonymous" });
  await visitor.page
    .getByText("The authority ended the session. Please sign in again.")
    .first()
    .waitFor();
  await second.locator('#session[data-status="anonymous"]').waitFor();
  assert.equal((await demo.counts()).reuseAlarms, reuseAlarms + 1);
  await visitor.page.getByRole("list", { name: "What happened" }).getByText("Thief: 401").waitFor();

  // Signing in again is all that it takes.
  await visitor.signIn();
  await visitor.leave();
});
