// Starts Chromium in one of two ways. As Playwright starts it, it has no windows, every page counts
// as visible and focused, and there is no back/forward cache. "As people have it" is the browser
// without these overrides: tabs are really hidden, frozen and restored.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { args, executablePath, plainArgs, shellPath } from "../../scripts/lib/chromium.mjs";
import { launchFirefox } from "../firefox/launch.ts";

export interface Chromium {
  readonly browser: Browser;
  /** A context for one test: a profile of its own, or the only profile, with no page open. */
  context(): Promise<BrowserContext>;
  leave(context: BrowserContext): Promise<void>;
  close(): Promise<void>;
}

/** @param further arguments of Chromium */
export function launchChromium(further: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: shellPath, args: [...args, ...further] });
}

/** Chromium, or the browser that the variable BROWSER names. */
export async function launch(further: readonly string[] = []): Promise<Chromium> {
  const browser =
    process.env.BROWSER === "firefox" ? await launchFirefox() : await launchChromium(further);
  return {
    browser,
    context: () => browser.newContext(),
    leave: (context) => context.close(),
    close: () => browser.close(),
  };
}

export async function launchAsPeopleHaveIt(): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), "tokenkeep-chromium-"));
  const program = spawn(
    executablePath,
    [
      ...plainArgs,
      "--headless=new",
      "--no-default-browser-check",
      "--password-store=basic",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "pipe"], detached: true },
  );
  const browser = await chromium.connectOverCDP(await addressOf(program), { noDefaults: true });
  const [context] = browser.contexts();
  if (context === undefined) throw new Error("Chromium has no default context");
  return {
    browser,
    context: () => Promise.resolve(context),
    // The browser would end without a page.
    leave: async () => {
      for (const page of context.pages().slice(1)) await page.close();
      await context.clearCookies();
    },
    async close() {
      const gone = new Promise((resolve) => program.once("exit", resolve));
      const wire = await browser.newBrowserCDPSession();
      await wire.send("Browser.close").catch(() => undefined);
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The address of the browser's debugging port, which it prints when it starts. */
function addressOf(program: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    program.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const address = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    program.once("error", reject);
    program.once("exit", (code) =>
      reject(new Error(`Chromium ended with ${code}: ${said.slice(-500)}`)),
    );
  });
}
