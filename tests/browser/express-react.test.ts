// examples/express-react as it stands there: `npm start` in a copy of the folder brings up backend
// and page, and a real Chromium uses them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContext, Page, Request } from "playwright-core";
import { launchChromium } from "../client/browser.ts";
import { backends } from "../docs/backends.ts";
import { freePort, type Program, placed, started } from "../docs/placed.ts";
import { root } from "../package/project.ts";

/** A browser profile that nobody has used, with one tab at the page. */
async function visit(browser: Browser, origin: string) {
  const context = await browser.newContext();
  const sent: Request[] = [];
  const faults: string[] = [];
  context.on("request", (request) => sent.push(request));
  context.on("weberror", (error) => faults.push(String(error.error())));
  context.setDefaultTimeout(60_000);
  return {
    context,
    page: await openTab(context, origin),
    to: (path: string) => sent.filter((request) => new URL(request.url()).pathname === path),
    faults,
  };
}

async function openTab(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(origin);
  return page;
}

async function signIn(page: Page, password = "correct horse battery"): Promise<void> {
  await page.getByLabel("Name").fill("alice");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Comes to what the server answered, which is later than the page shows it. */
async function signOut(page: Page): Promise<number> {
  const told = page.waitForResponse("**/session/logout");
  await page.getByRole("button", { name: "Sign out" }).click();
  return (await told).status();
}

const isSignedIn = (page: Page) => page.getByText("Signed in as alice.").waitFor();
const hasOrders = (page: Page) => page.getByRole("listitem").getByText("A kettle").waitFor();
const asksToSignIn = (page: Page) => page.getByRole("heading", { name: "Sign in" }).waitFor();

describe("examples/express-react", () => {
  let origin = "";
  let program: Program | undefined;
  let browser: Browser | undefined;

  before(async () => {
    origin = `http://localhost:${await freePort()}`;
    program = await started(["npm", "start"], {
      cwd: await placed("express-react"),
      env: { ORIGIN: origin, PORT: String(await freePort()) },
      until: [/\[server\] Listening on/, /\[page\].*Local:/],
    });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await program?.end();
  });

  test("signs in, shows who is signed in and the orders, and has the session again after a reload", async () => {
    const { context, page, to, faults } = await visit(browser!, origin);
    await asksToSignIn(page);
    await signIn(page, "wrong");
    await page.getByText("Wrong name or password.").waitFor();
    await signIn(page);
    await isSignedIn(page);
    await hasOrders(page);
    const before = to("/session/refresh").length;
    await page.reload();
    await isSignedIn(page);
    await hasOrders(page);
    assert.equal(to("/session/refresh").length, before + 1);
    assert.deepEqual(await page.evaluate(() => document.cookie), "");
    assert.deepEqual(faults, []);
    await context.close();
  });

  test("a token that the API refuses costs one refresh and one retry, and nobody notices", async () => {
    const { context, page, to, faults } = await visit(browser!, origin);
    await asksToSignIn(page);
    await signIn(page);
    await hasOrders(page);
    // The next call arrives with a signature that doesn't fit, so that it is the API that refuses.
    await page.route(
      "**/api/orders",
      (route) => {
        const { authorization = "" } = route.request().headers();
        return route.continue({
          headers: { ...route.request().headers(), authorization: authorization.slice(0, -9) },
        });
      },
      { times: 1 },
    );
    const [calls, refreshes] = [to("/api/orders").length, to("/session/refresh").length];
    await page.getByRole("button", { name: "Load again" }).click();
    const retry = await page.waitForResponse(
      (reply) => reply.url().endsWith("/api/orders") && reply.ok(),
    );
    assert.deepEqual(await retry.json(), [
      { id: 1, item: "A kettle", for: "alice" },
      { id: 2, item: "Two cups", for: "alice" },
    ]);
    const statuses = await Promise.all(
      to("/api/orders")
        .slice(calls)
        .map(async (request) => (await request.response())?.status()),
    );
    assert.deepEqual(statuses, [401, 200]);
    assert.equal(to("/session/refresh").length, refreshes + 1);
    assert.equal(await page.getByRole("alert").textContent(), "");
    assert.deepEqual(faults, []);
    await context.close();
  });

  test("two tabs have one session: a sign-in and a sign-out in one are seen in the other", async () => {
    const { context, page, faults } = await visit(browser!, origin);
    const other = await openTab(context, origin);
    await asksToSignIn(page);
    await asksToSignIn(other);
    await signIn(page);
    await Promise.all([hasOrders(page), hasOrders(other)]);
    const third = await openTab(context, origin);
    await hasOrders(third);
    assert.equal(await signOut(other), 204);
    await Promise.all([page, other, third].map(asksToSignIn));
    assert.deepEqual(await context.cookies(`${origin}/session/refresh`), []);
    await page.reload();
    await asksToSignIn(page);
    assert.deepEqual(faults, []);
    await context.close();
  });

  test("trouble is shown: at the start, when orders fail, and when a sign-out can't be told", async () => {
    const { context, page, faults } = await visit(browser!, origin);
    await asksToSignIn(page);
    await signIn(page);
    await hasOrders(page);
    await context.route("**/session/refresh", (route) => route.abort());
    await page.reload();
    await page.getByText("The server can't be reached. Trying again …").waitFor();
    await context.unroute("**/session/refresh");
    await hasOrders(page);
    await page.route("**/api/orders", (route) => route.fulfill({ status: 500 }), { times: 1 });
    await page.getByRole("button", { name: "Load again" }).click();
    await page.getByText("The orders can't be loaded: the server answered 500").waitFor();
    await page.getByRole("button", { name: "Load again" }).click();
    await page.getByText("can't be loaded").waitFor({ state: "detached" });
    await context.route("**/session/logout", (route) => route.abort());
    await page.getByRole("button", { name: "Sign out" }).click();
    await asksToSignIn(page);
    await page.getByText("You are signed out here, but the server could not be told.").waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  });
});

describe("the page of examples/express-react with the other backends", () => {
  for (const { name, skip, start } of backends.slice(1)) {
    test(name, { skip }, async () => {
      const [port, pagePort] = [await freePort(), await freePort()];
      const env = { ORIGIN: `http://localhost:${pagePort}`, PORT: String(port) };
      const programs = [await start(await placed(name), env)];
      const browser = await launchChromium();
      try {
        const cwd = await placed("express-react");
        programs.push(await started(["npm", "run", "page"], { cwd, env, until: [/Local:/] }));
        const { page, faults } = await visit(browser, env.ORIGIN);
        await asksToSignIn(page);
        await signIn(page);
        await hasOrders(page);
        await page.reload();
        await isSignedIn(page);
        await hasOrders(page);
        assert.equal(await signOut(page), 204);
        await asksToSignIn(page);
        await page.reload();
        await asksToSignIn(page);
        assert.deepEqual(faults, []);
      } finally {
        await browser.close();
        for (const program of programs) await program.end();
      }
    });
  }
});

test("the examples with a package.json ask for the versions that they are tested with", () => {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
  const tested = read("package.json").devDependencies;
  for (const folder of ["express-react", "mediator-express", "mediator-worker"]) {
    const { dependencies, devDependencies } = read(`examples/${folder}/package.json`);
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      if (name in tested) assert.equal(version, `^${tested[name]}`, `${folder}: ${name}`);
  }
});
