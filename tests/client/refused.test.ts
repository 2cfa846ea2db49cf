// 401: which of them cause a refresh, how often a request is sent, and what the caller gets.

import assert from "node:assert/strict";
import { Gate, json, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();

const get = ({ page, at }: Scene, path: string, init?: { method: string; body: string }) =>
  page.evaluate(([{ api }, path, init]) => stage.outcome(keep.fetch(`${api}${path}`, init)), [
    at,
    path,
    init ?? {},
  ] as const);

const challenge = (text: string) => ({ status: 401, headers: { "WWW-Authenticate": text } });

behaviour("client_D25_many_refused_at_once_cause_one_refresh_and_one_retry_each", async (scene) => {
  await scene.started();
  scene.valid.clear();
  const statuses = await scene.page.evaluate(
    ({ api }) =>
      Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          keep.fetch(`${api}/${n}`).then(({ status }) => status),
        ),
      ),
    scene.at,
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(scene.refreshes(), 2, "one to start, one for all of them");
  assert.equal(scene.api.calls.length, 60);
  assert.equal(scene.api.calls.filter(({ token }) => token === scene.granted[1]).length, 30);
});

behaviour("client_D26_a_request_is_sent_at_most_twice_whatever_is_answered", async (scene) => {
  const { api } = scene;
  await scene.started();
  const answers: Record<string, (sent: number) => number> = {
    then500: (sent) => (sent === 1 ? 401 : 500),
    then403: (sent) => (sent === 1 ? 401 : 403),
    then429: (sent) => (sent === 1 ? 401 : 429),
    then200: (sent) => (sent === 1 ? 401 : 200),
    always401: () => 401,
  };
  // The retry gets a new connection. On a used one Chromium itself would send the request once
  // more.
  api.on("/cut", () =>
    api.to("/cut").length === 1 ? { status: 401, headers: { Connection: "close" } } : { cut: true },
  );
  const { error } = await get(scene, "/cut", { method: "POST", body: "once or twice" });
  assert.equal(error?.name, "TypeError", "the network's own error");
  assert.equal(api.to("/cut").length, 2);
  for (const [name, answer] of Object.entries(answers)) {
    api.on(`/${name}`, () => ({ status: answer(api.to(`/${name}`).length) }));
    assert.equal(
      (await get(scene, `/${name}`, { method: "POST", body: "once or twice" })).value,
      answer(2),
    );
  }
  for (const name of Object.keys(answers)) assert.equal(api.to(`/${name}`).length, 2, name);
});

behaviour("client_D27_a_refused_retry_is_the_callers_and_is_told", async (scene) => {
  const { api, at } = scene;
  await scene.started();
  api.on("/never", () => challenge('Bearer error="invalid_token"'));
  assert.equal((await get(scene, "/never")).value, 401);
  assert.equal(scene.refreshes(), 2);
  assert.equal(api.calls.length, 2);
  const told = (await scene.events()).filter(({ type }) => type === "rejected-fresh-token");
  assert.deepEqual(told, [{ type: "rejected-fresh-token", url: `${at.api}/never` }]);
  assert.equal((await scene.session()).status, "authenticated");
  // An API that accepts no token at all causes no storm of refreshes.
  for (let n = 0; n < 5; n++) assert.equal((await get(scene, "/never")).value, 401);
  assert.equal(scene.refreshes(), 2);
});

behaviour("client_D28_a_late_401_to_an_older_token_is_retried_without_a_refresh", async (scene) => {
  const { api, page, at } = scene;
  await scene.started();
  const gate = new Gate();
  api.on("/late", async ({ token }) => {
    if (token !== scene.granted[0]) return json({});
    await gate.opened;
    return challenge('Bearer error="invalid_token"');
  });
  const late = page.evaluate(
    ({ api }) => keep.fetch(`${api}/late`).then(({ status }) => status),
    at,
  );
  await until(() => api.to("/late").length === 1, "the request to arrive");
  await page.evaluate(() => keep.refresh());
  gate.open();
  assert.equal(await late, 200);
  assert.equal(scene.refreshes(), 2, "the start and the call by name");
  assert.deepEqual(
    api.to("/late").map(({ token }) => token),
    scene.granted,
  );
});

behaviour("client_D29_a_401_after_logout_is_returned_as_it_is", async (scene) => {
  const { api, page, at } = scene;
  await scene.started();
  const gate = new Gate();
  api.on("/late", async () => {
    await gate.opened;
    return challenge('Bearer error="invalid_token"');
  });
  const late = page.evaluate(
    ({ api }) => keep.fetch(`${api}/late`).then(({ status }) => status),
    at,
  );
  await until(() => api.to("/late").length === 1, "the request to arrive");
  await page.evaluate(() => keep.logout());
  gate.open();
  assert.equal(await late, 401);
  assert.equal(scene.refreshes(), 1);
  assert.equal(api.to("/late").length, 1);
});

