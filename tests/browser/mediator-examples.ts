// The tests of the examples with a mediator, which have one page and one provider.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { root } from "../package/project.ts";

/** Where an example runs. */
export interface Place {
  readonly browser: Browser;
  readonly origin: string;
  readonly issuer: string;
}

/** The rows about a new cookie, and those that other origins would see. */
const NOT_CHECKED = [
  "cors.answer",
  "cors.expose",
  "cors.preflight",
  "cors.refusal",
  "grace.accepted",
  "grace.same-successor",
  "logout.final-predecessor",
  "parallel.one-successor",
  "reuse.ends-session",
  "reuse.refused",
  "rotation.new-cookie",
];

/** A browser profile that nobody has used, with one tab at the page. */
async function visit({ browser, origin }: Place) {
  const context = await browser.newContext();
  const faults: string[] = [];
  context.on("weberror", (error) => faults.push(String(error.error())));
  context.setDefaultTimeout(60_000);
  return { context, page: await openTab(context, origin), faults };
}

async function openTab(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

async function signIn(page: Page, { issuer }: Place, name = "alice"): Promise<void> {
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${issuer}/sign-in/*`);
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
  await isSignedIn(page, name);
}

const isSignedIn = (page: Page, name = "alice") =>
  page.getByText(`Signed in as ${name}.`).waitFor();
const isSignedOut = (page: Page) => page.getByText("Nobody is signed in.").waitFor();

async function calls(page: Page, name = "alice"): Promise<void> {
  await page.getByRole("button", { name: "Call the API" }).click();
  await page.getByText(`The API says hello to ${name}.`).waitFor();
}

/** The tests that both examples pass. `place` is asked when a test begins. */
export function testPage(place: () => Place): void {
  test("signs in at the provider, calls the API, and has the session again after a reload", async () => {
    const { context, page, faults } = await visit(place());
    await isSignedOut(page);
    await page.goto(`${place().origin}/?page=2#last`);
    await signIn(page, place());
    assert.equal(page.url(), `${place().origin}/?page=2#last`);
    await calls(page);
    await page.reload();
    await isSignedIn(page);
    await calls(page);
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert.equal((await page.getByRole("alert").textContent()) ?? "", "");
    assert.deepEqual(faults, []);
    await context.close();
  });

  test("a token that the API refuses costs one refresh and one retry", async () => {
    const { context, page, faults } = await visit(place());
    await signIn(page, place());
    const sent: string[] = [];
    page.on("response", (reply) => {
      const { pathname } = new URL(reply.url());
      sent.push(`${pathname} ${reply.status()}`);
    });
    // With a signature that doesn't fit, so that it is the API that refuses.
    await page.route(
      "**/api/hello",
      (route) => {
        const { authorization = "" } = route.request().headers();
        return route.continue({
          headers: { ...route.request().headers(), authorization: authorization.slice(0, -9) },
        });
      },
      { times: 1 },
    );
    await calls(page);
    assert.deepEqual(sent, ["/api/hello 401", "/session/refresh 200", "/api/hello 200"]);
    assert.deepEqual(faults, []);
    await context.close();
  });

  test("a second tab follows a sign-in and a sign-out, which ends the provider's session too", async () => {
    const { context, page, faults } = await visit(place());
    const { origin, issuer } = place();
    const other = await openTab(context, origin);
    await isSignedOut(other);
    await signIn(page, place());
    await isSignedIn(other);
    await calls(other);
    await page.getByRole("button", { name: "Sign out" }).click();
    await isSignedOut(other);
    // The provider asks before it ends a session of its own.
    await page.getByRole("button", { name: "Yes, sign me out" }).click();
    await page.waitForURL(`${origin}/`);
    await isSignedOut(page);
    const cookies = await context.cookies(origin);
    assert.deepEqual(
      cookies.filter(({ name }) => name === "__Host-Http-tokenkeep"),
      [],
    );
    // Somebody else can sign in: the provider asks again.
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.waitForURL(`${issuer}/sign-in/*`);
    await other.goto(origin);
    await signIn(page, place(), "bob");
    await calls(page, "bob");
    await isSignedIn(other, "bob");
    assert.deepEqual(faults, []);
    await context.close();
  });

  test("a sign-in that the provider refuses is told with its code", async () => {
    const { context, page, faults } = await visit(place());
    await isSignedOut(page);
    await page.goto(`${place().origin}/session/sign-in?prompt=none`);
    const alert = page.getByRole("alert").filter({ hasText: "The sign-in failed" });
    assert.match((await alert.textContent()) ?? "", /: interaction_required \(\w{8}\)$/);
    assert.equal(page.url(), `${place().origin}/`);
    await isSignedOut(page);
    assert.deepEqual(faults, []);
    await context.close();
  });

  test("its mediator keeps the server contract", async () => {
    const { origin } = place();
    const cookies: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      const { context, page } = await visit(place());
      await signIn(page, place());
      const all = await context.cookies(origin);
      const session = all.find(({ name }) => name === "__Host-Http-tokenkeep");
      cookies.push(`${session?.name}=${session?.value}`);
      await context.close();
    }
    const args = [
      origin,
      "--session-cookie",
      "stable",
      "--json",
      ...cookies.flatMap((cookie) => ["--cookie", cookie]),
    ];
    const child = spawn(process.execPath, [join(root, "dist", "contract.js"), ...args]);
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.notEqual(out, "", err);
    const { rows } = JSON.parse(out) as { rows: { id: string; result: string; came: string }[] };
    const others = rows.filter(({ result }) => result !== "pass");
    assert.deepEqual(
      others.filter(({ result }) => result !== "not checked"),
      [],
    );
    // A browser gets the cookie at the callback, which the kit doesn't see.
    const unchecked = others.map(({ id }) => id).filter((id) => !id.startsWith("cookie."));
    assert.deepEqual(unchecked.sort(), NOT_CHECKED);
  });
}
