// Limits and detection: guessing is slowed, renewing in a loop is stopped, and the operator is
// told.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Stack, startStack } from "../../www/stack.mjs";
import { ALICE, BOB, claimsOf, FREE_PORTS, SOUTH, useStack, Visitor } from "./harness.ts";
import { Operator } from "./operator.ts";

/** A sign-in from a device of some address. */
function attempt(
  stack: Stack,
  credentials: object,
  address: string,
  device = "test",
): Promise<Response> {
  return new Visitor(stack).post("/session/sign-in", {
    body: credentials,
    headers: { "CF-Connecting-IP": address, "User-Agent": device },
  });
}

describe("sign-in", () => {
  const stack = useStack({}, "usual");
  const statuses = async (tries: Promise<Response>[]) =>
    (await Promise.all(tries)).map(({ status }) => status).toSorted();

  test("gives five wrong tries a minute for an account from an address, also at once", async () => {
    const wrong = { ...ALICE, password: "wrong" };
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => attempt(stack(), wrong, "192.0.2.1")),
    );
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [
      ...Array(5).fill(401),
      ...Array(7).fill(429),
    ]);
    const refused = answers.find(({ status }) => status === 429);
    assert.deepEqual(await refused?.json(), { error: "rate_limited" });
    const wait = Number(refused?.headers.get("Retry-After"));
    assert.ok(wait >= 1 && wait <= 60, String(wait));
    assert.equal(refused?.headers.get("Cache-Control"), "no-store");
    assert.equal(
      (await attempt(stack(), ALICE, "192.0.2.1")).status,
      429,
      "the right password too: no oracle",
    );
    assert.equal(
      (await attempt(stack(), { ...ALICE, username: "ALICE" }, "192.0.2.1")).status,
      429,
      "in any spelling",
    );
  });

  test("lets the owner in from another address, and other accounts from the same", async () => {
    assert.equal((await attempt(stack(), ALICE, "192.0.2.2")).status, 200);
    assert.equal((await attempt(stack(), BOB, "192.0.2.1")).status, 200);
  });

  test("treats an account that doesn't exist like one that does", async () => {
    const nobody = { username: "mallory", password: "wrong" };
    assert.deepEqual(
      await statuses(Array.from({ length: 7 }, () => attempt(stack(), nobody, "192.0.2.3"))),
      [401, 401, 401, 401, 401, 429, 429],
    );
  });

  test("gives a device 20 wrong tries a minute, whatever accounts it names", async () => {
    const sprayed: number[] = [];
    // A few at a time: hashing blocks the Worker, and workerd gives up connections that it could
    // not read for 15 seconds.
    for (let turn = 0; turn < 5; turn += 1) {
      const accounts = [0, 1, 2, 3, 4].map((n) => ({
        username: `user${5 * turn + n}`,
        password: "wrong",
      }));
      sprayed.push(
        ...(await statuses(
          accounts.map((credentials) => attempt(stack(), credentials, "192.0.2.4", "sprayer")),
        )),
      );
    }
    assert.deepEqual(sprayed, [...Array(20).fill(401), ...Array(5).fill(429)]);
    assert.equal((await attempt(stack(), BOB, "192.0.2.4", "another device")).status, 200);
  });

  test("doesn't count the tries that succeed", async () => {
    for (let turn = 0; turn < 8; turn += 1)
      assert.equal((await attempt(stack(), BOB, "192.0.2.5")).status, 200);
  });
});

