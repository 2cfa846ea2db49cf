// Many callers, one refresh: what they share, what they don't, and what listeners may do.

import assert from "node:assert/strict";
import { EVENT_TYPES } from "./event-types.ts";
import { Gate, hang, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();

/** Refreshes wait behind the gate, then grant. */
function holdRefreshes(scene: Scene): Gate {
  const gate = new Gate();
  scene.authority.on("/session/refresh", async () => {
    await gate.opened;
    return scene.grant();
  });
  return gate;
}

behaviour("client_C19_callers_of_every_kind_share_one_refresh_and_its_result", async (scene) => {
  const { page, at } = scene;
  const gate = holdRefreshes(scene);
  await scene.keep();
  const results = page.evaluate(async ({ api }) => {
    const many = Array.from({ length: 20 }, (_, n) => [
      keep.fetch(`${api}/${n}`).then(({ status }) => String(status)),
      keep.withToken((token) => token),
      keep.start().then(({ generation }) => String(generation)),
      keep.refresh().then(({ generation }) => String(generation)),
    ]);
    return Promise.all(many.flat());
  }, at);
  await until(() => scene.refreshes() === 1, "the refresh to be sent");
  gate.open();
  assert.deepEqual([...new Set(await results)].sort(), ["1", "200", scene.granted[0]].sort());
  assert.equal(scene.refreshes(), 1);
});

behaviour("client_C19_callers_of_every_kind_share_one_failure", async (scene) => {
  const { page, at, authority, api } = scene;
  authority.on("/session/refresh", () => ({ status: 503 }));
  await scene.keep({ backoff: { base: 60_000, max: 60_000 } });
  const outcomes = await page.evaluate(async ({ api }) => {
    const many = Array.from({ length: 10 }, (_, n) => [
      keep.fetch(`${api}/${n}`),
      keep.withToken((token) => token),
      keep.start(),
      keep.refresh(),
    ]);
    return Promise.all(many.flat().map((one) => stage.outcome(one)));
  }, at);
  assert.deepEqual(
    new Set(outcomes.map(({ error }) => `${error?.code} ${error?.status}`)),
    new Set(["refresh_unreachable 503"]),
  );
  assert.equal(scene.refreshes(), 1);
  assert.equal(api.calls.length, 0);
});

behaviour("client_C20_one_caller_that_aborts_takes_nothing_from_the_others", async (scene) => {
  const { page, at, api } = scene;
  const gate = holdRefreshes(scene);
  await scene.keep();
  const outcomes = page.evaluate(async ({ api }) => {
    const controller = new AbortController();
    const aborted = [
      stage.outcome(keep.fetch(`${api}/gone`, { signal: controller.signal })),
      stage.outcome(keep.withToken((token) => token, { signal: controller.signal })),
    ];
    const others = [
      stage.outcome(keep.fetch(`${api}/stays`)),
      stage.outcome(keep.refresh().then(({ status }) => status)),
    ];
    controller.abort(new RangeError("changed my mind"));
    return { aborted: await Promise.all(aborted), others: await Promise.all(others) };
  }, at);
  await until(() => scene.refreshes() === 1, "the refresh to be sent");
  gate.open();
  const { aborted, others } = await outcomes;
  for (const { error } of aborted)
    assert.deepEqual([error?.name, error?.message], ["RangeError", "changed my mind"]);
  assert.deepEqual(
    others.map(({ value }) => value),
    [200, "authenticated"],
  );
  assert.deepEqual(
    api.calls.map(({ path }) => path),
    ["/stays"],
  );
});

behaviour("client_C21_when_all_callers_abort_the_next_one_is_served", async (scene) => {
  const { page, at, api } = scene;
  const gate = holdRefreshes(scene);
  await scene.keep();
  const names = await page.evaluate(async ({ api }) => {
    const controller = new AbortController();
    const all = Array.from({ length: 5 }, (_, n) =>
      stage.outcome(keep.fetch(`${api}/${n}`, { signal: controller.signal })),
    );
    controller.abort();
    return (await Promise.all(all)).map(({ error }) => error?.name);
  }, at);
  assert.deepEqual(names, Array(5).fill("AbortError"));
  const next = page.evaluate(
    ({ api }) => keep.fetch(`${api}/next`).then(({ status }) => status),
    at,
  );
  gate.open();
  assert.equal(await next, 200);
  assert.deepEqual(
    api.calls.map(({ path }) => path),
    ["/next"],
  );
  assert.equal(scene.authority.mostAtOnce("/session/refresh"), 1);
});

behaviour("client_C22_a_refresh_that_hangs_is_given_up_and_the_next_can_succeed", async (scene) => {
  const { page, authority, at } = scene;
  await scene.started({ timeout: 2_000, backoff: { base: 60_000, max: 60_000 } });
  scene.valid.clear();
  authority.on("/session/refresh", hang);
  const [refreshed, fetched] = await page.evaluate(
    ({ api }) =>
      Promise.all([stage.outcome(keep.refresh()), stage.outcome(keep.fetch(`${api}/late`))]),
    at,
  );
  assert.deepEqual([refreshed.error?.code, refreshed.error?.retryable], ["refresh_timeout", true]);
  assert.equal(fetched.value, 401, "the caller gets the API's own answer");
  assert.deepEqual(
    [(await scene.session()).status, (await scene.session()).degraded],
    ["authenticated", true],
  );
  authority.on("/session/refresh", () => scene.grant());
  assert.equal((await page.evaluate(() => keep.refresh())).generation, 2);
  assert.equal(
    await page.evaluate(({ api }) => keep.fetch(`${api}/again`).then(({ status }) => status), at),
    200,
  );
});

behaviour(
  "client_C22_refreshes_that_hang_one_after_the_other_do_not_use_up_the_connections",
  async (scene) => {
    const { page, authority, at } = scene;
    // Browsers keep six connections to an origin; what is given up has to be let go.
    authority.on("/session/refresh", hang);
    await scene.keep({ timeout: 400, backoff: { base: 60_000, max: 60_000 } });
    for (let n = 0; n < 8; n++) {
      assert.equal(
        (await page.evaluate(() => stage.outcome(keep.refresh()))).error?.code,
        "refresh_timeout",
      );
    }
    authority.on("/session/sign-in", () => scene.grant());
    const { value } = await page.evaluate(
      ({ authority }) =>
        stage.outcome(keep.signIn(`${authority}/session/sign-in`, { method: "POST" })),
      at,
    );
    assert.equal(value, 200);
    assert.equal((await scene.session()).status, "authenticated");
  },
);

behaviour("client_C23_every_method_may_be_called_from_every_event", async (scene) => {
  const { page, authority, api, at } = scene;
  scene.subject = "ann";
  await scene.keep({ backoff: { base: 60_000, max: 60_000 } });
  await page.evaluate(
    ({ api, app, types }) => {
      const done: Record<string, string[]> = {};
      const pending: Promise<unknown>[] = [];
      for (const type of types) {
        let calls = 0;
        keep.on(type, () => {
          // Each event is answered once: the calls cause events of their own.
          if (calls++ > 0) return;
          done[type] = [];
          const use: Record<string, () => unknown> = {
            session: () => keep.session,
            explain: () => keep.explain(),
            subscribe: () => keep.subscribe(() => undefined)(),
            on: () => keep.on("change", () => undefined)(),
            start: () => keep.start(),
            fetch: () => keep.fetch(`${api}/from-${type}`),
            withToken: () => keep.withToken(() => 1),
            refresh: () => keep.refresh(),
            signIn: () => keep.signIn(`${app}/no-token`, { method: "POST" }),
            adopt: () => keep.adopt({}),
            logout: () => (type === "signed-out" ? keep.logout() : undefined),
            close: () => stage.createTokenKeep({ refresh: `${app}/refresh` }).close(),
          };
          for (const [name, call] of Object.entries(use)) {
            pending.push(
              Promise.resolve()
                .then(call)
                .catch(() => undefined)
                .then(() => done[type]!.push(name)),
            );
          }
        });
      }
      Object.assign(globalThis, { done, pending });
    },
    { ...at, types: EVENT_TYPES },
  );
  const allDone = async (type: string) =>
    until(
      async () =>
        ((
          await page.evaluate(
            (type) => (globalThis as unknown as { done: Record<string, string[]> }).done[type],
            type,
          )
        )?.length ?? 0) === 12,
      `all calls from ${type} to settle`,
    );

  await page.evaluate(() => keep.start());
  for (const type of ["change", "signed-in", "refreshed"]) await allDone(type);

  api.on("/step-up", () => ({
    status: 401,
    headers: {
      "WWW-Authenticate": 'Bearer error="insufficient_user_authentication", acr_values="mfa"',
    },
  }));
  await page.evaluate(({ api }) => keep.fetch(`${api}/step-up`), at);
  await allDone("step-up");

  api.on("/never", () => ({ status: 401 }));
  await page.evaluate(({ api }) => keep.fetch(`${api}/never`), at);
  await allDone("rejected-fresh-token");

  scene.subject = "bob";
  await page.evaluate(() => keep.refresh());
  await allDone("user-changed");

  authority.on("/session/refresh", () => ({ status: 503 }));
  await page.evaluate(() => keep.refresh().catch(() => undefined));
  await allDone("refresh-failed");

  await page.evaluate(() => keep.logout());
  await allDone("signed-out");
  await scene.reaches("anonymous");
  assert.deepEqual(scene.errors, []);
});

behaviour("client_C24_a_listener_that_throws_disturbs_nobody", async (scene) => {
  const { page } = scene;
  await scene.keep();
  const seen = await page.evaluate(async () => {
    const seen: string[] = [];
    keep.on("refreshed", () => seen.push("first"));
    keep.on("refreshed", () => {
      throw new Error("a listener of the application");
    });
    keep.on("refreshed", () => seen.push("last"));
    keep.subscribe(() => {
      throw new Error("a subscriber of the application");
    });
    keep.subscribe(() => seen.push(keep.session.status));
    await keep.start();
    return seen;
  });
  assert.ok(
    seen.includes("first") && seen.includes("last") && seen.includes("authenticated"),
    seen.join(),
  );
  assert.equal((await page.evaluate(() => keep.refresh())).generation, 2);
  // Told as the platform tells of listeners that throw, not swallowed.
  await until(
    () =>
      ["listener", "subscriber"].every((who) =>
        scene.errors.some((error) => error.includes(`a ${who} of the application`)),
      ),
    "both to be reported",
  );
});
