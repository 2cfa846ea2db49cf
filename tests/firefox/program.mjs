#!/usr/bin/env node
// Firefox as Playwright may start it. Playwright drives a stock Firefox over WebDriver BiDi, but
// sends each new context a command that Firefox 153 ESR does not know, and gives up when it fails.
// So this program starts the real Firefox and stands between the two: what Playwright says goes to
// Firefox as it is, but for that one command, which is answered here. launch.ts names it as the
// executable.

import { spawn } from "node:child_process";
import { WebSocket, WebSocketServer } from "ws";

/** Sets `prefers-color-scheme` and its like; no test here looks at them in Firefox. */
const UNKNOWN = "emulation.setMediaFeaturesOverride";

const firefox = spawn(process.env["FIREFOX"] ?? "firefox-esr", process.argv.slice(2), {
  stdio: ["inherit", "inherit", "pipe"],
});
firefox.once("exit", (code) => process.exit(code ?? 1));
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
  process.once(signal, () => firefox.kill(signal));

firefox.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
  const address = /WebDriver BiDi listening on (ws:\S+)/.exec(text)?.[1];
  if (address === undefined) {
    process.stderr.write(text);
    return;
  }
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (playwright, { url = "" }) =>
    stand(playwright, new WebSocket(address + url)),
  );
  server.once("listening", () => {
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    process.stderr.write(`WebDriver BiDi listening on ws://127.0.0.1:${port}\n`);
  });
});

/** @param {WebSocket} playwright @param {WebSocket} browser */
function stand(playwright, browser) {
  const open = new Promise((resolve) => browser.once("open", resolve));
  playwright.on("message", async (message) => {
    const text = message.toString();
    const { id, method } = JSON.parse(text);
    await open;
    if (method === UNKNOWN) playwright.send(JSON.stringify({ type: "success", id, result: {} }));
    else browser.send(text);
  });
  browser.on("message", (message) => playwright.send(message.toString()));
  playwright.once("close", () => browser.close());
  browser.once("close", () => playwright.close());
  browser.once("error", () => playwright.close());
}
