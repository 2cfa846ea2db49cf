// One stack of real Workers and one real Chromium for a test file, and visitors: a browser profile
// of its own each, whose page, requests, console and policy violations are on record.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page, Request } from "playwright-core";
import { shellPath } from "../../scripts/lib/chromium.mjs";
import { buildApp } from "../../www/app/build.mjs";
import { startStack } from "../../www/stack.mjs";
import { launchChromium } from "../client/browser.ts";
import { hashQuickly } from "../www/harness.ts";

/** The demo's accounts. */
const PASSWORDS = { alice: "correct horse battery", bob: "staple battery horse" };

/** What the servers have counted since the stack started. */
export interface Counts {
  readonly requests: number;
  readonly ok: number;
  readonly refused: number;
  readonly signIns: number;
  readonly refreshes: number;
  readonly mostRefreshesAtOnce: number;
  readonly reuseAlarms: number;
  /** Used refresh tokens that came again within the grace window. */
  readonly graceReplays: number;
}

/** What the authority can be asked for, as the page's buttons do. */
export interface Wishes {
  readonly accessTokenSeconds?: number;
  readonly refreshOutageSeconds?: number;
  readonly graceSeconds?: number;
  /** The next so many refresh replies are lost after the rotation. */
  readonly lostReplies?: number;
  readonly rateLimits?: "on" | "off";
}

export interface Demo {
  readonly app: string;
  readonly authority: string;
  readonly api: string;
  readonly browser: Browser;
  counts(): Promise<Counts>;
  /** Asks the authority for a fault or a lifetime, as the page's buttons do. */
  settings(wanted: Wishes): Promise<void>;
  refuseAll(): Promise<void>;
  /** No faults, tokens of 15 minutes, 20 seconds of grace, and rate limits. */
  peace(): Promise<void>;
  /** A browser profile that nobody has used, with one page that is at `path`. */
  visit(path?: string): Promise<Visitor>;
  close(): Promise<void>;
}

export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Every line that reached the console, and every uncaught error. */
  readonly console: readonly string[];
  /**
   * Every request that the page sent, in order; preflights are the browser's and not among them.
   */
  readonly requests: readonly Request[];
  /** The access tokens that the authority has given to this visitor, in order. */
  readonly tokens: readonly string[];
  readonly violations: readonly string[];
  /** Signs in through the form: alice, who is an operator, or bob. */
  signIn(name?: keyof typeof PASSWORDS): Promise<void>;
  /** Logs out through the button, and waits until the authority has answered. */
  logOut(): Promise<void>;
  press(name: string): Promise<void>;
  /** Another tab of this browser, once it is signed in. The first tab stays in front. */
  openTab(): Promise<Page>;
  /** Asks the API for the time, once a moment, until the answer is this status. */
  callUntil(status: string): Promise<void>;
  /** Waits until the session card shows this state. */
  expectSession(state: { status?: string; generation?: number; degraded?: boolean }): Promise<void>;
  /** Ends the visit, and fails if the page broke its policy or threw. */
  leave(): Promise<void>;
}

export async function startDemo(): Promise<Demo> {
  const appDirectory = fileURLToPath(
    new URL(`../../build/app-under-test-${process.pid}`, import.meta.url),
  );
  await buildApp(appDirectory);
  process.once("exit", () => rmSync(appDirectory, { recursive: true, force: true }));
  await access(shellPath).catch(() =>
    assert.fail(`no Chromium at ${shellPath}; name one in the variable CHROMIUM`),
  );
  const stack = await startStack({
    ports: { app: 0, authority: 0, api: 0 },
    persist: false,
    appDirectory,
    demo: true,
  });
  await hashQuickly(stack);
  const browser = await launchChromium().catch(async (error: unknown) => {
    await stack.close();
    throw error;
  });
  const { app, authority, api } = stack;

  const demo: Demo = {
    app,
    authority,
    api,
    browser,
    async counts() {
      const [atApi, atAuthority] = await Promise.all([
        read(`${api}/demo/stats`),
        read(`${authority}/demo/stats`),
      ]);
      return {
        requests: count(atApi, "total"),
        ok: count(atApi, "ok"),
        refused: count(atApi, "refused"),
        signIns: count(atAuthority, "signIns"),
        refreshes: count(atAuthority, "refreshCalls"),
        mostRefreshesAtOnce: count(atAuthority, "mostRefreshCallsInFlight"),
        reuseAlarms: count(atAuthority, "reuseAlarms"),
        graceReplays: count(atAuthority, "graceReplays"),
      };
    },
    settings: (wanted) => post(`${authority}/demo/settings`, wanted),
    refuseAll: () => post(`${api}/demo/refuse-all`),
    async peace() {
      await post(`${api}/demo/accept-all`);
      await demo.settings({
        accessTokenSeconds: 900,
        refreshOutageSeconds: 0,
        graceSeconds: 20,
        lostReplies: 0,
        rateLimits: "on",
      });
    },
    visit: (path = "/") => visit(browser, demo, path),
    async close() {
      await browser.close();
      await stack.close();
    },
  };
  return demo;
}

