// Answers of the authority without a token: which of them end the session, which don't, and what
// the keep does next.

import assert from "node:assert/strict";
import { Gate, json, pause, type Reply, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();

const still = { backoff: { base: 60_000, max: 60_000 } };
const refresh = ({ page }: Scene) => page.evaluate(() => stage.outcome(keep.refresh()));
const call = ({ page, at }: Scene, path = "/x") =>
  page.evaluate(([{ api }, path]) => stage.outcome(keep.fetch(api + path)), [at, path] as const);

const html: Reply = {
  headers: { "Content-Type": "text/html" },
  body: "<!doctype html><title>Welcome to the hotel</title>",
};

behaviour("client_F49_failures_that_may_pass_keep_the_session", async (scene) => {
  const { authority } = scene;
  const answers: readonly (readonly [string, Reply, string])[] = [
    ...[408, 425, 429, 500, 502, 503, 504, 599].map(
      (status) => [String(status), { status }, "refresh_unreachable"] as const,
    ),
    ["cut", { cut: true }, "refresh_unreachable"],
    ["html", html, "refresh_malformed"],
    [
      "half",
      { headers: { "Content-Type": "application/json" }, body: '{"access_token":"abc' },
      "refresh_malformed",
    ],
  ];
  for (const [name, answer, code] of answers) {
    // Each answer gets a new keep, since one keep makes at most ten calls in a minute.
    authority.on("/session/refresh", () => scene.grant());
    await scene.started({ ...still, tabs: "off" });
    authority.on("/session/refresh", () => answer);
    const { error } = await refresh(scene);
    assert.deepEqual([error?.code, error?.retryable], [code, true], name);
    if (answer.status !== undefined) assert.equal(error?.status, answer.status);
    const session = await scene.session();
    assert.deepEqual([session.status, session.degraded], ["authenticated", true], name);
    assert.ok(session.retryAt !== null && session.retryAt <= Date.now() + 60_000, name);
    assert.equal((await call(scene)).value, 200, `${name}: the token still works`);
    assert.deepEqual(
      (await scene.events()).map(({ type }) => type),
      ["signed-in", "refreshed", "refresh-failed"],
      name,
    );
    await scene.page.evaluate(() => keep.close());
  }
});

behaviour("client_F49_waits_between_attempts_are_random_and_grow", async (scene) => {
  const { authority } = scene;
  authority.on("/session/refresh", () => ({ status: 503 }));
  await scene.keep({ backoff: { base: 200, max: 100_000 } });
  await scene.page.evaluate(() => {
    const planned: number[] = [];
    Object.assign(globalThis, { planned });
    keep.on("refresh-failed", ({ retryAt }) => planned.push((retryAt ?? Infinity) - Date.now()));
    void keep.start().catch(() => undefined);
  });
  await until(() => authority.calls.length >= 5, "five attempts");
  // The waits as the page plans them. The machine may add to them.
  const planned = await scene.page.evaluate(
    () => (globalThis as unknown as { planned: number[] }).planned,
  );
  assert.ok(planned.length >= 4);
  planned.forEach((wait, n) =>
    assert.ok(wait < 200 * 2 ** n + 50, `${wait} ms after failure ${n + 1}`),
  );
  const waits = authority.calls.slice(1).map(({ at }, n) => at - authority.calls[n]!.end!);
  assert.equal(new Set(waits).size, waits.length, "no two alike");
  const due = (await scene.events())
    .filter((event) => event.type === "refresh-failed")
    .map(({ retryAt }) => retryAt);
  assert.ok(
    due.every((at) => at !== null),
    "each failure tells when the next attempt is due",
  );
});

const asDate = (seconds: number): Record<string, string> => ({
  "Retry-After": new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000).toUTCString(),
});

for (const [how, status, headers] of [
  ["seconds", 429, () => ({ "Retry-After": "3" })],
  ["a_date", 503, () => asDate(3)],
] as const) {
  behaviour(`client_F50_retry_after_in_${how}_is_obeyed_by_every_tab`, async (scene) => {
    const { authority, page } = scene;
    const second = await scene.open();
    // The backoff is tiny, so only the server's Retry-After holds the calls back.
    const eager = { backoff: { base: 1, max: 1 } };
    await scene.started(eager);
    await scene.started(eager, second);
    await until(async () => (await scene.session(second)).status === "authenticated", "both tabs");
    const before = authority.calls.length;
    authority.on("/session/refresh", () => ({ status, headers: headers() }));
    const { error } = await refresh(scene);
    assert.deepEqual([error?.code, error?.status], ["refresh_unreachable", status]);
    assert.ok(
      error?.retryAfter !== undefined && error.retryAfter > 1 && error.retryAfter <= 4.5,
      `${error?.retryAfter} s`,
    );
    authority.on("/session/refresh", () => scene.grant());
    const refused = authority.calls.at(-1)!.end!;

    await until(
      () => second.evaluate(() => keep.explain().some(({ event }) => event === "paused")),
      "the other tab to hear of it",
    );
    for (const tab of [page, second]) {
      const { error } = await tab.evaluate(() => stage.outcome(keep.refresh()));
      assert.equal(error?.code, "refresh_unreachable");
      assert.ok(error?.retryAfter !== undefined && error.retryAfter > 0);
    }
    assert.equal(authority.calls.length, before + 1);
    await until(() => authority.calls.length > before + 1, "the next attempt");
    const waited = authority.calls[before + 1]!.at - refused;
    assert.ok(waited >= (how === "seconds" ? 2950 : 1900), `${waited} ms after the answer`);
  });
}