describe("sign-in from many addresses", () => {
  const stack = useStack();
  const wrong = { ...ALICE, password: "wrong" };

  /** The statuses of tries from these addresses, a device each. */
  async function guess(addresses: readonly string[], credentials: object = wrong) {
    const statuses: number[] = [];
    // A few at a time, as above.
    for (let from = 0; from < addresses.length; from += 5) {
      const tries = addresses
        .slice(from, from + 5)
        .map((address, n) => attempt(stack(), credentials, address, `device ${from + n}`));
      statuses.push(...(await Promise.all(tries)).map(({ status }) => status));
    }
    return statuses;
  }
  const times = (count: number, status: number) => Array<number>(count).fill(status);

  test("a network of IPv6 is one address, however it is written", async () => {
    const addresses = Array.from({ length: 40 }, (_, n) => `2001:db8:0:1::${n.toString(16)}`);
    assert.deepEqual((await guess(addresses)).toSorted(), [...times(5, 401), ...times(35, 429)]);
    for (const form of ["2001:db8:0:1:ffff::1", "2001:0DB8:0:0001::", "2001:db8:0:1::1%eth0"])
      assert.deepEqual(await guess([form], ALICE), [429], form);
    assert.deepEqual(await guess(["2001:db8:0:2::1"], ALICE), [200]);
  });

  test("an IPv4 address inside of IPv6 is that address", async () => {
    const forms = [
      "192.0.2.20",
      "::ffff:192.0.2.20",
      "::FFFF:c000:214",
      "0:0:0:0:0:ffff:c000:0214",
    ];
    assert.deepEqual((await guess([...forms, ...forms])).toSorted(), [
      ...times(5, 401),
      ...times(3, 429),
    ]);
    assert.deepEqual(await guess(["::ffff:192.0.2.21"], ALICE), [200]);
  });

  test("what is no address shares one count: a forged header gives no fresh one", async () => {
    const forged = ["", "x", "1.2.3", "3221225985", "192.0.2.1:80", "::g", "[::1]", "evil.example"];
    assert.deepEqual((await guess(forged)).toSorted(), [...times(5, 401), ...times(3, 429)]);
  });

  test("an address that goes on guessing does not use up the limit of the account", async () => {
    const bob = { ...BOB, password: "wrong" };
    await guess(Array<string>(150).fill("192.0.2.30"), bob);
    assert.deepEqual(await guess(["192.0.2.31"], BOB), [200]);
  });

  test("an account has a limit whatever the address; who is signed in stays", async () => {
    const signedIn = new Visitor(stack(), null, SOUTH);
    await signedIn.signIn(BOB);
    const from = (address: string) => (credentials: object) =>
      new Visitor(stack(), null, SOUTH).post("/session/sign-in", {
        body: credentials,
        headers: { "CF-Connecting-IP": address, "User-Agent": address },
      });
    const answers: number[] = [];
    for (let network = 0; network < 22; network += 1) {
      const guessing = from(`2001:db8:1:${network}::1`);
      const tries = Array.from({ length: 5 }, () => guessing({ ...BOB, password: "wrong" }));
      answers.push(...(await Promise.all(tries)).map(({ status }) => status));
    }
    assert.deepEqual(answers, [...times(100, 401), ...times(10, 429)]);
    const refused = await from("192.0.2.40")(BOB);
    assert.equal(refused.status, 429, "even the right password, from an address of its own");
    const wait = Number(refused.headers.get("Retry-After"));
    assert.ok(wait >= 1 && wait <= 600, String(wait));
    assert.equal((await from("192.0.2.40")(ALICE)).status, 200, "another account is free");
    assert.deepEqual(
      await guess(["192.0.2.40"], BOB),
      [200],
      "so is another tenant's of that name",
    );
    assert.equal(await signedIn.tryRefresh(), 200);
  });
});

describe("refresh", () => {
  const stack = useStack();

  test("gives a session ten renewals a minute, then 429 and when to come back", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const other = new Visitor(stack());
    await other.signIn();
    for (let turn = 0; turn < 10; turn += 1) assert.equal(await visitor.tryRefresh(), 200);
    const { cookie } = visitor;
    const refused = await visitor.post("/session/refresh");
    assert.equal(refused.status, 429);
    const wait = Number(refused.headers.get("Retry-After"));
    assert.ok(wait >= 1 && wait <= 60, String(wait));
    assert.equal(
      refused.headers.get("Access-Control-Expose-Headers")?.includes("Retry-After"),
      true,
    );
    assert.equal(visitor.cookie, cookie);
    assert.equal(await other.tryRefresh(), 200, "another session is as free as before");
  });
});

