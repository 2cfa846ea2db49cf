// A worker that is lost, and a keep that is closed.

import assert from "node:assert/strict";
import { hang, pause, type Scene, scenes, until } from "../harness.ts";
import { liveIn, reload, tap } from "./hosted.ts";

const behaviour = scenes();

/** A keep whose workers the test can end: `workers` in the page, or a word on a channel. */
async function mortal(scene: Scene, kind: "dedicated" | "shared"): Promise<void> {
  scene.app.on("/mortal.js", () => ({
    headers: { "Content-Type": "text/javascript" },
    body: `import "/worker.js"; new BroadcastChannel("end").onmessage = () => self.close();`,
  }));
  await scene.page.evaluate(
    ([{ authority, api }, kind]) => {
      const workers: (Worker | SharedWorker)[] = [];
      Object.assign(globalThis, { workers });
      globalThis.keep = stage.make({
        refresh: `${authority}/session/refresh`,
        logout: `${authority}/session/logout`,
        origins: [api],
        host() {
          const Kind = kind === "shared" ? SharedWorker : Worker;
          const worker = new Kind("/mortal.js", { type: "module", name: `${workers.length}` });
          workers.push(worker);
          return worker;
        },
      });
    },
    [scene.at, kind] as const,
  );
}

const ENDS = {
  a_dedicated_worker_that_is_terminated: () =>
    (globalThis as unknown as { workers: Worker[] }).workers.at(-1)?.terminate(),
  a_dedicated_worker_that_closes_itself: () => new BroadcastChannel("end").postMessage(0),
  a_shared_worker_that_closes_itself: () => new BroadcastChannel("end").postMessage(0),
};

for (const [what, end] of Object.entries(ENDS)) {
  behaviour(`client_W20_${what}_is_noticed_and_another_one_goes_on`, async (scene) => {
    const { page, api, at } = scene;
    await mortal(scene, what.includes("shared") ? "shared" : "dedicated");
    await page.evaluate(() => keep.start());
    api.on("/slow", hang);
    api.on("/begun", () => ({
      stream: async (write) => (write("a"), new Promise(() => undefined)),
    }));
    const told = page.evaluate(async ({ api }) => {
      const response = await keep.fetch(`${api}/begun`);
      const began = performance.now();
      Object.assign(globalThis, { isReady: true });
      const outcomes = await Promise.all([
        stage.outcome(keep.fetch(`${api}/slow`)),
        stage.outcome(response.text()),
      ]);
      return { outcomes, seconds: (performance.now() - began) / 1000 };
    }, at);
    await until(() => api.to("/slow").length === 1, "the call");
    await page.evaluate(end);
    const { outcomes, seconds } = await told;
    assert.deepEqual(
      outcomes.map(({ error }) => error?.code),
      ["worker_unavailable", "worker_unavailable"],
    );
    assert.ok(outcomes.every(({ error }) => error?.retryable === true));
    // Fifteen seconds, and what a busy machine adds.
    assert.ok(seconds < 25, `${seconds} s`);
    // It was signed in, so it begins afresh by itself.
    await scene.reaches("authenticated");
    const events = await page.evaluate(() =>
      stage.events.flatMap((one) => (one.type === "change" ? [one.session.status] : [])),
    );
    assert.ok(events.includes("unknown"));
    assert.equal(scene.refreshes(), 2);
    assert.equal(
      await page.evaluate(() => (globalThis as unknown as { workers: unknown[] }).workers.length),
      2,
    );
    const after = await page.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/x`)), at);
    assert.equal(after.value, 200);
  });
}

behaviour("client_W20_a_worker_that_was_given_is_not_replaced", async (scene) => {
  const { page, at, api } = scene;
  await page.evaluate(({ authority, api }) => {
    const host = new Worker("/worker.js", { type: "module" });
    Object.assign(globalThis, { host });
    globalThis.keep = stage.make({ refresh: `${authority}/session/refresh`, origins: [api], host });
    return keep.start();
  }, at);
  api.on("/slow", hang);
  const lost = page.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/slow`)), at);
  await until(() => api.to("/slow").length === 1, "the call");
  await page.evaluate(() => (globalThis as unknown as { host: Worker }).host.terminate());
  assert.equal((await lost).error?.code, "worker_unavailable");
  for (let n = 0; n < 2; n++) {
    const { error } = await page.evaluate(() => stage.outcome(keep.refresh()));
    assert.equal(error?.code, "worker_unavailable");
  }
});

