// What it costs that the engine lives in a worker: a call, a large body, and a further tab of a
// shared worker. All hosts take turns in one page of Chromium, beside a plain fetch with the token.
// Time is by the wall, for a message between threads costs waiting more than work.

import type { BrowserContext } from "playwright-core";
import { type Answer, bundled, launch, pageOf, sends, serve } from "../chromium.ts";
import { type Contest, type Effort, hold, type Rounds } from "../contest.ts";
import { BODY, BODY_BYTES, FURTHER_TAB, HOST_CALL, HOSTS, PLAIN } from "../names.ts";

const TOKEN = "opaque-access-token-of-a-common-length-0123456789";
const CALLS = 150;
const SENDERS = [PLAIN, ...HOSTS];

/** Answers a request that carries the token. */
const guarded =
  (type: string, body: Buffer | string): Answer =>
  (request, response) => {
    if (request.headers.authorization === `Bearer ${TOKEN}`) sends(type, body)(request, response);
    else response.writeHead(401).end();
  };

/** A contest whose turns say themselves how many microseconds they took. */
function timed(
  names: readonly string[],
  each: number,
  turn: (who: string) => Promise<number>,
): Contest {
  let spent = 0;
  return {
    names,
    each,
    clock: () => spent,
    turn: async (who) => {
      spent += await turn(who);
    },
  };
}

export async function measureHosts(effort: Effort): Promise<Record<string, Rounds>> {
  let refreshes = 0;
  const refresh = sends(
    "application/json",
    JSON.stringify({ access_token: TOKEN, expires_in: 3600 }),
  );
  const site = await serve({
    "/": sends("text/html", pageOf("/page.js")),
    "/page.js": sends("text/javascript", await bundled("./hosts/page.ts")),
    "/worker.js": sends("text/javascript", await bundled("./hosts/worker.ts")),
    "/session/refresh": (request, response) => {
      refreshes += 1;
      refresh(request, response);
    },
    "/api": guarded("application/json", JSON.stringify({ ok: true })),
    "/body": guarded("application/octet-stream", Buffer.alloc(BODY_BYTES, 7)),
  });
  const chromium = await launch();
  try {
    const context = await chromium.browser.newContext();
    const page = await opened(context, site.origin);
    await page.evaluate(() => hosts.prepare());
    const each = Math.round(CALLS * effort.share);
    const calls = await hold(
      timed(SENDERS, each, (who) =>
        page.evaluate(([who, each]) => hosts.calls(who, each), [who, each] as const),
      ),
      effort,
    );
    const bodies = await hold(
      timed(SENDERS, 1, (who) =>
        page.evaluate(([who, bytes]) => hosts.body(who, bytes), [who, BODY_BYTES] as const),
      ),
      effort,
    );
    const before = refreshes;
    const tabs = await hold(
      timed(["shared worker"], 1, async () => {
        const tab = await opened(context, site.origin);
        const took = await tab.evaluate(() => hosts.ready("shared worker"));
        await tab.close();
        return took;
      }),
      effort,
    );
    if (refreshes !== before) throw new Error(`${refreshes - before} refreshes for further tabs`);
    return { [HOST_CALL]: calls, [BODY]: bodies, [FURTHER_TAB]: tabs };
  } finally {
    await chromium.close();
    await site.close();
  }
}

async function opened(context: BrowserContext, origin: string) {
  const page = await context.newPage();
  await page.goto(origin);
  await page.waitForFunction(() => "hosts" in globalThis);
  return page;
}
