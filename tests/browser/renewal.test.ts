// Renewals: before the token expires though nobody does anything, through an outage, and never with
// a used cookie.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Request } from "playwright-core";
import { type Demo, sentTo, startDemo, type Visitor } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());
afterEach(() => demo.peace());

const refreshesOf = (visitor: Visitor): Request[] =>
  sentTo(visitor.requests, `${demo.authority}/session/refresh`, "POST");

test("a token that would expire while the page is idle is renewed before, time after time", async () => {
  const lifetime = 8;
  await demo.settings({ accessTokenSeconds: lifetime });
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.expectSession({ generation: 4 });

  const tokens = visitor.tokens;
  const renewals = refreshesOf(visitor).slice(1);
  assert.ok(renewals.length >= 3);
  renewals.slice(0, 3).forEach((renewal, n) => {
    const { exp } = JSON.parse(
      Buffer.from(tokens[n]?.split(".")[1] ?? "", "base64url").toString(),
    ) as { exp: number };
    // exp counts whole seconds and may lie up to one second before the end of the lifetime that was
    // promised.
    const early = exp * 1000 - renewal.timing().startTime;
    assert.ok(early > 0, `renewal ${n + 1} was sent ${-early} ms after the token's end`);
    assert.ok(
      early < lifetime * 1000 - 500,
      `renewal ${n + 1} was sent ${early} ms before the token's end: a tight loop`,
    );
  });
  assert.equal(
    sentTo(visitor.requests, `${demo.api}/api/time`).length,
    0,
    "nobody called anything",
  );
  await visitor.leave();
});

test("the page counts down to the renewal and starts again after it", async () => {
  await demo.settings({ accessTokenSeconds: 12 });
  const visitor = await demo.visit();
  // All that the countdown has read, in order, until it reads a fresh token's time after the
  // renewal.
  const reading = visitor.page.evaluate(async () => {
    const countdown = document.getElementById("countdown");
    const session = document.getElementById("session");
    const seen: { seconds: number; generation: number }[] = [];
    const read = () => ({
      seconds: Number(/^0:(\d\d)$/.exec(countdown?.textContent ?? "")?.[1]),
      generation: Number(session?.dataset.generation),
    });
    while (seen.at(-1)?.generation !== 2) {
      const now = read();
      if (seen.at(-1)?.seconds !== now.seconds) seen.push(now);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return seen;
  });
  await visitor.signIn();
  const readings = await reading;
  const first = readings.filter(({ generation }) => generation === 1).map(({ seconds }) => seconds);
  const [start = NaN] = first;
  assert.ok(start >= 3 && start <= 6, `half of a life of 12 s, but it starts at ${start}`);
  assert.deepEqual(
    first,
    first.toSorted((a, b) => b - a),
    "it only counts down",
  );
  assert.ok(Math.min(...first) <= start - 2, `it went no lower than ${Math.min(...first)}`);
  assert.ok((readings.at(-1)?.seconds ?? NaN) >= 4, "it starts again after the renewal");
  await visitor.leave();
});

test("an outage of refreshes shows as degraded, calls go on, and it ends by itself", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.press("Break it");
  await visitor.expectSession({ status: "authenticated", degraded: true });
  await visitor.page.getByText("The last renewal failed.").waitFor();
  await visitor.page.getByText("The refresh endpoint answered 503.").first().waitFor();

  await visitor.press("Ask for the time");
  await visitor.page.getByRole("status").filter({ hasText: "200 GET /api/time" }).waitFor();

  await demo.settings({ refreshOutageSeconds: 0 });
  await visitor.expectSession({ status: "authenticated", degraded: false, generation: 2 });
  assert.equal(await visitor.page.locator("#degraded").isVisible(), false);
  await visitor.leave();
});

test("a page that opens in an outage is undecided, and signed in at its end", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await demo.settings({ refreshOutageSeconds: 600 });
  await visitor.page.reload();
  await visitor.expectSession({ status: "unknown", degraded: true });
  await visitor.page.getByText("The authority can’t be asked.").waitFor();
  await demo.settings({ refreshOutageSeconds: 0 });
  await visitor.expectSession({ status: "authenticated", degraded: false });
  await visitor.leave();
});

test("a used cookie that returns after the grace window ends its session", async () => {
  await demo.settings({ graceSeconds: 0 });
  const visitor = await demo.visit();
  await visitor.signIn();
  const [stolen] = await visitor.context.cookies();
  assert.ok(stolen);
  await visitor.press("Renew now");
  await visitor.expectSession({ generation: 2 });
  const { reuseAlarms } = await demo.counts();

  const replay = await fetch(`${demo.authority}/session/refresh`, {
    method: "POST",
    headers: { Cookie: `${stolen.name}=${stolen.value}`, "X-Requested-With": "XMLHttpRequest" },
  });
  assert.equal(replay.status, 401);
  assert.deepEqual(await replay.json(), { error: "invalid_grant" });
  assert.equal((await demo.counts()).reuseAlarms, reuseAlarms + 1);

  await visitor.press("Renew now");
  await visitor.expectSession({ status: "anonymous" });
  await visitor.page
    .getByText("The authority ended the session. Please sign in again.")
    .first()
    .waitFor();
  await visitor.leave();
});

test("shorter lifetimes asked for on the page take effect at once", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await visitor.page.getByText("15 min", { exact: true }).waitFor();
  await visitor.press("30 seconds");
  await visitor.expectSession({ generation: 2 });
  await visitor.page.getByText("30 s", { exact: true }).waitFor();
  await visitor.leave();
});
