// The verifier's suite runs inside workerd too, but for the behaviours that rest on Node itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cases } from "./suite/all.ts";

/** The ids in the names of the suite's cases. */
const idsOf = (some: typeof cases) =>
  new Set(some.flatMap(({ name }) => /^edge_([A-Z]\d+)_/.exec(name)?.[1] ?? []));

/** What can only be shown on Node: a process that ends. */
const onNodeAlone = ["K91"];

test("all but what rests on Node itself runs inside workerd as well", () => {
  const there = idsOf(cases.filter(({ where }) => where === "everywhere"));
  const missing = [...idsOf(cases)].filter((id) => !there.has(id) && !onNodeAlone.includes(id));
  assert.ok(there.size > 100, String(there.size));
  assert.deepEqual(missing, []);
});
