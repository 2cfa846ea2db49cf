// Step-up from end to end: the API's challenge, the dialog, a code, and the same call again with
// the new token.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Secret, TOTP } from "otpauth";
import { authorization, type Demo, sentTo, startDemo, type Visitor } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

const STEP = 30_000;
const result = ({ page }: Visitor, text: string | RegExp) =>
  page.locator("#vault-result").filter({ hasText: text }).waitFor();
const claims = (token: string | undefined) =>
  JSON.parse(Buffer.from(token?.split(".")[1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;

/** So that a code read now is still that of the moment when it is used. */
async function earlyInStep({ page }: Visitor): Promise<void> {
  const left = STEP - (Date.now() % STEP);
  if (left < 20_000) await page.waitForTimeout(left + 100);
}

test("the vault opens after the second factor: two calls, one dialog, no refresh, and no used code", async () => {
  const visitor = await demo.visit();
  const { page } = visitor;
  await visitor.signIn();
  await earlyInStep(visitor);
  await visitor.press("Enrol an authenticator");
  const secret = (
    (await page.locator("#enrol-secret").filter({ hasText: /\S/ }).textContent()) ?? ""
  ).replaceAll(" ", "");
  assert.match(
    (await page.locator("#enrol-uri").textContent()) ?? "",
    new RegExp(`^otpauth://totp/.*secret=${secret}`),
  );
  const authenticator = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = page.getByLabel("Code from the authenticator");
  await code.fill("12345");
  await visitor.press("Confirm");
  await page.getByText("That code is wrong, or has been used.").waitFor();
  await visitor.press("Let this page play the authenticator");
  await page.getByText(/^Another code follows in/).waitFor();
  assert.equal(await code.inputValue(), authenticator.generate(), "the page plays by RFC 6238");
  await visitor.press("Confirm");
  await page.getByText("The authenticator is enrolled.").waitFor();

  const already = visitor.requests.length;
  await visitor.press("Open the vault");
  const dialog = page.getByRole("dialog", { name: "The vault wants a second factor" });
  await dialog.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "step-up-code");
  await dialog.getByRole("button", { name: "Fill in the code" }).click();
  await dialog.getByText(/^Another code follows in/).waitFor();
  await page.keyboard.press("Enter");
  await dialog
    .getByRole("alert")
    .filter({ hasText: "That code is wrong, or has been used." })
    .waitFor();
  await visitor.expectSession({ status: "authenticated" });

  await dialog.getByLabel("Code").fill(authenticator.generate({ timestamp: Date.now() + STEP }));
  await page.keyboard.press("Enter");
  await result(visitor, /^200: /);
  await dialog.waitFor({ state: "hidden" });

  const sent = visitor.requests.slice(already);
  const calls = sentTo(sent, `${demo.api}/api/vault`);
  const [before, raised] = [visitor.tokens.at(-2), visitor.tokens.at(-1)];
  assert.deepEqual(await Promise.all(calls.map(authorization)), [
    `Bearer ${before}`,
    `Bearer ${raised}`,
  ]);
  assert.equal(sentTo(sent, `${demo.authority}/session/refresh`, "POST").length, 0);
  assert.equal(claims(before)["acr"], "pwd");
  assert.equal(claims(raised)["acr"], "mfa");
  assert.equal(claims(raised)["sid"], claims(before)["sid"], "the session is the same");

  // The session keeps what it has shown: a renewed token opens the vault without a word.
  await visitor.press("Renew now");
  await page
    .getByRole("list", { name: "What happened" })
    .getByText("Token renewed", { exact: true })
    .first()
    .waitFor();
  await visitor.press("Open the vault");
  await result(visitor, /^200: /);
  assert.equal(await dialog.count(), 0);
  await visitor.leave();
});

test("who leaves the dialog, or has no authenticator, is still signed in and reads the API's challenge", async () => {
  const visitor = await demo.visit();
  const { page } = visitor;
  await visitor.signIn("bob");
  await visitor.press("Open the vault");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Code").fill("123456");
  await page.keyboard.press("Enter");
  await dialog
    .getByRole("alert")
    .filter({ hasText: "No authenticator is enrolled yet." })
    .waitFor();
  await page.keyboard.press("Escape");
  await result(visitor, /^401: .*insufficient_user_authentication/);
  assert.equal(
    await page.evaluate(() => document.activeElement?.id),
    "open-vault",
    "the focus goes back to where it came from",
  );
  await visitor.expectSession({ status: "authenticated" });
  await page
    .getByRole("list", { name: "What happened" })
    .getByText("The API asks for a stronger login")
    .waitFor();
  await visitor.leave();
});
