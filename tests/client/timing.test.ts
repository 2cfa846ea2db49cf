// When a renewal happens in a real browser: after the duration that came with the token, whatever
// the clock of the machine says. Here that takes seconds. The native tests show hours and days, in
// virtual time.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { json, jwt, pause, scenes, until } from "./harness.ts";

const behaviour = scenes();

// These tests mostly wait, so they run at the same time.
describe("timing", { concurrency: 4 }, () => {
  behaviour(
    "client_B8_a_renewal_comes_at_expiry_less_leeway_counted_from_the_receipt",
    async (scene) => {
      const { authority, page } = scene;
      // By its claims the token expired an hour ago. What counts is the duration that came with it.
      const now = Math.floor(Date.now() / 1000);
      authority.on("/session/refresh", () =>
        scene.grant({
          access_token: jwt({ iat: now - 7200, exp: now - 3600, jti: crypto.randomUUID() }),
          expires_in: 10,
        }),
      );
      await scene.started({ leeway: 6, jitter: 0 });
      await until(() => authority.calls.length >= 3, "two renewals");
      const [first, second, third] = authority.calls;
      for (const wait of [second!.at - first!.end!, third!.at - second!.end!])
        assert.ok(wait > 3900 && wait < 9900, `${wait} ms for 10 s less 6`);
      assert.equal(await page.evaluate(() => keep.session.status), "authenticated");
    },
  );

  behaviour("client_B97_without_leeway_and_jitter_a_renewal_comes_at_expiry", async (scene) => {
    scene.lifetime = 3;
    await scene.started({ leeway: 0, jitter: 0 });
    const { calls } = scene.authority;
    await until(() => calls.length >= 2, "a renewal");
    const wait = calls[1]!.at - calls[0]!.end!;
    assert.ok(wait > 2900, `${wait} ms for 3 s`);
  });

  behaviour("client_B11_an_odd_or_missing_lifetime_makes_no_loop", async (scene) => {
    const { authority, page, at } = scene;
    const odd = [
      "",
      '"expires_in":0,',
      '"expires_in":-5,',
      '"expires_in":null,',
      '"expires_in":"soon",',
      '"expires_in":"NaN",',
      '"expires_in":1e400,',
      '"expires_in":1e30,',
      '"expires_in":[],',
      '"expires_in":2592000,',
      '"expires_in":"900",',
    ];
    const served = new Map<string, number>();
    for (const [n, members] of odd.entries()) {
      authority.on(`/refresh/${n}`, () => ({
        headers: { "Content-Type": "application/json" },
        body: `{${members}"access_token":"odd-${n}"}`,
      }));
      served.set(`/refresh/${n}`, n);
    }
    const sessions = await page.evaluate(
      async ([{ authority }, length]) => {
        const keeps = Array.from({ length }, (_, n) =>
          stage.createTokenKeep({ refresh: `${authority}/refresh/${n}`, defaultLifetime: 77 }),
        );
        const sessions = await Promise.all(keeps.map((one) => one.start()));
        return sessions.map(({ expiresAt, status }) => ({
          status,
          seconds: ((expiresAt ?? 0) - Date.now()) / 1000,
        }));
      },
      [at, odd.length] as const,
    );
    await pause(1500);
    for (const path of served.keys())
      assert.equal(authority.to(path).length, 1, odd[served.get(path)!]);
    for (const { status } of sessions) assert.equal(status, "authenticated");
    for (const n of [0, 1, 2, 3, 4, 5, 8])
      assert.ok(Math.abs(sessions[n]!.seconds - 77) < 60, `${odd[n]}: ${sessions[n]!.seconds} s`);
    assert.ok(
      Math.abs(sessions[9]!.seconds - 2_592_000) < 60 && Math.abs(sessions[10]!.seconds - 900) < 60,
    );
  });

  behaviour(
    "client_B10_a_lifetime_beyond_the_longest_timer_does_not_fire_at_once",
    async (scene) => {
      scene.lifetime = 40 * 24 * 3600;
      await scene.started();
      await pause(1500);
      assert.equal(scene.refreshes(), 1);
      assert.equal((await scene.session()).generation, 1);
    },
  );

  behaviour("client_B12_a_new_token_replaces_the_schedule_of_the_old_one", async (scene) => {
    scene.lifetime = 10;
    await scene.started({ leeway: 6, jitter: 0 });
    await scene.page.evaluate(() => keep.adopt({ access_token: "long", expires_in: 900 }));
    await pause(5000);
    assert.equal(scene.refreshes(), 1);
    await scene.page.evaluate(() => keep.adopt({ accessToken: "short", expiresIn: 2 }));
    await until(() => scene.refreshes() >= 2, "the short token to be renewed");
  });

  behaviour(
    "client_B14_a_wall_clock_that_jumps_by_hours_ends_nothing_and_floods_nobody",
    async (scene) => {
      const { page, at } = scene;
      await scene.started();
      for (const [n, hours] of [1, -2, 5, -9].entries()) {
        await page.evaluate((hours) => {
          const real = Date.now.bind(Date);
          Date.now = () => real() + hours * 3_600_000;
          for (const type of ["focus", "online"]) dispatchEvent(new Event(type));
          document.dispatchEvent(new Event("visibilitychange"));
        }, hours);
        const { value } = await page.evaluate(
          ({ api }) => stage.outcome(keep.fetch(`${api}/x`)),
          at,
        );
        assert.equal(value, 200);
        assert.ok(scene.refreshes() <= n + 2, `${scene.refreshes()} refreshes after jump ${n + 1}`);
      }
      await until(async () => !(await scene.session()).refreshing, "the last refresh to end");
      const settled = scene.refreshes();
      await pause(1000);
      assert.equal(scene.refreshes(), settled);
      assert.ok((await scene.events()).every(({ type }) => type !== "signed-out"));
    },
  );

  for (const hours of [-5, 5]) {
    behaviour(
      `client_B15_a_clock_that_is_${hours < 0 ? "slow" : "fast"}_by_hours_changes_nothing`,
      async (scene) => {
        const { page, context, authority, at } = scene;
        await context.addInitScript((hours) => {
          const real = Date.now.bind(Date);
          Date.now = () => real() + hours * 3_600_000;
        }, hours);
        await page.reload();
        await page.waitForFunction(() => "stage" in globalThis);
        const now = () => Math.floor(Date.now() / 1000);
        authority.on("/session/refresh", () => {
          const token = jwt({ iat: now(), exp: now() + 10, jti: crypto.randomUUID() });
          scene.valid.add(token);
          return json({ access_token: token });
        });
        await scene.started({ leeway: 6, jitter: 0 });
        for (let n = 0; n < 4; n++) {
          assert.equal(
            (await page.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/x`)), at)).value,
            200,
          );
          await pause(300);
        }
        await until(() => authority.calls.length >= 2, "the renewal");
        const wait = authority.calls[1]!.at - authority.calls[0]!.end!;
        assert.ok(wait > 3900 && wait < 9900, `${wait} ms for 10 s less 6`);
      },
    );
  }

  behaviour("client_B17_all_the_events_of_waking_together_cause_one_evaluation", async (scene) => {
    const { page, authority } = scene;
    const wake = () =>
      page.evaluate(() => {
        for (const type of ["focus", "online", "pageshow"]) dispatchEvent(new Event(type));
        for (const type of ["visibilitychange", "resume"]) document.dispatchEvent(new Event(type));
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      });
    await scene.started({ backoff: { base: 60_000, max: 60_000 } });
    await wake();
    await pause(1200);
    assert.ok(scene.refreshes() <= 2, `${scene.refreshes()} refreshes for a fresh token`);
    authority.on("/session/refresh", () => ({ status: 503 }));
    await page.evaluate(() => keep.refresh().catch(() => undefined));
    const before = scene.refreshes();
    await wake();
    await pause(1200);
    assert.ok(
      scene.refreshes() - before <= 1,
      `${scene.refreshes() - before} refreshes while backing off`,
    );
  });
});