async function visit(browser: Browser, demo: Demo, path: string): Promise<Visitor> {
  // A strip that glides takes the processor from what is measured.
  const context = await browser.newContext({ reducedMotion: "reduce" });
  context.setDefaultTimeout(60_000);
  const console: string[] = [];
  const errors: string[] = [];
  const violations: string[] = [];
  const requests: Request[] = [];
  const tokens: string[] = [];

  // The runner's compiler wraps named functions in a call to this; the page has no such function.
  await context.addInitScript("globalThis.__name = (target) => target");
  await context.exposeFunction("reportViolation", (text: string) => violations.push(text));
  await context.addInitScript(`addEventListener("securitypolicyviolation", (event) =>
    reportViolation(event.effectiveDirective + " " + event.blockedURI))`);

  const page = await context.newPage();
  page.on("console", (message) => console.push(message.text()));
  page.on("pageerror", (error) => {
    console.push(error.message);
    errors.push(error.message);
  });
  page.on("request", (request) => requests.push(request));
  await readTokens(context, page, demo.authority, tokens, errors);
  await page.goto(demo.app + path);

  const visitor: Visitor = {
    context,
    page,
    console,
    requests,
    tokens,
    violations,
    async signIn(name = "alice") {
      await page.getByLabel("User name").fill(name);
      await page.getByLabel("Password").fill(PASSWORDS[name]);
      await visitor.press("Sign in");
      await visitor.expectSession({ status: "authenticated" });
    },
    async logOut() {
      const answered = page.waitForResponse(`${demo.authority}/session/logout`);
      await visitor.press("Log out");
      await visitor.expectSession({ status: "anonymous" });
      await answered;
    },
    press: (name) => page.getByRole("button", { name, exact: true }).click(),
    async openTab() {
      const opened = await context.newPage();
      await opened.goto(demo.app);
      await opened.locator('#session[data-status="authenticated"]').waitFor();
      await page.bringToFront();
      return opened;
    },
    async callUntil(status) {
      const answer = page.locator("#answer b");
      for (let n = 0; n < 60; n++) {
        await visitor.press("Ask for the time");
        await page.locator('#call-time:not([aria-disabled="true"])').waitFor();
        if ((await answer.textContent()) === status) return;
        await page.waitForTimeout(250);
      }
      assert.fail(`the API never answered ${status}`);
    },
    async expectSession({ status, generation, degraded }) {
      const state =
        (status === undefined ? "" : `[data-status="${status}"]`) +
        (generation === undefined ? "" : `[data-generation="${generation}"]`) +
        (degraded === undefined ? "" : `[data-degraded="${degraded}"]`);
      await page.locator(`#session${state}`).waitFor();
    },
    async leave() {
      // Reports of violations are events of their own; those on their way arrive within a turn.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      assert.deepEqual(violations, [], "the page broke its own Content-Security-Policy");
      assert.deepEqual(errors, [], "the page threw");
      await context.close();
    },
  };
  return visitor;
}

/** What a program in the page is told of the servers. */
export function addresses({ authority, api }: Demo): { authority: string; api: string } {
  return { authority, api };
}

/** Those of `requests` that went to this URL with this method. */
export function sentTo(requests: readonly Request[], url: string, method = "GET"): Request[] {
  return requests.filter((request) => request.url() === url && request.method() === method);
}

/** The Authorization header as it went over the wire. */
export async function authorization(request: Request): Promise<string | null> {
  return (await request.allHeaders())["authorization"] ?? null;
}

/**
 * Reads the token out of each reply on its way in: after the network and the cookies, before the
 * page has it.
 */
async function readTokens(
  context: BrowserContext,
  page: Page,
  authority: string,
  tokens: string[],
  errors: string[],
): Promise<void> {
  const wire = await context.newCDPSession(page);
  const read = async (requestId: string): Promise<void> => {
    const { body, base64Encoded } = await wire.send("Fetch.getResponseBody", { requestId });
    const reply: unknown = JSON.parse(
      Buffer.from(body, base64Encoded ? "base64" : "utf8").toString(),
    );
    if (typeof reply === "object" && reply !== null && "access_token" in reply)
      tokens.push(String(reply.access_token));
  };
  wire.on("Fetch.requestPaused", ({ requestId, request, responseStatusCode }) => {
    void (
      request.method === "POST" && responseStatusCode === 200 ? read(requestId) : Promise.resolve()
    )
      .then(() => wire.send("Fetch.continueRequest", { requestId }))
      .catch((error: unknown) => errors.push(String(error)));
  });
  await wire.send("Fetch.enable", {
    patterns: ["", "/tenants/south"].flatMap((tenant) =>
      ["sign-in", "refresh", "step-up"].map((name) => {
        return {
          urlPattern: `${authority}${tenant}/session/${name}`,
          requestStage: "Response" as const,
        };
      }),
    ),
  });
}

async function read(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  assert.ok(response.ok, `${url} answered ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

function count(stats: Record<string, unknown>, name: string): number {
  const value = stats[name];
  assert.ok(typeof value === "number", `the servers no longer count ${name}`);
  return value;
}

async function post(url: string, body?: object): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
  assert.ok(response.ok, `${url} answered ${response.status}`);
}
