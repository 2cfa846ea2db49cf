// The demo page: the second way to sign in, at an OpenID provider through the mediator.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

test("signs in at the provider, beside the session of the authority, and out again", async () => {
  const visitor = await demo.visit();
  const { page } = visitor;
  await visitor.signIn();
  await visitor.press("Sign in at the provider");
  await page.waitForURL("**/sign-in/*");
  await page.getByLabel("Name").fill("carol");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Signed in by the provider as carol.").waitFor();
  assert.equal(page.url(), `${demo.app}/`);
  await visitor.expectSession({ status: "authenticated" });
  assert.equal(await page.locator("#who").textContent(), "Alice Adair");
  await visitor.press("Sign out at the provider");
  await page.getByRole("button", { name: "Yes, sign me out" }).click();
  await page.waitForURL(`${demo.app}/`);
  await page.getByText("Not signed in at the provider.").waitFor();
  await visitor.expectSession({ status: "authenticated" });
  await visitor.leave();
});
