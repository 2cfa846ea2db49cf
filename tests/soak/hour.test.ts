// An hour of the long run, and 20 000 of its requests. `npm run soak` has the day and the million.

import assert from "node:assert/strict";
import { test } from "node:test";
import { liveADay } from "./day.ts";
import { assertLevel } from "./memory.ts";
import { guardedRequests } from "./million.ts";

test("soak_an_hour_in_a_shared_worker_leaves_no_token_after_the_logout", async () => {
  const { calls, refreshes } = await liveADay("shared", 1);
  assert.equal(calls, 120);
  assert.ok(refreshes >= 4);
});

test("soak_each_of_20_000_guarded_requests_has_its_answer", async () => {
  const { counts, fetches } = await guardedRequests(20_000);
  assert.equal(
    Object.values(counts).reduce((sum, count) => sum + count, 0),
    20_000,
  );
  assert.ok((counts["good: 200"] ?? 0) > 17_000 && (counts["revoked: 401"] ?? 0) > 100);
  assert.ok(fetches >= 4);
});

test("soak_memory_that_grows_is_found", () => {
  const level = [1, 5, 8, 9, 9, 9, 9, 9].map((bytes) => bytes * 1e6);
  assert.match(assertLevel("level", level, 0), /^level: 8.58 MB in .+, 8.58 MB in the last$/);
  const growing = level.map((bytes, place) => bytes + place * 5e5);
  assert.throws(() => assertLevel("growing", growing, 0), /^AssertionError.*: growing: /);
});
