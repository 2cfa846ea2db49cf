// An authorised call from a page of Chromium: what a library adds to a fetch with a header. It runs
// on a transport that answers in the page, where all the time is the library's, and against a
// server on this machine. It measures processor time and time on the wall clock.

import type { Page } from "playwright-core";
import { type Answer, bundled, launch, pageOf, sends, serve } from "../chromium.ts";
import { type Effort, hold, NOTHING, type Rounds } from "../contest.ts";
import { CALLERS, callsOn, type Transport } from "../names.ts";

const EACH: Readonly<Record<Transport, number>> = { stub: 1_000, loopback: 150 };

const TOKEN = "opaque-access-token-of-a-common-length-0123456789";

/** Answers requests that carry the token with JSON. */
const api: Answer = (request, response) => {
  const good = request.headers.authorization === `Bearer ${TOKEN}`;
  response
    .writeHead(good ? 200 : 401, {
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
    })
    .end(JSON.stringify({ ok: good }));
};

const begin: Answer = (_, response) => {
  const front = Buffer.from(
    JSON.stringify({ uid: "alice", ate: Date.now() + 3_600_000, up: {} }),
  ).toString("base64");
  const session = { "front-token": front, "st-access-token": TOKEN, "st-refresh-token": TOKEN };
  response.writeHead(200, { "Content-Type": "application/json", ...session }).end("{}");
};

async function on(transport: Transport, effort: Effort): Promise<[string, Rounds][]> {
  const script = await bundled("./call/page.ts");
  const site = await serve({
    "/": sends("text/html", pageOf("/page.js")),
    "/page.js": sends("text/javascript", script),
    "/session/refresh": sends(
      "application/json",
      JSON.stringify({ access_token: TOKEN, expires_in: 3600 }),
    ),
    "/session/begin": begin,
    "/api": api,
  });
  const chromium = await launch();
  try {
    const open = async (alone: boolean): Promise<Page> => {
      // Each has a context of its own, so that no other one sends its cookies.
      const page = await (await chromium.browser.newContext()).newPage();
      await page.goto(site.origin);
      await page.waitForFunction(() => "calls" in globalThis);
      await page.evaluate(([transport, alone]) => calls.prepare(transport, alone), [
        transport,
        alone,
      ] as const);
      return page;
    };
    const [page, other] = [await open(false), await open(true)];
    await chromium.settle();
    const each = Math.round(EACH[transport] * effort.share);
    const wall: Record<string, number[]> = Object.fromEntries(CALLERS.map((name) => [name, []]));
    const turn = async (who: string) => {
      if (who === NOTHING) return page.evaluate(() => undefined);
      const its = who === "supertokens-website" ? other : page;
      const took = await its.evaluate(([who, each]) => calls.turn(who, each), [who, each] as const);
      return wall[who]?.push(took / each);
    };
    const processor = await hold(
      { names: [NOTHING, ...CALLERS], each, clock: chromium.clock, turn },
      effort,
    );
    // The wall clock's rounds too leave out those that warm up.
    const counted = Object.fromEntries(
      Object.entries(wall).map(([name, times]) => [name, times.slice(effort.warmUp)]),
    );
    return [
      [callsOn(transport, "processor"), processor],
      [callsOn(transport, "wall"), counted],
    ];
  } finally {
    await chromium.close();
    await site.close();
  }
}

export async function measureCalls(effort: Effort): Promise<Record<string, Rounds>> {
  return Object.fromEntries([...(await on("stub", effort)), ...(await on("loopback", effort))]);
}