behaviour("client_D30_a_401_that_is_not_about_our_token_passes_through", async (scene) => {
  const { foreign, api, page, at } = scene;
  await scene.started();
  foreign.on("/", () => challenge('Bearer error="invalid_token"'));
  assert.equal(
    await page.evaluate(({ foreign }) => keep.fetch(foreign).then(({ status }) => status), at),
    401,
  );
  assert.deepEqual(
    foreign.calls.map(({ token, method }) => [token, method]),
    [[null, "GET"]],
  );
  await page.evaluate(() => keep.logout());
  assert.equal((await get(scene, "/anonymous")).value, 401);
  assert.equal(api.to("/anonymous").length, 1);
  assert.equal(scene.refreshes(), 1);
});

behaviour("client_D31_a_demand_for_a_stronger_login_is_told_and_not_refreshed", async (scene) => {
  const { api, at } = scene;
  await scene.started();
  api.on("/strong", () =>
    challenge(
      'Basic realm="a, b", Bearer error="insufficient_user_authentication", acr_values="urn:mfa phr", max_age=5',
    ),
  );
  assert.equal((await get(scene, "/strong")).value, 401);
  api.on("/plain", () => challenge("Bearer error=insufficient_user_authentication"));
  assert.equal((await get(scene, "/plain")).value, 401);
  assert.equal(scene.refreshes(), 1);
  assert.equal(api.calls.length, 2);
  assert.deepEqual(
    (await scene.events()).filter(({ type }) => type === "step-up"),
    [
      { type: "step-up", acrValues: ["urn:mfa", "phr"], maxAge: 5, url: `${at.api}/strong` },
      { type: "step-up", acrValues: [], maxAge: null, url: `${at.api}/plain` },
    ],
  );
});

behaviour("client_D32_insufficient_scope_and_403_cause_no_refresh", async (scene) => {
  const { api } = scene;
  await scene.started();
  api.on("/scope", () => challenge('Bearer realm="x", error="insufficient_scope", scope="write"'));
  api.on("/forbidden", () => ({
    status: 403,
    headers: { "WWW-Authenticate": 'Bearer error="insufficient_scope"' },
  }));
  assert.equal((await get(scene, "/scope")).value, 401);
  assert.equal((await get(scene, "/forbidden")).value, 403);
  assert.equal(scene.refreshes(), 1);
  assert.equal(api.calls.length, 2);
});

behaviour("client_D33_a_401_of_the_refresh_endpoint_itself_never_recurses", async (scene) => {
  const { authority, page, at } = scene;
  // The authority's own origin may receive the token here, and its refresh endpoint is called
  // through keep.fetch, too.
  await scene.started({ origins: [at.api, at.authority] });
  authority.on("/session/refresh", () => challenge('Bearer error="invalid_token"'));
  assert.equal(
    (await page.evaluate(() => stage.outcome(keep.refresh()))).error?.code,
    "refresh_rejected",
  );
  assert.equal(scene.refreshes(), 2);
  const before = scene.refreshes();
  const status = await page.evaluate(
    ({ authority }) =>
      keep.fetch(`${authority}/session/refresh`, { method: "POST" }).then((reply) => reply.status),
    at,
  );
  assert.equal(status, 401);
  assert.equal(scene.refreshes(), before + 1);
});

for (const [how, answer] of Object.entries({
  "503": { status: 503 },
  cut: { cut: true },
  html: { headers: { "Content-Type": "text/html" }, body: "<p>" },
})) {
  behaviour(
    `client_D34_the_caller_gets_the_original_401_when_the_refresh_fails_by_${how}`,
    async (scene) => {
      const { authority, api } = scene;
      await scene.started({ backoff: { base: 60_000, max: 60_000 } });
      authority.on("/session/refresh", () => answer);
      api.on("/mine", () => json({ told: "by the API" }, 401, { "WWW-Authenticate": "Bearer" }));
      const { value, text } = await get(scene, "/mine");
      assert.deepEqual([value, text], [401, '{"told":"by the API"}']);
      assert.equal(api.calls.length, 1);
      const { status, degraded } = await scene.session();
      assert.deepEqual([status, degraded], ["authenticated", true]);
    },
  );
}

