// Debian's Firefox, driven by Playwright over WebDriver BiDi. The variable FIREFOX names another
// one.

import { fileURLToPath } from "node:url";
import { type Browser, firefox } from "playwright-core";

const PROGRAM = fileURLToPath(new URL("program.mjs", import.meta.url));

export function launchFirefox(): Promise<Browser> {
  return firefox.launch({ channel: "moz-firefox", executablePath: PROGRAM });
}
