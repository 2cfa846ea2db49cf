// Two tenants in one page: two keeps, two cookies, and no token that opens anything at the other.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { authorization, type Demo, sentTo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

const payload = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;

test("both tenants are signed in to at once, and each token opens its own API alone", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("Sign in to south");
  await visitor.page.getByText("Signed in to south.").waitFor();
  await visitor.press("Try all four calls");
  await visitor.page.getByText("Each token opens its own tenant’s API and no other.").waitFor();

  const cells = {
    "main-main": "200",
    "main-south": "403",
    "south-main": "403",
    "south-south": "200",
  };
  for (const [pair, status] of Object.entries(cells)) {
    assert.equal(await visitor.page.locator(`#cell-${pair}`).textContent(), status, pair);
  }
  const [main, south] = visitor.tokens.map(payload);
  assert.equal(main?.["iss"], demo.authority);
  assert.equal(south?.["iss"], `${demo.authority}/tenants/south`);
  assert.notEqual(main?.["aud"], south?.["aud"]);

  // As it went over the wire: the foreign calls did carry the foreign token.
  const foreign = sentTo(visitor.requests, `${demo.api}/tenants/south/api/me`);
  const bearers = await Promise.all(foreign.map(authorization));
  assert.ok(bearers.includes(`Bearer ${visitor.tokens[0]}`), "the main token was tried at south");

  const paths = (await visitor.context.cookies()).map(({ path }) => path).sort();
  assert.deepEqual(paths, ["/session", "/tenants/south/session"]);
  await visitor.leave();
});

test("logging out of one tenant leaves the other signed in", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("Sign in to south");
  await visitor.page.getByText("Signed in to south.").waitFor();
  await visitor.press("Log out of south");
  await visitor.page.getByText("Signed out of south alone.").waitFor();
  assert.equal(await visitor.page.locator("#tenant-south").textContent(), "Signed out");
  await visitor.expectSession({ status: "authenticated" });
  await visitor.press("Ask for the time");
  await visitor.page.getByRole("status").filter({ hasText: "200 GET /api/time" }).waitFor();
  await visitor.leave();
});
