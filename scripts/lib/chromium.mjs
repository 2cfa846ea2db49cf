// How tests, benches and pictures start Chromium.

import { env } from "node:process";

/** The path of Chromium. Scripts that set up name it in the variable CHROMIUM. */
export const executablePath = env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Runs in a container, and sends nothing but what a page asks for. */
export const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
