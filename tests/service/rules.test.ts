// The rules of an entry, with no I/O: kept to the table that the browser's engine is kept to
// (src/engine/tests.rs), and one decision at a time.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  backoff,
  type Decision,
  decide,
  dueAfter,
  type Hold,
  type Kept,
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
  const error = new ServiceTokenError("token_unreachable");
  const aged = (age: number): Kept => ({
    token: "t",
    receivedAt: now - age,
    lifetime: 600_000,
    dueAfter: 540_000,
    generation: 1,
    obtainedAt: 0,
  });
  const calling = (since: number): Hold => ({ at: now - since, wait: 5_000, error: null });
  const failed = (since: number, wait: number): Hold => ({ at: now - since, wait, error });
  const rows: [string, Kept | null, Hold | null, Hold | null, Decision | "poll" | "refuse"][] = [
    ["nothing", null, null, null, "call"],
    ["young", aged(539_999), null, null, "use"],
    ["due", aged(540_000), null, null, "renew"],
    ["due, and somebody asks", aged(540_000), calling(4_999), null, "use"],
    ["due, and somebody is gone", aged(540_000), calling(5_000), null, "renew"],
    ["due, after trouble", aged(540_000), failed(999, 1_000), null, "use"],
    ["due, the trouble is over", aged(540_000), failed(1_000, 1_000), null, "renew"],
    ["expired", aged(600_000), null, null, "call"],
    ["from the future, by a clock that was set back", aged(-1), null, null, "call"],
    ["none, and somebody asks", null, calling(999), null, "poll"],
    ["none, and somebody asks for too long", null, calling(1_000), null, "call"],
    ["none, and a stamp from the future", null, calling(-1), null, "call"],
    ["none, after trouble", null, failed(0, 1), null, "refuse"],
    ["none, for good", null, failed(1e12, Infinity), null, "refuse"],
    ["none, and a trouble from the future", null, failed(-1, 10), null, "call"],
    ["none, in a pause", null, null, failed(9, 10), "refuse"],
    ["due, in a pause", aged(540_000), null, failed(9, 10), "use"],
    ["none, in a pause, and somebody asks", null, calling(1), failed(9, 10), "poll"],
    ["none, in a pause, and somebody is gone", null, calling(1_000), failed(9, 10), "refuse"],
  ];
  for (const [name, kept, hold, pause, expected] of rows)
    test(name, () => {
      const decision = decide({ kept, hold }, pause, now, () => 0);
      const isPoll = typeof decision === "number";
      assert.equal(isPoll ? "poll" : typeof decision === "object" ? "refuse" : decision, expected);
    });

  test("and spreads those who look again", () => {
    const after = (random: number) =>
      decide({ kept: null, hold: calling(1) }, null, now, () => random);
    assert.deepEqual([after(0), after(1)], [25, 50]);
  });
});
