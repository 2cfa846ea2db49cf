// Takes the pictures of the demo page that the documents show, into docs/screenshots: signed out,
// signed in with a minute of history, every panel in use, and the step-up dialog. Each is taken in
// light and dark, 1280 and 390 pixels wide. It exists so that one command renews the pictures after
// a change. Runs the real stack on free ports, in Chromium (/usr/bin/chromium, or the path in
// CHROMIUM). Needs a built dist/. Alone: npm run screenshots

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { args, executablePath } from "../scripts/lib/chromium.mjs";
import { buildApp } from "../www/app/build.mjs";
import { startStack } from "../www/stack.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs", "screenshots");
const appDirectory = join(root, "build", "app-in-pictures");
const sizes = [
  { width: 1280, height: 1100 },
  { width: 390, height: 844 },
];

await mkdir(folder, { recursive: true });
await buildApp(appDirectory);
const stack = await startStack({
  ports: { app: 0, authority: 0, api: 0 },
  persist: false,
  appDirectory,
  demo: true,
});
try {
  const browser = await chromium.launch({ executablePath, args });
  try {
    await takeAll(await browser.newContext({ reducedMotion: "reduce" }));
  } finally {
    await browser.close();
  }
} finally {
  await stack.close();
}

/** One visitor's way through the page. @param {import("playwright-core").BrowserContext} context */
async function takeAll(context) {
  const page = await context.newPage();
  const press = (/** @type {string} */ name) =>
    page.getByRole("button", { name, exact: true }).click();
  const shows = (/** @type {string} */ selector) => page.locator(selector).first().waitFor();
  const pause = (/** @type {number} */ seconds) => page.waitForTimeout(seconds * 1000);

  // Short lives show renewals; and more happens in this minute than a session is allowed.
  await fetch(`${stack.authority}/demo/settings`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ accessTokenSeconds: 30, rateLimits: "off" }),
  });
  await page.goto(stack.app);
  await shows('#session[data-status="anonymous"]');
  await take(page, "signed-out");

  await press("Fill in the demo account");
  await press("Sign in");
  await shows('#session[data-status="authenticated"]');
  await pause(6);
  const second = await context.newPage();
  await second.goto(stack.app);
  await second.locator('#session[data-status="authenticated"]').waitFor();
  await page.bringToFront();
  await pause(8);
  await press("Refuse the token, send fifty calls");
  await page.getByRole("status").filter({ hasText: "50 of 50 calls were answered" }).waitFor();
  await pause(8);
  await press("Lose the next reply");
  await pause(8);
  await press("Sign in to south");
  await page.getByText("Signed in to south.").waitFor();
  await pause(6);
  await take(page, "signed-in");

  await press("15 minutes");
  await press("Try all four calls");
  await page.getByText("Each token opens its own tenant’s API and no other.").waitFor();
  await press("Rotate");
  await shows("#key-list li");
  await press("Show them");
  await shows("#session-list li");
  await page.getByRole("switch", { name: "DPoP" }).check();
  await press("Steal the token");
  await shows("#theft-rows tr");
  await press("Call through both");
  await shows("#chain-token");
  await press("Act for Bob");
  await shows("#acting-rows tr");
  await press("Show the newest");
  await shows("#audit-rows tr");
  await take(page, "panels", true);

  await press("Open the vault");
  await page.getByRole("dialog").waitFor();
  await take(page, "step-up");
}

/**
 * Takes the page as it is now in both widths and both colour schemes: what the window shows, or the
 * whole page.
 * @param {import("playwright-core").Page} page
 * @param {string} state
 */
async function take(page, state, fullPage = false) {
  for (const viewport of sizes) {
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.mouse.move(0, 0);
      await page.evaluate(() => {
        scrollTo(0, 0);
        return document.fonts.ready.then(() => undefined);
      });
      const path = join(folder, `${state}-${colorScheme}-${viewport.width}.png`);
      await page.screenshot({ path, fullPage });
      console.log(path.slice(root.length));
    }
  }
}
