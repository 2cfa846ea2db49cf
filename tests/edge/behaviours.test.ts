// Each behaviour of behaviours.txt has a test that bears its id, no test bears an id that is not
// there, and most run inside workerd too.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { cases } from "./suite/all.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const promised = [
  ...readFileSync(`${here}behaviours.txt`, "utf8").matchAll(/^([A-M]\d+) \S/gm),
].map((match) => match[1] ?? "");

/** The ids in the names of tests that node's runner is given, and those of the suite's cases. */
function idsInNames(names: Iterable<string>): Set<string> {
  return new Set([...names].flatMap((name) => /^edge_([A-M]\d+)_/.exec(name)?.[1] ?? []));
}

const files = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
const alone = files.flatMap((name) =>
  [...readFileSync(here + name, "utf8").matchAll(/^\s*test\(\s*["`](edge_\w+)/gm)].map(
    (match) => match[1] ?? "",
  ),
);

/** What one list has and the other has not. */
const without = (some: Iterable<string>, others: Iterable<string>) =>
  [...some].filter((id) => !new Set(others).has(id));

test("the list has an id for each behaviour of the groups A to M, each once", () => {
  assert.equal(promised.length, 113);
  assert.equal(new Set(promised).size, promised.length);
  assert.deepEqual(
    promised.map((id) => Number(id.slice(1))),
    Array.from({ length: 113 }, (_, place) => place + 1),
  );
});

test("each behaviour has a test that bears its id, and each id is in the list", () => {
  const borne = idsInNames([...cases.map(({ name }) => name), ...alone]);
  assert.deepEqual(without(promised, borne), [], "without a test");
  assert.deepEqual(without(borne, promised), [], "not in the list");
});

test("all but what rests on Node itself runs inside workerd as well", () => {
  const there = idsInNames(
    cases.filter(({ where }) => where === "everywhere").map(({ name }) => name),
  );
  assert.deepEqual(without(promised, there), ["K91"]);
});
