// A day of a signed-in user in real Chromium, with the keep in the page, in a dedicated or in a
// shared worker: three tabs, calls, renewals, outages, withdrawn tokens, reloads, sign-outs. The
// clock is moved by half a minute at a time. After a logout no heap and no memory of wasm holds a
// token.

import assert from "node:assert/strict";
import { chromium, type Page } from "playwright-core";
import { args, executablePath } from "../../scripts/lib/chromium.mjs";
import { type Scene, sceneIn, script } from "../client/harness.ts";
import { grantJwts, liveIn } from "../client/hosted/hosted.ts";
import { dice } from "../shared/dice.ts";
import { clock } from "./clock.ts";
import { chromiumAt, type DevTools, type TypedTarget, targetsOf } from "./devtools.ts";
import { Tokens } from "./search.ts";

export type Host = "page" | "dedicated" | "shared";

const STEP_SECONDS = 30;
/** Seconds, the lifetime of a token. */
const LIFETIME = 900;

interface Soak {
  move(ms: number): void;
  bytes(): number;
  texts(): string[];
}

declare global {
  var soak: Soak;
}

/** A keep in this page, signed in if the cookie stands for a session. */
async function begin(scene: Scene, page: Page, host: Host): Promise<void> {
  await liveIn(host, page);
  await scene.started({}, page);
}

/** What every page and worker holds: its heap, and the memory of its wasm. */
async function held(targets: readonly TypedTarget[]): Promise<number> {
  const each = targets.map(async (one) => {
    await one.collect();
    return (await one.heldBytes()) + Number(await one.evaluate("soak.bytes()"));
  });
  return (await Promise.all(each)).reduce((sum, bytes) => sum + bytes, 0);
}

/** The places that hold a piece of a token. */
async function leaks(
  targets: readonly TypedTarget[],
  tokens: readonly string[],
): Promise<string[]> {
  const sought = new Tokens(tokens);
  const found: string[] = [];
  for (const target of targets) {
    const texts = [await target.heap(), ...((await target.evaluate("soak.texts()")) as string[])];
    for (const [place, text] of texts.entries()) {
      assert.ok(text.length > 65_536, "there is something to look in");
      const many = sought.in(text).length;
      if (many > 0) found.push(`${target.type}, ${place === 0 ? "heap" : "wasm"}: ${many} tokens`);
    }
  }
  return found;
}

export interface Day {
  readonly calls: number;
  readonly refused: number;
  readonly refreshes: number;
  /** Bytes that the pages and workers held, at even distances. */
  readonly memory: readonly number[];
  readonly tokens: number;
  /** Pages and workers that were searched at the end. */
  readonly searched: number;
}

/** @param hours of the clock that is moved */
export async function liveADay(host: Host, hours = 24, seed = 1): Promise<Day> {
  const port = 20_000 + (process.pid % 20_000);
  const browser = await chromium.launch({
    executablePath,
    args: [...args, `--remote-debugging-port=${port}`],
  });
  const { scene, end } = await sceneIn({
    browser,
    context: async () => {
      const context = await browser.newContext();
      await context.addInitScript(clock);
      return context;
    },
    leave: (context) => context.close(),
    close: () => browser.close(),
  });
  const tools = await chromiumAt(port);
  try {
    return await liveIt(scene, tools, host, hours, dice(seed));
  } finally {
    tools.close();
    await end();
    await browser.close();
  }
}

async function liveIt(
  scene: Scene,
  tools: DevTools,
  host: Host,
  hours: number,
  roll: () => number,
): Promise<Day> {
  const { app, authority, api, at, valid, granted } = scene;
  const worker = await (await fetch(`${at.app}/worker.js`)).text();
  app.on("/worker.js", () => script(clock + worker));
  const grant = grantJwts(scene);
  let signedIn = true;
  let outage = 0;
  let [refreshes, calls, refused] = [0, 0, 0];
  authority.on("/session/refresh", () => {
    refreshes += 1;
    if (outage > 0) return { status: 503 };
    return signedIn ? grant() : { status: 401 };
  });
  authority.on("/session/logout", () => {
    signedIn = false;
    return { status: 204 };
  });
  const pages = [scene.page, await scene.open(), await scene.open()];
  for (const page of pages) await begin(scene, page, host);

  const samples: number[] = [];
  const steps = (hours * 3600) / STEP_SECONDS;
  for (let step = 1; step <= steps; step += 1) {
    const page = pages[Math.floor(roll() * pages.length)] as Page;
    await page.evaluate((ms) => soak.move(ms), STEP_SECONDS * 1000);
    // The API takes the newest tokens only: older ones have expired.
    for (const token of [...valid].slice(0, -6)) valid.delete(token);
    // A request that is made within fifteen seconds after an outage may still fail.
    const troubled = outage > 0;
    if (outage > 0) outage -= 1;
    const chance = roll();
    if (chance < 0.002) outage = Math.ceil(roll() * 60);
    else if (chance < 0.01) valid.clear();
    else if (chance < 0.014) {
      await page.reload();
      await page.waitForFunction(() => "stage" in globalThis);
      await begin(scene, page, host).catch(() => undefined);
    } else if (chance < 0.016 && outage === 0) {
      await page.evaluate(() => keep.logout());
      signedIn = true;
      await page.evaluate(({ authority }) => keep.signIn(`${authority}/session/sign-in`), at);
    }
    const status = await page.evaluate(
      ({ api }) =>
        keep.fetch(`${api}/orders`).then(
          (response) => response.text().then(() => response.status),
          (error: { code?: string }) => error.code ?? String(error),
        ),
      at,
    );
    calls += 1;
    if (status !== 200) refused += 1;
    assert.ok(
      status === 200 || troubled || outage > 0 || status === 401,
      `step ${step}: ${status} without an outage`,
    );
    if (step % Math.floor(steps / 48) === 0) {
      for (const one of pages) await one.evaluate(() => void (stage.events.length = 0));
      for (const { calls } of [app, authority, api]) calls.length = 0;
      samples.push(await held(await targetsOf(tools, at.app)));
    }
  }

  const bound = (hours * 3600) / LIFETIME;
  assert.ok(refreshes > bound * 0.9, `${refreshes} refreshes in ${hours} hours`);
  outage = 0;
  await pages[0]?.evaluate(() => keep.logout());
  for (const page of pages) await scene.reaches("anonymous", page);
  // The search finds what is there.
  const everything = await targetsOf(tools, at.app);
  const inside = everything.length - pages.length;
  assert.equal(inside, { page: 0, dedicated: pages.length, shared: 1 }[host], "workers");
  assert.deepEqual(await leaks(everything, granted), []);
  await pages[0]?.evaluate(
    (token) => Object.assign(globalThis, { held: token }),
    `held: ${granted.at(-1)}`,
  );
  assert.equal((await leaks(await targetsOf(tools, at.app), granted)).length, 1);
  assert.deepEqual(scene.errors, []);
  return {
    calls,
    refused,
    refreshes,
    memory: samples,
    tokens: granted.length,
    searched: everything.length,
  };
}
