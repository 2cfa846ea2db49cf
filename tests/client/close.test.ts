// A closed keep leaves nothing behind.

import assert from "node:assert/strict";
import { hang, pause, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();

interface Ledger {
  readonly timers: Set<unknown>;
  readonly listeners: string[];
  channels: number;
}

/** Counts the timers, listeners, channels and locks of a page. */
async function keepBooks({ page, context }: Scene): Promise<void> {
  await context.addInitScript(() => {
    const ledger: Ledger = { timers: new Set(), listeners: [], channels: 0 };
    Object.assign(globalThis, { ledger });
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    globalThis.setTimeout = ((run: () => void, delay?: number) => {
      const id = set(() => {
        ledger.timers.delete(id);
        run();
      }, delay);
      ledger.timers.add(id);
      return id;
    }) as typeof setTimeout;
    globalThis.clearTimeout = (id) => {
      ledger.timers.delete(id);
      clear(id);
    };
    globalThis.setInterval = (() => {
      throw new Error("no intervals here");
    }) as unknown as typeof setInterval;
    for (const target of [globalThis, document] as EventTarget[]) {
      const { addEventListener: add, removeEventListener: remove } = target;
      target.addEventListener = (...all: Parameters<typeof add>) => {
        ledger.listeners.push(all[0]);
        add.apply(target, all);
      };
      target.removeEventListener = (...all: Parameters<typeof remove>) => {
        ledger.listeners.splice(ledger.listeners.indexOf(all[0]), 1);
        remove.apply(target, all);
      };
    }
    const Channel = globalThis.BroadcastChannel;
    globalThis.BroadcastChannel = class extends Channel {
      constructor(name: string) {
        super(name);
        ledger.channels += 1;
      }
      override close() {
        ledger.channels -= 1;
        super.close();
      }
    };
  });
  await page.reload();
  await page.waitForFunction(() => "stage" in globalThis);
}

const books = ({ page }: Scene) =>
  page.evaluate(async () => {
    const { timers, listeners, channels } = (globalThis as unknown as { ledger: Ledger }).ledger;
    const { held = [], pending = [] } = await navigator.locks.query();
    return {
      timers: timers.size,
      listeners: [...listeners],
      channels,
      locks: [...held, ...pending].length,
    };
  });

behaviour("client_J84_closing_ends_every_timer_listener_channel_and_lock", async (scene) => {
  const { page } = scene;
  await keepBooks(scene);
  const empty = await books(scene);
  assert.deepEqual([empty.timers, empty.channels, empty.locks], [0, 0, 0]);
  await scene.started();
  const busy = await books(scene);
  assert.ok(
    busy.timers > 0 && busy.listeners.length > empty.listeners.length && busy.channels === 1,
    "it had something to end",
  );

  // The keep is closed during a refresh that holds the lock, while callers wait.
  scene.authority.on("/session/refresh", hang);
  const waiting = page.evaluate(() =>
    Promise.all([
      stage.outcome(keep.refresh()),
      stage.outcome(keep.withToken((token) => token, { minValidity: 10_000 })),
    ]),
  );
  await until(() => scene.refreshes() === 2, "the refresh");
  assert.equal((await books(scene)).locks, 1);
  await page.evaluate(() => keep.close());
  for (const { error } of await waiting) assert.equal(error?.code, "closed");
  await until(async () => (await books(scene)).locks === 0, "the lock to be free");
  assert.deepEqual(await books(scene), empty);
  const { status, reason, claims, expiresAt } = await scene.session();
  assert.deepEqual(
    { status, reason, claims, expiresAt },
    { status: "anonymous", reason: "closed", claims: null, expiresAt: null },
  );
});

behaviour("client_J84_a_closed_keep_says_so_and_never_stirs_again", async (scene) => {
  const { page, at } = scene;
  scene.lifetime = 2;
  await scene.keep();
  // The keep is closed at once, before a renewal can be due.
  await page.evaluate(async () => {
    await keep.start();
    keep.close();
    keep.close();
  });
  const codes = await page.evaluate(async ({ api, authority }) => {
    const calls = [
      keep.start(),
      keep.refresh(),
      keep.fetch(`${api}/x`),
      keep.withToken((token) => token),
      keep.logout(),
      keep.adopt({ access_token: "late" }),
      keep.signIn(`${authority}/session/refresh`, { method: "POST" }),
    ];
    return (await Promise.all(calls.map((call) => stage.outcome(call)))).map(
      ({ error }) => error?.code,
    );
  }, at);
  assert.deepEqual(codes, Array(7).fill("closed"));
  const told = await scene.events();
  assert.deepEqual(told.at(-1), { type: "signed-out", reason: "closed" });
  for (const type of ["focus", "online", "pageshow"])
    await page.evaluate((type) => dispatchEvent(new Event(type)), type);
  await pause(2500);
  assert.equal(scene.refreshes(), 1);
  assert.equal(scene.api.calls.length, 0);
  assert.deepEqual(await scene.events(), told);
  assert.deepEqual(scene.errors, []);
});

behaviour("client_J84_a_keep_may_be_closed_from_inside_any_of_its_events", async (scene) => {
  const { page, at } = scene;
  scene.subject = "ann";
  for (const type of ["change", "signed-in", "refreshed", "signed-out"] as const) {
    await scene.keep();
    const code = await page.evaluate(
      async ([{ api }, type]) => {
        keep.on(type, () => keep.close());
        const waiting = stage.outcome(keep.fetch(`${api}/x`));
        await keep.start().catch(() => undefined);
        await keep.logout().catch(() => undefined);
        await waiting;
        return (await stage.outcome(keep.refresh())).error?.code;
      },
      [at, type] as const,
    );
    assert.equal(code, "closed", type);
  }
  assert.deepEqual(scene.errors, []);
});

behaviour("client_J84_using_declares_the_end_where_the_platform_has_it", async (scene) => {
  const has = await scene.page.evaluate(({ authority }) => {
    const one = stage.createTokenKeep({ refresh: `${authority}/session/refresh` });
    const dispose = (one as unknown as Record<symbol, (() => void) | undefined>)[Symbol.dispose];
    dispose?.call(one);
    return [typeof dispose, one.session.reason];
  }, scene.at);
  assert.deepEqual(has, ["function", "closed"]);
});
