// Each behaviour of docs/behaviours.md has a test that bears its id, and no test bears another id.
// `edge_P…` is no behaviour: those tests are about how the verifier lives in its process.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { behaviours } from "./behaviours.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The sources in a folder that can hold a test: generated and installed files are none. */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(rs|ts|mjs)$/.test(name) && !/node_modules|[/\\]tooling[/\\]/.test(name))
    .map((name) => readFileSync(join(root, folder, name), "utf8"));
}

const borne = new Set(
  [...sources("tests"), ...sources("src")].flatMap((source) =>
    [...source.matchAll(/\b(?:(?:client|mediator|service)_[A-Z]|edge_[A-OQ-Z])\d+(?=_)/g)].map(
      ([id]) => id,
    ),
  ),
);
const listed = behaviours.map(({ half, id }) => `${half}_${id}`);

test("no number is given twice in a half", () => {
  for (const half of ["client", "edge"]) {
    // The groups from P on count for themselves.
    const numbers = behaviours
      .filter((one) => one.half === half)
      .map(({ id }) => (id < "P" ? id.slice(1) : id));
    assert.ok(numbers.length > 70, `${half}: ${numbers.length}`);
    assert.equal(new Set(numbers).size, numbers.length);
  }
  assert.equal(new Set(listed).size, listed.length);
});

test("each behaviour has a test that bears its id", () => {
  assert.deepEqual(
    listed.filter((id) => !borne.has(id)),
    [],
  );
});

test("each id that a test bears is on the page", () => {
  assert.deepEqual(
    [...borne].filter((id) => !listed.includes(id)),
    [],
  );
});