describe("what was noticed", () => {
  const alerts: Record<string, unknown>[] = [];
  const hook = createServer((request, response) => {
    void json(request).then((alert) => {
      alerts.push(alert as Record<string, unknown>);
      response.end();
    });
  });
  let stack: Stack;
  before(async () => {
    await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", () => resolve()));
    const ALERT_WEBHOOK = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
    stack = await startStack({
      ports: FREE_PORTS,
      bindings: { authority: { ALERT_WEBHOOK, GRACE_SECONDS: "1" } },
    });
  });
  after(async () => {
    await stack.close();
    hook.close();
  });

  async function heard(event: string): Promise<Record<string, unknown>> {
    for (let turn = 0; turn < 1200; turn += 1) {
      const alert = alerts.find((candidate) => candidate.event === event);
      if (alert !== undefined) return alert;
      await sleep(50);
    }
    assert.fail(`the hook never heard of ${event}`);
  }

  test("failures, rapid renewals and reuse are each recorded and told to the hook", async () => {
    const guess = { username: "bob", password: "a secret typed by somebody" };
    await Promise.all(Array.from({ length: 9 }, () => attempt(stack, guess, "192.0.2.9")));
    const loop = new Visitor(stack);
    const { sub, sid } = claimsOf(await loop.signIn(BOB));
    const copy = loop.cookie;
    for (let turn = 0; turn < 13; turn += 1) await loop.tryRefresh();
    await sleep(1100);
    assert.equal(await new Visitor(stack, copy).tryRefresh(), 401);
    assert.equal(await new Visitor(stack, copy).tryRefresh(), 401);

    assert.equal((await heard("sign_in.limited")).severity, "medium");
    assert.equal((await heard("refresh.rapid")).session, sid);
    const alarm = await heard("refresh.reused");
    assert.deepEqual(
      [alarm.severity, alarm.user, alarm.session, alarm.tenant],
      ["high", sub, sid, "main"],
    );
    assert.equal(alerts.length, 3, "low severity stays in the log");

    const operator = await Operator.of(stack);
    const records = await operator.audit();
    const count = (event: string) => records.filter((record) => record.event === event).length;
    assert.deepEqual(["sign_in.limited", "refresh.rapid", "refresh.reused"].map(count), [1, 1, 1]);
    assert.equal(count("sign_in.failed"), 5);
    assert.ok(
      records.every((record, n) => n === 0 || record.id < Number(records[n - 1]?.id)),
      "newest first",
    );
    const everything = JSON.stringify([records, alerts]);
    for (const secret of [guess.password, BOB.password, copy ?? "", loop.cookie ?? ""])
      assert.ok(!everything.includes(secret));
    const stats = (await (await fetch(`${stack.authority}/demo/stats`)).json()) as Record<
      string,
      number
    >;
    assert.equal(stats.alerts, 3);
  });

  test("the log is read page by page, and by its own tenant only", async () => {
    const operator = await Operator.of(stack);
    const all = await operator.audit("?limit=200");
    const page = await operator.audit(`?limit=2&before=${all[1]?.id}`);
    assert.deepEqual(
      page.map(({ id }) => id),
      all.slice(2, 4).map(({ id }) => id),
    );
    for (const query of ["?limit=0", "?limit=201", "?limit=x", "?before=-1"]) {
      assert.equal((await operator.call(`audit${query}`)).status, 400, query);
    }
    const southern = await (await Operator.of(stack, "/tenants/south")).audit();
    assert.deepEqual(
      southern.map(({ event }) => event),
      ["sign_in"],
    );
  });

  test("an operator ends a user's sessions, and the user can't renew", async () => {
    const visitor = new Visitor(stack);
    const { sub } = claimsOf(await visitor.signIn(BOB));
    const operator = await Operator.of(stack);
    assert.equal((await operator.call("revoke-user", { user: sub })).status, 204);
    assert.equal(await visitor.tryRefresh(), 401);
    assert.equal((await operator.call("revoke-user", { user: "" })).status, 400);
    const another = new Visitor(stack);
    await another.signIn(BOB);
    await (await Operator.of(stack, "/tenants/south")).call("revoke-user", { user: sub });
    assert.equal(await another.tryRefresh(), 200, "an operator of another tenant can't");
    const [record] = (await operator.audit()).filter(({ event }) => event === "user.revoked");
    assert.equal(record?.user, sub);
  });

  test("what an operator types as a user is an id of the tenant, or is nowhere", async () => {
    const operator = await Operator.of(stack);
    const { sub: southern } = claimsOf(await new Visitor(stack, null, SOUTH).signIn(BOB));
    const before = await operator.audit();
    const nobody = "00000000-0000-4000-8000-000000000000";
    for (const user of ["a secret typed by somebody", "bob", nobody, southern]) {
      const answer = await operator.call("revoke-user", { user });
      assert.equal(answer.status, 404, String(user));
      assert.deepEqual(await answer.json(), { error: "not_found" });
    }
    assert.deepEqual(await operator.audit(), before);
  });

  test("a hook that can't be reached costs nobody anything", async () => {
    await new Promise((resolve) => {
      hook.close(resolve);
      hook.closeAllConnections();
    });
    const wrong = { ...ALICE, password: "wrong" };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => attempt(stack, wrong, "192.0.2.10")),
    );
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted(),
      [401, 401, 401, 401, 401, 429],
    );
  });
});
