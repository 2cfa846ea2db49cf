// The start of a keep: what it asks of the authority and when, and what requests do meanwhile.

import assert from "node:assert/strict";
import { Gate, hang, pause, scenes, until } from "./harness.ts";

const behaviour = scenes();

behaviour("client_A2_a_valid_cookie_makes_one_refresh_and_a_usable_token", async (scene) => {
  const { page, authority, api, at, granted } = scene;
  await scene.keep();
  assert.equal((await scene.session()).status, "unknown");
  const session = await page.evaluate(() => keep.start());
  assert.equal(session.status, "authenticated");
  assert.equal(session.generation, 1);
  assert.equal(
    await page.evaluate(({ api }) => keep.fetch(`${api}/time`).then(({ status }) => status), at),
    200,
  );
  assert.equal(authority.to("/session/refresh").length, 1);
  assert.deepEqual(
    api.calls.map(({ token }) => token),
    granted,
  );
});

behaviour("client_A3_without_a_session_nothing_is_refreshed_until_somebody_asks", async (scene) => {
  const { page, authority, api, at } = scene;
  authority.on("/session/refresh", () => ({ status: 401 }));
  await scene.started();
  assert.deepEqual(
    await page.evaluate(() => [keep.session.status, keep.session.reason, keep.session.expiresAt]),
    ["anonymous", "no-session", null],
  );
  await page.evaluate(
    ({ api }) => Promise.all([keep.fetch(`${api}/one`), keep.fetch(`${api}/two`), keep.start()]),
    at,
  );
  await page.evaluate(() =>
    ["focus", "online", "pageshow"].forEach((type) => dispatchEvent(new Event(type))),
  );
  await pause(1500);
  assert.equal(authority.calls.length, 1);
  assert.deepEqual(
    api.calls.map(({ token }) => token),
    [null, null],
  );
  assert.deepEqual(await scene.events(), []);

  authority.on("/session/refresh", () => scene.grant());
  assert.equal((await page.evaluate(() => keep.refresh())).status, "authenticated");
  assert.equal(authority.calls.length, 2);
});

behaviour(
  "client_A4_an_offline_start_waits_for_the_network_and_is_never_anonymous",
  async (scene) => {
    const { page, context, authority } = scene;
    await scene.keep();
    await context.setOffline(true);
    await page.evaluate(() => {
      Object.assign(globalThis, { settled: "pending" });
      void stage
        .outcome(keep.start())
        .then((outcome) => Object.assign(globalThis, { settled: outcome }));
    });
    await pause(700);
    assert.equal(
      await page.evaluate(() => (globalThis as unknown as { settled: unknown }).settled),
      "pending",
    );
    assert.equal((await scene.session()).status, "unknown");
    assert.ok(
      !(await page.evaluate(() =>
        stage.events.some((event) => "session" in event && event.session.status === "anonymous"),
      )),
    );

    await context.setOffline(false);
    await scene.reaches("authenticated");
    await until(
      () =>
        page.evaluate(() => (globalThis as unknown as { settled: unknown }).settled !== "pending"),
      "start() to resolve",
    );
    assert.equal((await page.evaluate(() => keep.start())).status, "authenticated");
    assert.equal(authority.to("/session/refresh").length, 1);
  },
);

behaviour(
  "client_A5_starting_twice_makes_one_refresh_and_one_timer_and_closing_twice_is_harmless",
  async (scene) => {
    const { page } = scene;
    scene.lifetime = 2;
    await scene.keep();
    await page.evaluate(() => Promise.all([keep.start(), keep.start()]));
    await page.evaluate(() => keep.start());
    assert.equal(scene.refreshes(), 1);
    // Two timers would make two refreshes for each generation.
    await until(async () => (await scene.session()).generation >= 3, "two renewals");
    // Read in this order: a refresh may be sent between the two readings.
    const sent = scene.refreshes();
    const { generation, refreshing } = await scene.session();
    assert.ok(sent - generation <= (refreshing ? 1 : 0), `${sent} refreshes, ${generation} tokens`);
    await page.evaluate(() => {
      keep.close();
      keep.close();
    });
    const { length } = scene.authority.calls;
    await pause(2500);
    // One may have been on its way.
    assert.ok(scene.authority.calls.length <= length + 1);
    assert.deepEqual(scene.errors, []);
  },
);

behaviour(
  "client_A6_requests_wait_for_the_start_and_are_not_sent_without_a_token",
  async (scene) => {
    const { page, authority, api, at } = scene;
    const gate = new Gate();
    authority.on("/session/refresh", async () => {
      await gate.opened;
      return scene.grant();
    });
    await scene.keep();
    const statuses = page.evaluate(async ({ api }) => {
      const first = keep.fetch(`${api}/before`);
      void keep.start();
      const responses = await Promise.all([first, keep.fetch(`${api}/during`)]);
      return responses.map(({ status }) => status);
    }, at);
    await until(() => authority.calls.length === 1, "the refresh to be sent");
    await pause(300);
    assert.equal(api.calls.length, 0);
    gate.open();
    assert.deepEqual(await statuses, [200, 200]);
    assert.deepEqual(
      api.calls.map(({ token }) => token),
      [scene.granted[0], scene.granted[0]],
    );
    assert.equal(scene.refreshes(), 1);
  },
);

behaviour(
  "client_A7_a_start_that_takes_too_long_rejects_with_a_typed_error_and_recovers",
  async (scene) => {
    const { page, authority } = scene;
    // Only the first call hangs. The next may follow at once, before this test could tell the
    // server to answer.
    authority.on("/session/refresh", (request) =>
      authority.calls.length === 1 ? hang(request) : scene.grant(),
    );
    await scene.keep({ timeout: 2_000, backoff: { base: 300, max: 300 } });
    const { error, status } = await page.evaluate(async () => {
      const { error } = await stage.outcome(keep.start());
      return { error, status: keep.session.status };
    });
    assert.deepEqual(
      [error?.name, error?.code, error?.retryable],
      ["TokenKeepError", "refresh_timeout", true],
    );
    assert.equal(status, "unknown");
    // The keep recovers by itself, and a later start() joins that.
    await scene.reaches("authenticated");
    assert.equal((await page.evaluate(() => keep.start())).status, "authenticated");
  },
);
