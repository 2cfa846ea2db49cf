// Loading the wasm: once for all callers, again after a failure, and anew after a trap.
// policy.test.ts shows it under a Content-Security-Policy.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { bundled, type Reply, type Scene, scenes, script, until } from "./harness.ts";
import { TRAPPING_VALIDITY, trappingWasm } from "./trapping.ts";

const behaviour = scenes();

const wasmFile = (body: Buffer): Reply => ({
  headers: { "Content-Type": "application/wasm" },
  body,
});
const wasm = () => readFileSync(new URL("../../build/client/client_bg.wasm", import.meta.url));

/** The number of wasm instances in the page, by their memories: each instance has one. */
async function instances({ page, context }: Scene): Promise<number> {
  const wire = await context.newCDPSession(page);
  const { result } = await wire.send("Runtime.evaluate", {
    expression: "WebAssembly.Memory.prototype",
  });
  await wire.send("HeapProfiler.collectGarbage");
  const { objects } = await wire.send("Runtime.queryObjects", {
    prototypeObjectId: result.objectId!,
  });
  const { result: found } = await wire.send("Runtime.getProperties", {
    objectId: objects.objectId!,
    ownProperties: true,
  });
  return found.find(({ name }) => name === "length")?.value?.value as number;
}

/** Brings loading-page.ts into the page. */
async function withLoader({ app, page }: Scene): Promise<void> {
  const program = await bundled("loading-page.ts");
  app.on("/loader.js", () => script(program));
  await page.addScriptTag({ type: "module", url: "/loader.js" });
  await page.waitForFunction(() => "loader" in globalThis);
}

behaviour("client_loading_fifty_first_uses_at_once_make_one_instance", async (scene) => {
  const { page, at } = scene;
  assert.equal(await instances(scene), 0);
  const statuses = await page.evaluate(async ({ authority, api }) => {
    const keeps = Array.from({ length: 50 }, (_, index) =>
      stage.createTokenKeep({
        refresh: `${authority}/session/refresh`,
        origins: [api],
        name: `keep ${index}`,
        tabs: "off",
      }),
    );
    Object.assign(globalThis, { keeps });
    return Promise.all(keeps.map(async (keep) => (await keep.start()).status));
  }, at);
  assert.deepEqual(new Set(statuses), new Set(["authenticated"]));
  assert.equal(await instances(scene), 1);
});

behaviour(
  "client_loading_fifty_first_uses_of_one_keep_fetch_one_file_and_make_one_refresh",
  async (scene) => {
    const { app, page, at } = scene;
    app.on("/client.wasm", () => wasmFile(wasm()));
    await withLoader(scene);
    const answers = await page.evaluate(async ({ app, authority, api }) => {
      globalThis.keep = loader.from(`${app}/client.wasm`)({
        refresh: `${authority}/session/refresh`,
        origins: [api],
      });
      return Promise.all(
        Array.from(
          { length: 50 },
          async (_, index) => (await keep.fetch(`${api}/${index}`)).status,
        ),
      );
    }, at);
    assert.deepEqual(
      answers,
      Array.from({ length: 50 }, () => 200),
    );
    assert.deepEqual(
      [app.to("/client.wasm").length, scene.refreshes(), await instances(scene)],
      [1, 1, 1],
    );
  },
);

behaviour("client_loading_that_failed_is_tried_again_at_the_next_use", async (scene) => {
  const { app, page, at } = scene;
  app.on("/client.wasm", () => ({ status: 503 }));
  await withLoader(scene);
  const failures = await page.evaluate(({ app, authority, api }) => {
    globalThis.keep = loader.from(`${app}/client.wasm`)({
      refresh: `${authority}/session/refresh`,
      origins: [api],
    });
    return Promise.all([stage.outcome(keep.start()), stage.outcome(keep.fetch(`${api}/early`))]);
  }, at);
  for (const { error } of failures)
    assert.deepEqual(
      [error?.name, error?.code, error?.retryable],
      ["TokenKeepError", "wasm_unavailable", true],
    );
  assert.deepEqual(
    [app.to("/client.wasm").length, scene.refreshes(), scene.api.calls.length],
    [1, 0, 0],
  );
  app.on("/client.wasm", () => wasmFile(wasm()));
  assert.equal((await page.evaluate(() => keep.start())).status, "authenticated");
  assert.equal(app.to("/client.wasm").length, 2);
});

