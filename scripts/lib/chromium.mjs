// How Chromium is started, for tests, benches and pictures alike.

import { env } from "node:process";

/** Where it is; scripts that set up say so in the variable CHROMIUM. */
export const executablePath = env["CHROMIUM"] ?? "/usr/bin/chromium";

/** In a container, without anything on the network but what a page asks for. */
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