for (const [name, answer] of Object.entries({
  "400_invalid_grant": json({ error: "invalid_grant" }, 400),
  "400_login_required": json({ error: "login_required" }, 400),
  "401": { status: 401 },
  "403": { status: 403, headers: { "Content-Type": "text/html" }, body: "<p>" },
})) {
  behaviour(`client_F51_a_terminal_${name}_ends_the_session_once_in_each_tab`, async (scene) => {
    const { authority, page } = scene;
    const second = await scene.open();
    await scene.started();
    await scene.started({}, second);
    authority.on("/session/refresh", () => answer);
    const { error } = await refresh(scene);
    assert.deepEqual([error?.code, error?.retryable], ["refresh_rejected", false]);
    await scene.reaches("anonymous", second);
    for (const tab of [page, second]) {
      assert.deepEqual(
        (await scene.events(tab)).filter(({ type }) => type === "signed-out"),
        [{ type: "signed-out", reason: "rejected" }],
      );
      const { reason, expiresAt, claims } = await scene.session(tab);
      assert.deepEqual(
        { reason, expiresAt, claims },
        { reason: "rejected", expiresAt: null, claims: null },
      );
      const { error } = await tab.evaluate(() => stage.outcome(keep.withToken((token) => token)));
      assert.equal(error?.code, "signed_out");
    }
    const { length } = authority.calls;
    await call(scene);
    assert.equal(scene.api.calls.at(-1)?.token, null);
    assert.equal(authority.calls.length, length);
  });
}

behaviour("client_F51_a_400_of_another_kind_and_a_404_do_not_end_the_session", async (scene) => {
  await scene.started(still);
  for (const answer of [
    json({ error: "invalid_request" }, 400),
    { status: 404 },
    { status: 405 },
    { ...html, status: 400 },
  ]) {
    scene.authority.on("/session/refresh", () => answer);
    const { error } = await refresh(scene);
    assert.deepEqual(
      [error?.code, error?.retryable, error?.status],
      ["refresh_misconfigured", false, answer.status],
    );
    assert.equal((await scene.session()).status, "authenticated");
  }
});

behaviour(
  "client_F52_a_rejection_that_a_siblings_newer_success_overtook_is_not_believed",
  async (scene) => {
    const { authority, page } = scene;
    // Without locks the refreshes of two tabs can overlap.
    await scene.context.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, "locks", { value: undefined }),
    );
    await Promise.all([page.reload(), page.waitForEvent("load")]);
    await page.waitForFunction(() => "stage" in globalThis);
    const second = await scene.open();
    await scene.started();
    await scene.started({}, second);
    const gate = new Gate();
    authority.on("/session/refresh", async () => {
      await gate.opened;
      return { status: 401 };
    });
    const outcome = refresh(scene);
    await until(() => authority.calls.length === 3, "the refresh that will be refused");
    authority.on("/session/refresh", () => scene.grant());
    await second.evaluate(() => keep.refresh());
    await until(
      async () =>
        (await scene.events()).some(
          (event) => event.type === "refreshed" && event.by === "sibling",
        ),
      "the news",
    );
    gate.open();
    assert.equal((await outcome).error, undefined);
    assert.equal((await scene.session()).status, "authenticated");
    for (const tab of [page, second])
      assert.ok((await scene.events(tab)).every(({ type }) => type !== "signed-out"));
  },
);

behaviour("client_F53_requests_work_until_the_real_expiry_when_renewals_fail", async (scene) => {
  const { authority } = scene;
  scene.lifetime = 12;
  await scene.started({ leeway: 7, jitter: 0, ...still });
  const began = authority.calls[0]!.end!;
  authority.on("/session/refresh", () => ({ status: 503 }));
  await until(async () => (await scene.session()).degraded, "the renewal to fail");
  const late = await call(scene);
  assert.deepEqual([late.value, scene.api.calls.at(-1)?.token], [200, scene.granted[0]]);
  await until(async () => (await call(scene)).value !== 200, "the token to expire");
  assert.ok(performance.now() - began >= 11_800, "not before its time");
  assert.equal((await call(scene)).error?.code, "refresh_unreachable");
  assert.equal((await scene.session()).status, "authenticated");
  assert.deepEqual(
    new Set(scene.api.calls.map(({ token }) => token)),
    new Set([scene.granted[0]]),
    "and never without a token",
  );
});

