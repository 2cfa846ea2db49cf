// The rules of an entry, with no I/O: held to the table that the browser's engine is held to
// (src/engine/tests.rs), and one decision at a time.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  backoff,
  type Decision,
  decide,
  dueAfter,
  type Entry,
  lifetimeOf,
} from "../../js/service/entry.ts";
import { ServiceTokenError } from "../../js/service/error.ts";
import { play, STOCK } from "./kit.ts";

const cases = JSON.parse(
  readFileSync(new URL("../shared/renewal-cases.json", import.meta.url), "utf8"),
) as {
  lifetimes: { told: string; read: number | null; seconds: number }[];
  due: { lifetime: number; leeway: number; jitter: number; drawn: number; due: number }[];
  backoff: { failures: number; longest: number }[];
  answers: { status: number; type: string; body: string; is: string }[];
};

describe("service_U6_lifetimes_are_those_of_the_shared_table", () => {
  for (const { told, read, seconds } of cases.lifetimes)
    test(`${told}, ${read}`, () => {
      assert.equal(lifetimeOf(JSON.parse(told), read), seconds * 1000);
    });
});

describe("service_U3_a_token_is_due_as_the_shared_table_says", () => {
  for (const { lifetime, leeway, jitter, drawn, due } of cases.due)
    test(`${lifetime}, ${leeway}, ${jitter}, ${drawn}`, () => {
      const most = Math.min(jitter, lifetime / 10);
      const random = () => (most === 0 ? 0 : drawn / most);
      assert.equal(dueAfter(lifetime, { leeway, jitter }, random), due);
    });
});

describe("service_U8_waits_are_those_of_the_shared_table", () => {
  for (const { failures, longest } of cases.backoff)
    test(`${failures}`, () => assert.equal(backoff(failures), longest));
});

describe("service_U10_answers_are_what_the_shared_table_says", () => {
  for (const { status, type, body, is } of cases.answers)
    test(`${status} ${type} ${body}`, async () => {
      const headers = { "Content-Type": type };
      const scene = play({ grant: () => new Response(body, { status, headers }) });
      const end = await scene.tokens.withToken(STOCK, String).then(
        () => "token",
        (error: unknown) => {
          assert.ok(error instanceof ServiceTokenError);
          return error.retryable ? "transient" : "terminal";
        },
      );
      assert.equal(end, is);
    });
});

describe("service_U308_an_entry_decides_by_ages", () => {
  const now = 1_000_000;
  const entry = (members: Partial<Entry> = {}): Entry => ({
    endpoint: { pause: null },
    held: null,
    attempt: 0,
    attemptAt: 0,
    attempting: false,
    failure: null,
    troubles: 0,
    timeout: 5_000,
    ...members,
  });
  const aged = (age: number): Partial<Entry> => ({
    held: {
      token: "t",
      receivedAt: now - age,
      lifetime: 600_000,
      dueAfter: 540_000,
      generation: 1,
      obtainedAt: 0,
    },
  });
  const calling = (since: number) => ({ attempting: true, attemptAt: now - since });
  const failed = (since: number, wait: number) =>
    ({ code: "token_unreachable", details: {}, at: now - since, wait }) as const;
  const rows: [string, Entry, Decision["act"]][] = [
    ["nothing", entry(), "call"],
    ["young", entry(aged(539_999)), "use"],
    ["due", entry(aged(540_000)), "use-and-renew"],
    ["due, and somebody asks", entry({ ...aged(540_000), ...calling(4_999) }), "use"],
    ["due, and somebody is gone", entry({ ...aged(540_000), ...calling(5_000) }), "use-and-renew"],
    ["due, after trouble", entry({ ...aged(540_000), failure: failed(999, 1_000) }), "use"],
    [
      "due, the trouble is over",
      entry({ ...aged(540_000), failure: failed(1_000, 1_000) }),
      "use-and-renew",
    ],
    ["expired", entry(aged(600_000)), "call"],
    ["from the future, by a clock that was set back", entry(aged(-1)), "call"],
    ["none, and somebody asks", entry(calling(999)), "poll"],
    ["none, and somebody asks for too long", entry(calling(1_000)), "call"],
    ["none, and a stamp from the future", entry(calling(-1)), "call"],
    ["none, after trouble", entry({ failure: failed(0, 1) }), "refuse"],
    ["none, for good", entry({ failure: failed(1e12, Infinity) }), "refuse"],
    ["none, and a trouble from the future", entry({ failure: failed(-1, 10) }), "call"],
    ["none, in a pause", entry({ endpoint: { pause: failed(9, 10) } }), "refuse"],
    ["due, in a pause", entry({ ...aged(540_000), endpoint: { pause: failed(9, 10) } }), "use"],
    [
      "none, in a pause, and somebody asks",
      entry({ ...calling(1), endpoint: { pause: failed(9, 10) } }),
      "poll",
    ],
  ];
  for (const [name, given, act] of rows)
    test(name, () => {
      const before = structuredClone(given);
      assert.equal(decide(given, now, () => 0).act, act);
      assert.deepEqual(given, before, "it changes nothing");
    });

  test("and spreads those who look again", () => {
    const after = (random: number) => {
      const decision = decide(entry(calling(1)), now, () => random);
      return decision.act === "poll" ? decision.after : assert.fail();
    };
    assert.deepEqual([after(0), after(1)], [25, 50]);
  });
});