behaviour("client_D34_the_caller_gets_the_original_401_when_the_session_is_over", async (scene) => {
  await scene.started();
  scene.valid.clear();
  scene.authority.on("/session/refresh", () => json({ error: "invalid_grant" }, 400));
  assert.equal((await get(scene, "/mine")).value, 401);
  assert.equal(scene.api.calls.length, 1);
  assert.deepEqual(
    [(await scene.session()).status, (await scene.session()).reason],
    ["anonymous", "rejected"],
  );
});

behaviour(
  "client_D35_a_foreign_authorization_is_left_alone_and_the_retry_carries_the_new_token",
  async (scene) => {
    const { api, at, page, granted } = scene;
    await scene.started();
    const foreign = await page.evaluate(async ({ api }) => {
      const inInit = await keep.fetch(`${api}/basic`, { headers: { Authorization: "Basic YTpi" } });
      const inRequest = await keep.fetch(
        new Request(`${api}/bearer`, { headers: { authorization: "Bearer somebody-elses" } }),
      );
      return [inInit.status, inRequest.status];
    }, at);
    assert.deepEqual(foreign, [401, 401]);
    assert.deepEqual(
      api.calls.map(({ headers }) => headers.authorization),
      ["Basic YTpi", "Bearer somebody-elses"],
    );
    assert.equal(scene.refreshes(), 1);

    // The caller's Request object does not get the header, and can be used again.
    scene.valid.clear();
    const kept = await page.evaluate(async ({ api }) => {
      const request = new Request(`${api}/again`, { headers: { "X-Mine": "1" } });
      const statuses = [(await keep.fetch(request)).status, (await keep.fetch(request)).status];
      return { statuses, authorization: request.headers.get("Authorization") };
    }, at);
    assert.deepEqual(kept, { statuses: [200, 200], authorization: null });
    assert.deepEqual(
      api.to("/again").map(({ token }) => token),
      [granted[0], granted[1], granted[1]],
    );
    assert.ok(api.to("/again").every(({ headers }) => headers["x-mine"] === "1"));
  },
);

behaviour("client_D40_other_statuses_are_untouched_and_not_retried", async (scene) => {
  const { api } = scene;
  await scene.started();
  for (const status of [204, 304, 400, 403, 404, 409, 429, 500, 502, 503]) {
    api.on(`/${status}`, () => ({ status, headers: { "Retry-After": "0" } }));
    assert.equal((await get(scene, `/${status}`)).value, status);
  }
  api.on("/moved", () => ({ status: 307, headers: { Location: "/204" } }));
  assert.equal((await get(scene, "/moved")).value, 204);
  assert.equal(api.calls.length, 12, "each once, and where the redirect led");
  assert.equal(scene.refreshes(), 1);
});

behaviour("client_D92_a_request_that_went_out_bare_is_told_by_its_origin", async (scene) => {
  const { page, api, foreign, at } = scene;
  await scene.started();
  const told = await page.evaluate(async ({ api, foreign }) => {
    const types: string[] = [];
    for (const path of ["one", "two?secret=1", "three"]) {
      const { type } = await keep.fetch(`${api}/${path}`, { mode: "no-cors" });
      types.push(type);
    }
    // A request to another origin, or one that carries the token, is not noted.
    await keep.fetch(`${foreign}/four`, { mode: "no-cors" });
    await keep.fetch(`${api}/five`);
    const told = keep.explain().filter(({ event }) => event === "no-cors");
    return { types, told, events: stage.events.map(({ type }) => type) };
  }, at);
  assert.deepEqual(told.types, ["opaque", "opaque", "opaque"]);
  assert.deepEqual(
    [...api.calls, ...foreign.calls].map(({ path, token }) => [path, token]),
    [
      ["/one", null],
      ["/two", null],
      ["/three", null],
      ["/five", scene.granted[0]],
      ["/four", null],
    ],
  );
  assert.equal(scene.refreshes(), 1);
  assert.ok(!told.events.includes("rejected-fresh-token"));
  const [{ at: when, ...entry } = { at: 0 }, ...others] = told.told;
  assert.deepEqual(entry, {
    event: "no-cors",
    from: "authenticated",
    to: "authenticated",
    generation: 1,
    note: at.api,
  });
  assert.ok(Math.abs(when - Date.now()) < 60_000);
  assert.deepEqual(others, []);
  // The note stands among the transitions by time.
  const events = await page.evaluate(async () => {
    await keep.logout();
    return keep.explain().map(({ event }) => event);
  });
  assert.ok(events.indexOf("refreshed") < events.indexOf("no-cors"), events.join());
  assert.ok(events.indexOf("no-cors") < events.indexOf("logout"), events.join());
});
