// Takes pictures of every page of the built documentation into build/docs-pictures, for looking at:
// light and dark, wide and as a phone shows them. It exists because a site can build well and look
// wrong. Fails when a page reports an error, asks another origin for something, or is wider than
// the window. Needs build/docs (`npm run docs`) and Chromium (/usr/bin/chromium, or the path in
// CHROMIUM). Alone: npm run docs:pictures

import { mkdirSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";
import { args, executablePath } from "../scripts/lib/chromium.mjs";
import { root } from "../scripts/lib/run.mjs";

const site = join(root, "build", "docs");
const folder = join(root, "build", "docs-pictures");
/** All but those of rustdoc, which have a look of their own. */
const pages = readdirSync(site, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".html") && !name.startsWith("crate/"))
  .map((name) => name.slice(0, -".html".length));
const views = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
].flatMap((viewport) =>
  /** @type {const} */ (["light", "dark"]).map((colorScheme) => ({
    name: `${colorScheme}-${viewport.width}`,
    viewport,
    colorScheme,
  })),
);
/** @type {Readonly<Record<string, string>>} */
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const server = createServer(async ({ url = "/" }, response) => {
  const path = new URL(url, "http://localhost").pathname;
  try {
    const body = await readFile(join(site, path));
    response
      .writeHead(200, { "Content-Type": types[extname(path)] ?? "application/octet-stream" })
      .end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const address = server.address();
const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath, args });
/** @type {string[]} */
const complaints = [];
try {
  for (const { name, ...view } of views) {
    const page = await browser.newPage({ ...view, reducedMotion: "reduce" });
    page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
    page.on(
      "console",
      (message) =>
        void (message.type() === "error" && complaints.push(`${page.url()}: ${message.text()}`)),
    );
    page.on(
      "request",
      (request) =>
        void (
          new URL(request.url()).origin !== origin &&
          complaints.push(`${page.url()} asks for ${request.url()}`)
        ),
    );
    for (const address of pages) {
      await page.goto(`${origin}/${address}.html`, { waitUntil: "networkidle" });
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
      const wider = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (wider > 0)
        complaints.push(`${address} is ${wider} pixels wider than the window (${name}).`);
      const path = join(folder, `${address.replaceAll("/", "-")}-${name}.png`);
      await page.screenshot({ path });
      console.log(path.slice(root.length));
    }
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
if (complaints.length > 0) {
  console.error(complaints.join("\n"));
  process.exitCode = 1;
}
