// Signing in, staying signed in across a reload, and logging out, through the demo page and with
// cookies alone.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { authorization, type Demo, sentTo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());
afterEach(() => demo.peace());

test("a visitor without a session is asked once, then sees the form", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  assert.equal(sentTo(visitor.requests, `${demo.authority}/session/refresh`, "POST").length, 1);
  assert.equal(await visitor.page.getByRole("alert").filter({ hasText: /\S/ }).count(), 0);
  await visitor.leave();
});

test("sign-in works with the keyboard alone, and the focus follows", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  const { keyboard } = visitor.page;
  const focused = () => visitor.page.evaluate(() => document.activeElement?.id ?? "");

  await keyboard.press("Tab");
  assert.equal(
    await visitor.page.evaluate(() => document.activeElement?.textContent),
    "Skip to the session",
  );
  await keyboard.press("Enter");
  await keyboard.press("Tab");
  assert.equal(await focused(), "username");
  await keyboard.type("alice");
  await keyboard.press("Tab");
  assert.equal(await focused(), "password");
  await keyboard.type("correct horse battery");
  await keyboard.press("Enter");
  await visitor.expectSession({ status: "authenticated", generation: 1 });
  assert.equal(await focused(), "session-title");

  await keyboard.press("Tab");
  assert.equal(await focused(), "renew");
  await keyboard.press("Tab");
  assert.equal(await focused(), "log-out");
  await keyboard.press("Enter");
  await visitor.expectSession({ status: "anonymous" });
  assert.equal(await focused(), "session-title");
  await visitor.leave();
});

test("a wrong password is said to the person and leaves no cookie", async () => {
  const visitor = await demo.visit();
  await visitor.page.getByLabel("User name").fill("alice");
  await visitor.page.getByLabel("Password").fill("staple battery horse");
  await visitor.press("Sign in");
  await visitor.page
    .getByRole("alert")
    .filter({ hasText: "User name or password is wrong." })
    .waitFor();
  assert.equal(await visitor.page.evaluate(() => document.activeElement?.id), "password");
  assert.equal(await visitor.page.getByLabel("Password").getAttribute("aria-invalid"), "true");
  assert.deepEqual(await visitor.context.cookies(), []);
  await visitor.leave();
});

test("the refresh token is in a cookie that no script sees, bound to the session endpoints", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const cookies = await visitor.context.cookies();
  assert.equal(cookies.length, 1);
  const [cookie] = cookies;
  assert.ok(cookie !== undefined);
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.secure, true);
  assert.equal(cookie.sameSite, "Strict");
  assert.equal(cookie.path, "/session");
  assert.equal(await visitor.page.evaluate(() => document.cookie), "");
  await visitor.leave();
});

test("sign-in sets the cookie, refresh sends and rotates it, logout sends and clears it", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const given = (await visitor.context.cookies())[0]?.value;
  assert.ok(given);
  await visitor.press("Renew now");
  await visitor.expectSession({ generation: 2 });
  const rotated = (await visitor.context.cookies())[0]?.value;
  assert.ok(rotated);
  assert.notEqual(rotated, given);
  await visitor.logOut();

  const [signIn] = sentTo(visitor.requests, `${demo.authority}/session/sign-in`, "POST");
  const refreshes = sentTo(visitor.requests, `${demo.authority}/session/refresh`, "POST");
  const [logout] = sentTo(visitor.requests, `${demo.authority}/session/logout`, "POST");
  assert.ok(signIn && logout);
  assert.equal(refreshes.length, 2, "one to look for a session, one to renew");
  const answer = await logout.response();
  assert.equal(answer?.status(), 204);

  assert.equal((await signIn.allHeaders())["cookie"], undefined);
  assert.ok((await (await signIn.response())?.headerValue("set-cookie"))?.includes(given));
  assert.ok((await refreshes[1]?.allHeaders())?.["cookie"]?.includes(given));
  assert.ok((await logout.allHeaders())["cookie"]?.includes(rotated));
  for (const request of [signIn, ...refreshes, logout]) {
    assert.equal(await request.headerValue("x-requested-with"), "XMLHttpRequest");
    assert.equal(await authorization(request), null, "the authority is shown no access token");
  }
  assert.deepEqual(await visitor.context.cookies(), []);
  await visitor.leave();
});

test("a reload restores the session with one refresh", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const before = await demo.counts();
  await visitor.page.reload();
  await visitor.expectSession({ status: "authenticated" });
  await visitor.page.getByText("Alice Adair", { exact: true }).waitFor();
  assert.equal((await demo.counts()).refreshes - before.refreshes, 1);
  await visitor.leave();
});

test("after logout the countdown is gone, nothing is renewed, and a call goes out without a token", async () => {
  await demo.settings({ accessTokenSeconds: 4 });
  const visitor = await demo.visit();
  await visitor.signIn();
  const countdown = visitor.page.getByRole("timer");
  assert.match((await countdown.textContent()) ?? "", /^0:0\d$/);
  // Its answer comes after that of a renewal that was on its way.
  await visitor.logOut();
  assert.equal(await countdown.count(), 0);
  assert.equal(await visitor.page.locator("#countdown").textContent(), "");

  const { refreshes } = await demo.counts();
  const already = visitor.requests.length;
  await visitor.press("Ask for the time");
  await visitor.page.getByRole("status").filter({ hasText: "401 GET /api/time" }).waitFor();
  const calls = sentTo(visitor.requests.slice(already), `${demo.api}/api/time`);
  assert.equal(calls.length, 1, "a refused call without a token is not retried");
  for (const call of calls) assert.equal(await authorization(call), null);

  // Longer than the life of the token that is gone.
  await visitor.page.waitForTimeout(4500);
  assert.equal((await demo.counts()).refreshes, refreshes);
  await visitor.leave();
});

test("the cookie of a logged-out session is worth nothing", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const [cookie] = await visitor.context.cookies();
  assert.ok(cookie);
  await visitor.logOut();
  await visitor.context.addCookies([cookie]);
  await visitor.page.reload();
  await visitor.expectSession({ status: "anonymous" });
  await visitor.leave();
});