behaviour("client_W21_no_ping_passes_while_nothing_is_awaited", async (scene) => {
  const { page, context, at } = scene;
  await context.addInitScript(tap);
  await reload(page);
  await liveIn("dedicated", page);
  await scene.started();
  await page.evaluate(({ api }) => keep.fetch(`${api}/x`).then((one) => one.text()), at);
  await pause(300);
  const messages = () =>
    page.evaluate(() => (globalThis as unknown as { messages: number }).messages);
  const before = await messages();
  await pause(12_000);
  assert.equal(await messages(), before);
});

behaviour("client_W21_a_page_that_slept_does_not_take_it_for_a_loss", async (scene) => {
  const { page, at, api } = scene;
  await liveIn("dedicated", page);
  await scene.started();
  api.on("/slow", async () => {
    await pause(25_000);
    return { status: 200, body: "late" };
  });
  const { value, text } = await page.evaluate(async ({ api }) => {
    const waiting = stage.outcome(keep.fetch(`${api}/slow`));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const end = performance.now() + 20_000; performance.now() < end; ) {}
    return waiting;
  }, at);
  assert.deepEqual([value, text], [200, "late"]);
  assert.equal(scene.refreshes(), 1);
});

behaviour("client_W21_an_api_that_is_slow_is_not_taken_for_a_loss", async (scene) => {
  const { page, at, api } = scene;
  await liveIn("dedicated", page);
  await scene.started();
  api.on("/slow", async () => {
    await pause(25_000);
    return { status: 200, body: "late" };
  });
  const { value, text } = await page.evaluate(async ({ api }) => {
    // The page is busy whenever it is to look. Each look is late by more than a ping takes.
    let busy = setTimeout(function work() {
      for (const end = performance.now() + 30; performance.now() < end; ) {}
      busy = setTimeout(work, 4_990);
    }, 4_990);
    const told = await stage.outcome(keep.fetch(`${api}/slow`));
    clearTimeout(busy);
    return told;
  }, at);
  assert.deepEqual([value, text], [200, "late"]);
  assert.equal(scene.refreshes(), 1);
});

behaviour(
  "client_W31_a_closed_keep_leaves_nothing_and_its_worker_serves_another",
  async (scene) => {
    const { page, at } = scene;
    const told = await page.evaluate(async ({ authority, api }) => {
      const host = new Worker("/worker.js", { type: "module" });
      const options = { refresh: `${authority}/session/refresh`, origins: [api], host };
      const first = stage.createTokenKeep(options);
      await first.start();
      const answer = first.fetch(`${api}/x`);
      await answer;
      const waiting = stage.outcome(first.refresh());
      first.close();
      first.close();
      const { status, reason } = first.session;
      const codes = [
        (await waiting).error?.code,
        (await stage.outcome(first.refresh())).error?.code,
        (await stage.outcome(first.fetch(`${api}/x`))).error?.code,
      ];
      // The engine and its token are gone: the next keep of this worker has to ask.
      const second = stage.createTokenKeep(options);
      const { generation } = await second.start();
      return { status, reason, codes, generation };
    }, at);
    assert.deepEqual(told, {
      status: "anonymous",
      reason: "closed",
      codes: ["closed", "closed", "closed"],
      generation: 1,
    });
    assert.ok(scene.refreshes() >= 2);
  },
);
