// Takes the pictures of the demo page that the documents show: signed out and signed in, light and dark, 1280 and 390
// pixels wide, into docs/screenshots. It exists so that the pictures are of the page as it is, taken again by one command
// after a change. Runs the real stack on free ports in Chromium (/usr/bin/chromium, or the path in CHROMIUM) and needs a
// built dist/. Alone: npm run screenshots

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { buildApp } from "../www/app/build.mjs";
import { startStack } from "./stack.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs", "screenshots");
const appDirectory = join(root, "build", "app-in-pictures");
const sizes = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
];

await mkdir(folder, { recursive: true });
await buildApp(appDirectory);
const stack = await startStack({ ports: { app: 0, authority: 0, api: 0 }, persist: false, appDirectory, demo: true });
try {
  const browser = await chromium.launch({
    executablePath: env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    for (const viewport of sizes) {
      for (const colorScheme of /** @type {const} */ (["light", "dark"])) await takePair(browser, viewport, colorScheme);
    }
  } finally {
    await browser.close();
  }
} finally {
  await stack.close();
}

/**
 * One visitor's two pictures: before signing in, and after a token that the API refused to 50 calls at once.
 * @param {import("playwright-core").Browser} browser
 * @param {{ width: number, height: number }} viewport
 * @param {"light" | "dark"} colorScheme
 */
async function takePair(browser, viewport, colorScheme) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const take = async (/** @type {string} */ state) => {
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    const path = join(folder, `${state}-${colorScheme}-${viewport.width}.png`);
    await page.screenshot({ path, fullPage: true });
    console.log(path.slice(root.length));
  };

  await page.goto(stack.app);
  await page.locator('#session[data-status="anonymous"]').waitFor();
  await take("signed-out");

  await page.getByRole("button", { name: "Fill in the demo account" }).click();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator('#session[data-status="authenticated"]').waitFor();
  await page.getByRole("button", { name: "This one" }).click();
  await page.getByRole("status").filter({ hasText: "refuses the present token" }).waitFor();
  await page.getByRole("button", { name: "50 at once" }).click();
  await page.locator("#ledger").waitFor();
  // The timeline looks for new transitions once a second.
  await page.waitForTimeout(1200);
  await take("signed-in");
  await context.close();
}