behaviour(
  "client_loading_a_keep_closed_before_or_during_it_says_so_and_sends_nothing",
  async (scene) => {
    const { page, at } = scene;
    const codes = await page.evaluate(async ({ authority, api }) => {
      const make = () =>
        stage.createTokenKeep({
          refresh: `${authority}/session/refresh`,
          logout: `${authority}/session/logout`,
          origins: [api],
        });
      const [before, during] = [make(), make()];
      const started = during.start();
      before.close();
      during.close();
      const uses = [
        started,
        before.start(),
        before.refresh(),
        before.logout(),
        before.fetch(`${api}/x`),
        before.signIn(`${authority}/sign-in`),
        before.adopt({ access_token: "a" }),
        before.withToken((token) => token),
      ];
      const outcomes = await Promise.all(uses.map((use) => stage.outcome(use)));
      return {
        codes: outcomes.map(({ error }) => [error?.name, error?.code]),
        sessions: [before.session, during.session],
        told: before.explain(),
      };
    }, at);
    assert.deepEqual(
      codes.codes,
      Array.from({ length: 8 }, () => ["TokenKeepError", "closed"]),
    );
    assert.deepEqual(
      codes.sessions.map(({ status, reason }) => [status, reason]),
      [
        ["anonymous", "closed"],
        ["anonymous", "closed"],
      ],
    );
    assert.deepEqual(codes.told, []);
    assert.equal(scene.authority.calls.length + scene.api.calls.length, 0);
  },
);

/** A signed-in keep over wasm that traps at the test's command. */
async function trapping(scene: Scene): Promise<void> {
  const { app, page, at } = scene;
  const bytes = trappingWasm();
  app.on("/client.wasm", () => wasmFile(bytes));
  await withLoader(scene);
  await page.evaluate(async ({ app, authority, api }) => {
    const make = loader.from(`${app}/client.wasm`);
    const options = { refresh: `${authority}/session/refresh`, origins: [api] };
    globalThis.keep = make(options);
    const other = make({ ...options, name: "other" });
    Object.assign(globalThis, { other });
    await Promise.all([keep.start(), other.start()]);
  }, at);
}

behaviour(
  "client_A96_a_trap_costs_a_retryable_error_and_the_page_goes_on_with_a_fresh_instance",
  async (scene) => {
    const { app, page, at } = scene;
    await trapping(scene);
    const refreshes = scene.refreshes();
    const { error } = await page.evaluate(
      (minValidity) => stage.outcome(keep.withToken((token) => token, { minValidity })),
      TRAPPING_VALIDITY,
    );
    assert.deepEqual(
      [error?.name, error?.code, error?.retryable],
      ["TokenKeepError", "wasm_unavailable", true],
    );
    assert.match(error?.message ?? "", /trapped/);

    // Both keeps go on: the one that trapped, and the other one of the same instance.
    const answers = await page.evaluate(async ({ api }) => {
      const { other } = globalThis as unknown as { other: typeof keep };
      const answers = await Promise.all([keep.fetch(`${api}/one`), other.fetch(`${api}/two`)]);
      return {
        statuses: answers.map(({ status }) => status),
        sessions: [keep.session.status, other.session.status],
      };
    }, at);
    assert.deepEqual(answers, {
      statuses: [200, 200],
      sessions: ["authenticated", "authenticated"],
    });
    assert.equal(scene.refreshes() - refreshes, 2, "one refresh for each, whoever asked for it");
    assert.equal(app.to("/client.wasm").length, 1, "compiled once");
    assert.deepEqual(scene.errors, []);
  },
);

behaviour(
  "client_loading_a_trap_that_nobody_called_for_is_reported_and_the_session_comes_back_by_itself",
  async (scene) => {
    const { page } = scene;
    await trapping(scene);
    await page.evaluate(() => {
      Object.assign(globalThis, { statuses: [] as string[] });
      keep.subscribe(() =>
        (globalThis as unknown as { statuses: string[] }).statuses.push(keep.session.status),
      );
      dispatchEvent(new Event("online"));
    });
    await scene.reaches("authenticated");
    const statuses = await page.evaluate(
      () => (globalThis as unknown as { statuses: string[] }).statuses,
    );
    assert.equal(statuses[0], "unknown");
    assert.ok(!statuses.includes("anonymous"), statuses.join());
    assert.ok(
      scene.errors.length >= 1 && scene.errors.every((message) => /trapped/.test(message)),
      scene.errors.join(),
    );
    await until(async () => (await instances(scene)) <= 2, "the old instance to be given up");
  },
);
