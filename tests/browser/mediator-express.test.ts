// examples/mediator-express as it stands there: `npm start` in a copy of the folder brings up
// Redis, the provider, the server and the page, and a real Chromium uses them.

import { dirname } from "node:path";
import { after, before, describe } from "node:test";
import type { Browser } from "playwright-core";
import { findRedis } from "../../scripts/lib/system.mjs";
import { launchChromium } from "../client/browser.ts";
import { freePort, type Program, placed, started } from "../docs/placed.ts";
import { testPage } from "./mediator-examples.ts";

describe("examples/mediator-express", () => {
  let browser: Browser | undefined;
  let program: Program | undefined;
  let [origin, issuer] = ["", ""];

  before(async () => {
    const [port, redisPort] = [await freePort(), await freePort()];
    origin = `http://localhost:${await freePort()}`;
    issuer = `http://127.0.0.1:${await freePort()}`;
    program = await started(["npm", "start"], {
      cwd: await placed("mediator-express"),
      env: {
        ORIGIN: origin,
        ISSUER: issuer,
        PORT: String(port),
        REDIS_PORT: String(redisPort),
        REDIS_URL: `redis://127.0.0.1:${redisPort}`,
        PATH: `${dirname(findRedis() ?? "")}:${process.env["PATH"]}`,
      },
      until: [/The provider is at/, /\[server\] Listening on/, /\[page\].*Local:/],
    });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await program?.end();
  });

  testPage(() => ({ browser: browser!, origin, issuer }));
});
