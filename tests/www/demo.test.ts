// The demo's controls: faults on demand, and counts of what happened.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { authorization, claimsOf, SOUTH, UNLIMITED, useStack, Visitor } from "./harness.ts";

const json = async (response: Response) => (await response.json()) as Record<string, number>;

describe("with the demo on", () => {
  const stack = useStack(UNLIMITED);
  const authorityStats = async () => json(await fetch(`${stack().authority}/demo/stats`));
  const apiStats = async () => json(await fetch(`${stack().api}/demo/stats`));
  const call = async (token: string) =>
    (await fetch(`${stack().api}/api/time`, { headers: authorization(token) })).status;
  const control = async (path: string, token?: string) =>
    (
      await fetch(stack().api + path, {
        method: "POST",
        ...(token === undefined ? {} : { headers: authorization(token) }),
      })
    ).status;

  test("the lifetime of access tokens can be changed", async () => {
    const visitor = new Visitor(stack());
    const answer = await visitor.post("/demo/settings", { body: { accessTokenSeconds: 30 } });
    assert.deepEqual(await answer.json(), {
      accessTokenSeconds: 30,
      refreshOutageSeconds: 0,
      graceSeconds: null,
      lostReplies: 0,
      rateLimits: "off",
    });
    assert.equal((await visitor.signIn()).expires_in, 30);
    assert.equal((await visitor.refresh()).expires_in, 30);
  });

  test("settings out of range or from a foreign origin change nothing", async () => {
    const visitor = new Visitor(stack());
    const before = (await visitor.signIn()).expires_in;
    for (const body of [
      { accessTokenSeconds: 0 },
      { accessTokenSeconds: "9" },
      { refreshOutageSeconds: 1e9 },
      { graceSeconds: -1 },
      { lostReplies: 1.5 },
      { rateLimits: true },
      { unknown: 1 },
      [],
      "x",
    ]) {
      assert.equal(
        (await visitor.post("/demo/settings", { body })).status,
        400,
        JSON.stringify(body),
      );
    }
    const foreign = { Origin: "https://evil.example" };
    assert.equal(
      (await visitor.post("/demo/settings", { body: { accessTokenSeconds: 7 }, headers: foreign }))
        .status,
      403,
    );
    assert.equal((await visitor.refresh()).expires_in, before);
  });

  test("an outage answers a readable 503, uses up no cookie, and ends by itself", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    await visitor.post("/demo/settings", { body: { refreshOutageSeconds: 6 } });
    const response = await visitor.post("/session/refresh");
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), stack().app);
    assert.equal(response.headers.get("Access-Control-Allow-Credentials"), "true");
    await sleep(6100);
    assert.equal(await visitor.tryRefresh(), 200);
  });

  test("the authority counts sign-ins, refreshes, most at once, and reuse alarms", async () => {
    const before = await authorityStats();
    const visitor = new Visitor(stack());
    await visitor.signIn();
    await visitor.post("/session/sign-in", { body: { username: "alice", password: "wrong" } });
    const { cookie } = visitor;
    await Promise.all(Array.from({ length: 10 }, () => new Visitor(stack(), cookie).tryRefresh()));
    const after = await authorityStats();
    const grown = (name: string) => Number(after[name]) - Number(before[name]);
    assert.equal(grown("signIns"), 1);
    assert.equal(grown("refreshCalls"), 10);
    assert.equal(grown("refreshSuccesses"), 10);
    assert.equal(grown("graceReplays"), 9);
    assert.equal(grown("reuseAlarms"), 0);
    assert.ok(
      Number(after.mostRefreshCallsInFlight) >= 2 && Number(after.mostRefreshCallsInFlight) <= 10,
    );
  });

  test("replies can be lost after the rotation: the next try gets what was lost", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const { cookie } = visitor;
    await visitor.post("/demo/settings", { body: { lostReplies: 1 } });
    const before = await authorityStats();
    const lost = await visitor.post("/session/refresh");
    assert.equal(lost.status, 503);
    assert.deepEqual(lost.headers.getSetCookie(), []);
    assert.equal(await visitor.tryRefresh(), 200);
    assert.notEqual(visitor.cookie, cookie);
    assert.equal(Number((await authorityStats()).graceReplays) - Number(before.graceReplays), 1);
  });

  test("a used token replayed: harmless within the window, an alarm beyond it", async () => {
    for (const base of ["", SOUTH]) {
      const visitor = new Visitor(stack(), null, base);
      const { sid } = claimsOf(await visitor.signIn());
      const replay = async () =>
        (await visitor.post("/demo/replay", { body: { session: sid } })).json();
      await visitor.refresh();
      assert.deepEqual(await replay(), { status: 200 });
      await new Visitor(stack()).post("/demo/settings", { body: { graceSeconds: 0 } });
      const { reuseAlarms } = await authorityStats();
      assert.deepEqual(await replay(), { status: 401, error: "invalid_grant" });
      assert.equal(Number((await authorityStats()).reuseAlarms), Number(reuseAlarms) + 1);
      assert.equal(await visitor.tryRefresh(), 401);
      await new Visitor(stack()).post("/demo/settings", { body: { graceSeconds: 20 } });
    }
  });

  test("the API refuses the token it is told to, no other, until told to accept all", async () => {
    const { access_token: one } = await new Visitor(stack()).signIn();
    const { access_token: other } = await new Visitor(stack()).signIn();
    assert.equal(await control("/demo/refuse", one), 204);
    assert.deepEqual([await call(one), await call(other)], [401, 200]);
    assert.equal(await control("/demo/refuse-all"), 204);
    assert.deepEqual([await call(one), await call(other)], [401, 401]);
    assert.equal(await control("/demo/accept-all"), 204);
    assert.deepEqual([await call(one), await call(other)], [200, 200]);
    assert.equal(
      await control("/demo/refuse", "no.good.token"),
      401,
      "only good tokens can be named",
    );
  });

  test("the API's switches are not for pages of other origins, with any token", async () => {
    const { access_token: token } = await new Visitor(stack()).signIn();
    const { access_token: south } = await new Visitor(stack(), null, SOUTH).signIn();
    const foreign = [
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: `${stack().app}.evil.example` },
      { Origin: stack().authority },
      { Origin: stack().app, "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "cross-site" },
    ];
    for (const base of ["", SOUTH]) {
      for (const name of ["refuse", "revoke", "refuse-all", "accept-all"]) {
        for (const headers of foreign) {
          const answer = await fetch(`${stack().api}${base}/demo/${name}`, {
            method: "POST",
            headers: { ...authorization(base === "" ? token : south), ...headers },
          });
          assert.equal(answer.status, 403, `${name} ${JSON.stringify(headers)}`);
          assert.deepEqual(await answer.json(), { error: "origin_not_allowed" });
        }
      }
    }
    assert.equal(await call(token), 200, "nothing was switched");
    const own = await fetch(`${stack().api}/demo/accept-all`, {
      method: "POST",
      headers: { Origin: stack().app, "Sec-Fetch-Site": "same-site" },
    });
    assert.equal(own.status, 204);
  });

  test("the API counts calls by their outcome, and no preflights", async () => {
    const { access_token: token } = await new Visitor(stack()).signIn();
    const before = await apiStats();
    await call(token);
    await call("no.good.token");
    await control("/demo/refuse", token);
    await call(token);
    await fetch(`${stack().api}/api/time`, {
      method: "OPTIONS",
      headers: { Origin: stack().app, "Access-Control-Request-Method": "GET" },
    });
    const after = await apiStats();
    const grown = ["total", "ok", "refused"].map(
      (name) => Number(after[name]) - Number(before[name]),
    );
    assert.deepEqual(grown, [3, 1, 2]);
  });
});

describe("with the demo off", () => {
  const stack = useStack({ demo: false });

  test("there are no controls and no accounts", async () => {
    assert.equal((await fetch(`${stack().authority}/demo/stats`)).status, 404);
    assert.equal((await fetch(`${stack().api}/demo/stats`)).status, 404);
    assert.equal((await new Visitor(stack()).post("/demo/settings", { body: {} })).status, 404);
    await assert.rejects(new Visitor(stack()).signIn(), /401/);
  });
});