behaviour(
  "client_F54_calls_that_fail_inside_the_cool_down_make_one_network_call",
  async (scene) => {
    scene.authority.on("/session/refresh", () => ({ status: 500 }));
    await scene.keep(still);
    for (let n = 0; n < 10; n++)
      assert.equal((await call(scene)).error?.code, "refresh_unreachable");
    assert.equal(scene.refreshes(), 1);
    assert.equal(scene.api.calls.length, 0);
  },
);

behaviour("client_F55_nobody_makes_more_than_ten_refreshes_in_a_minute", async (scene) => {
  await scene.started();
  const last = await scene.page.evaluate(async () => {
    let last = await stage.outcome(keep.refresh());
    for (let n = 0; n < 30; n++) last = await stage.outcome(keep.refresh());
    return last;
  });
  assert.equal(scene.refreshes(), 10);
  assert.equal(last.error?.code, "refresh_unreachable");
  assert.ok(
    last.error.retryAfter !== undefined &&
      last.error.retryAfter > 30 &&
      last.error.retryAfter <= 61,
    `${last.error.retryAfter} s`,
  );
  assert.equal((await call(scene)).value, 200);
  assert.equal((await scene.session()).status, "authenticated");
});

behaviour("client_F90_after_an_outage_a_request_is_served_from_the_reserve", async (scene) => {
  scene.lifetime = 3;
  await scene.started({ leeway: 1, jitter: 0, backoff: { base: 300, max: 500 } });
  scene.authority.on("/session/refresh", () => ({ status: 503 }));
  // Of the ten calls in a minute the keep leaves four to requests, and there is none here.
  await until(() => scene.refreshes() === 6, "the keep to use up its own");
  await until(async () => (await scene.session()).expiresAt! < Date.now(), "the token to expire");
  scene.authority.on("/session/refresh", () => scene.grant());
  // Right after the keep's last try a request still waits out the backoff.
  await until(async () => (await call(scene)).value === 200, "a request to get a token");
  assert.equal(scene.refreshes(), 7);
});

behaviour("client_F56_a_captive_portal_is_no_logout", async (scene) => {
  scene.authority.on("/session/refresh", () => html);
  await scene.keep({ backoff: { base: 300, max: 300 } });
  const { error } = await scene.page.evaluate(() => stage.outcome(keep.start()));
  assert.deepEqual([error?.code, error?.retryable], ["refresh_malformed", true]);
  assert.equal((await scene.session()).status, "unknown");
  scene.authority.on("/session/refresh", () => scene.grant());
  await scene.reaches("authenticated");
});

behaviour(
  "client_F57_an_answer_without_a_usable_token_is_a_typed_error_and_builds_no_header",
  async (scene) => {
    const { authority, page, at } = scene;
    const bodies = [
      {},
      { access_token: "" },
      { access_token: 5 },
      { access_token: null },
      { access_token: ["a"] },
      { token: "abc" },
      [],
      "abc",
      null,
      { access_token: "a", token_type: "DPoP" },
      { access_token: "a", token_type: "mac" },
      { access_token: "a", token_type: 1 },
      ...["a\nb", "a\r\nX-Evil: 1", "a\u0000b", "a b", "a\tb", "ä", "a\u007f", "a\u2028"].map(
        (access_token) => ({ access_token }),
      ),
    ].map((body) => JSON.stringify(body));
    bodies.push(
      '{"access_token":"a","access_token":"b"}',
      '{"access_token":"a"',
      '{"access_token":"a"}{}',
      "",
    );
    for (const body of bodies) {
      authority.on("/session/refresh", () => ({
        headers: { "Content-Type": "application/json" },
        body,
      }));
      await scene.keep({ ...still, tabs: "off" });
      const { error } = await page.evaluate(() => stage.outcome(keep.start()));
      assert.deepEqual([error?.code, body], ["refresh_malformed", body]);
      assert.ok(body.length < 3 || !error?.message.includes(body));
      await page.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/x`)), at);
      await page.evaluate(() => keep.close());
    }
    assert.equal(scene.api.calls.length, 0);
  },
);

behaviour("client_F58_a_body_over_the_cap_is_refused_and_not_read_on", async (scene) => {
  const { authority, page } = scene;
  authority.on("/session/refresh", () => scene.grant({ padding: "x".repeat(60_000) }));
  await scene.started(still);
  authority.on("/session/refresh", () => scene.grant({ padding: "x".repeat(66_000) }));
  assert.equal((await refresh(scene)).error?.code, "refresh_malformed");
  assert.equal((await scene.session()).generation, 1);

  let written = 0;
  authority.on("/session/refresh", () => ({
    headers: { "Content-Type": "application/json" },
    stream: async (write) => {
      for (write('{"padding":"'); authority.calls.at(-1)?.end === null; await pause(5)) {
        write("x".repeat(16_384));
        written += 16_384;
      }
    },
  }));
  await page.evaluate(() => keep.close());
  await scene.keep({ timeout: 30_000 });
  assert.equal(
    (await page.evaluate(() => stage.outcome(keep.start()))).error?.code,
    "refresh_malformed",
  );
  await until(() => authority.calls.at(-1)?.end !== null, "the connection to be let go");
  assert.ok(written < 30_000_000, `${written} bytes were sent`);
});
