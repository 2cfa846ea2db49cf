// The grace window: what a used refresh token still gives, for how long, and when it raises the
// alarm.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setCookie, UNLIMITED, useStack, Visitor } from "./harness.ts";

describe("within the grace window", () => {
  const stack = useStack(UNLIMITED);

  test("a lost reply costs nothing: the used token gets the same successor again", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const used = visitor.cookie;
    const lost = setCookie(await new Visitor(stack(), used).post("/session/refresh"));
    const again = setCookie(await visitor.post("/session/refresh"));
    assert.notEqual(lost?.value, used);
    assert.equal(again?.value, lost?.value);
    assert.equal(await visitor.tryRefresh(), 200);
  });

  test("50 parallel refreshes of one token, 100 times over: one successor each time, no false alarm", async (t) => {
    const elsewhere = new Visitor(stack());
    await elsewhere.signIn();
    const start = performance.now();
    const visitor = new Visitor(stack());
    await visitor.signIn();
    for (let round = 0; round < 100; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, async () => {
          // Connections are kept here: they are never idle, and 5000 new ones would take most of
          // the time.
          const response = await new Visitor(stack(), visitor.cookie).post("/session/refresh", {
            headers: { Connection: "keep-alive" },
          });
          await response.arrayBuffer();
          return `${response.status} ${setCookie(response)?.value}`;
        }),
      );
      const [first = "", ...others] = new Set(answers);
      assert.deepEqual(others, [], `round ${round}: two successors, or a refusal`);
      assert.match(first, /^200 /);
      visitor.cookie = first.slice("200 ".length);
    }
    t.diagnostic(`5000 refreshes in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    assert.equal(await visitor.tryRefresh(), 200);
    assert.equal(await elsewhere.tryRefresh(), 200, "no session of the user has ended");
    const stats = (await (await fetch(`${stack().authority}/demo/stats`)).json()) as {
      reuseAlarms: number;
    };
    assert.equal(stats.reuseAlarms, 0);
  });

  test("a used token whose successor was used too gives no token and raises no alarm", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const straggler = new Visitor(stack(), visitor.cookie);
    await visitor.refresh();
    await visitor.refresh();
    const late = await straggler.post("/session/refresh");
    assert.equal(late.status, 503);
    assert.equal(late.headers.get("Retry-After"), "1");
    assert.deepEqual(late.headers.getSetCookie(), []);
    assert.deepEqual(await late.json(), { error: "temporarily_unavailable" });
    assert.equal(await visitor.tryRefresh(), 200, "the session goes on");
  });
});

describe("beyond a grace window of two seconds", () => {
  const stack = useStack({ bindings: { authority: { GRACE_SECONDS: "2", RATE_LIMITS: "off" } } });

  test("a used token is refused and ends all of the user's sessions, once: somebody has a copy", async () => {
    const elsewhere = new Visitor(stack());
    await elsewhere.signIn();
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const copy = visitor.cookie;
    await visitor.refresh();
    await sleep(2100);
    const refusals = await Promise.all(
      Array.from({ length: 10 }, () => new Visitor(stack(), copy).post("/session/refresh")),
    );
    for (const refusal of refusals) {
      assert.equal(refusal.status, 401);
      assert.deepEqual(await refusal.json(), { error: "invalid_grant" });
      assert.deepEqual(
        refusal.headers.getSetCookie(),
        [],
        "a late refusal must not delete a newer cookie",
      );
    }
    assert.equal(await visitor.tryRefresh(), 401, "the newest token of the family is dead");
    assert.equal(await elsewhere.tryRefresh(), 401, "so are the user's other sessions");
    const stats = (await (await fetch(`${stack().authority}/demo/stats`)).json()) as {
      reuseAlarms: number;
    };
    assert.equal(stats.reuseAlarms, 1);
    assert.equal((await visitor.signIn()).token_type, "Bearer");
  });

  test("the alarm is raised by any call of the session, not by a refresh alone", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const copy = new Visitor(stack(), visitor.cookie);
    await visitor.refresh();
    await sleep(2100);
    assert.equal((await copy.post("/session/list", { body: {} })).status, 401);
    assert.equal(await visitor.tryRefresh(), 401);
  });

  test("the window is counted from the first use: using it doesn't extend it", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const copy = visitor.cookie;
    await visitor.refresh();
    const statuses = new Set<number>();
    for (let turn = 0; turn < 9; turn += 1) {
      statuses.add(await new Visitor(stack(), copy).tryRefresh());
      await sleep(300);
    }
    assert.deepEqual([...statuses], [200, 401]);
  });
});

describe("with a grace window of no length", () => {
  const stack = useStack({ bindings: { authority: { GRACE_SECONDS: "0", RATE_LIMITS: "off" } } });

  test("one of 20 parallel uses gets through", async () => {
    // An authority that looks first and marks afterwards passes two rounds of three, since workerd
    // often serves calls whole. Eight rounds find it.
    for (let round = 0; round < 8; round += 1) {
      const visitor = new Visitor(stack());
      await visitor.signIn();
      const statuses = await Promise.all(
        Array.from({ length: 20 }, () => new Visitor(stack(), visitor.cookie).tryRefresh()),
      );
      assert.deepEqual(statuses.toSorted(), [200, ...Array(19).fill(401)]);
    }
  });
});
