// The counting of tests: a run that tested nothing or left something out is a failure.

import assert from "node:assert/strict";
import { test } from "node:test";
import { countCargo, countNode, countWasm } from "../../scripts/lib/counts.mjs";

const result = (passed: number, failed = 0, ignored = 0) =>
  `test result: ${failed === 0 ? "ok" : "FAILED"}. ${passed} passed; ${failed} failed; ` +
  `${ignored} ignored; 0 measured; 0 filtered out\n`;

test("cargo's results are added up over test binaries", () => {
  assert.deepEqual(countCargo(`${result(3)}noise\n${result(0)}${result(4)}`, 0), {
    passed: 7,
    failed: 0,
    complaints: [],
  });
  assert.deepEqual(countCargo(`${result(3)}${result(4, 2)}`, 101), {
    passed: 7,
    failed: 2,
    complaints: [],
  });
});

test("a cargo run that says nothing, breaks or ignores is a failure", () => {
  assert.equal(countCargo("", 0).failed, 1);
  assert.equal(countCargo(result(0), 0).failed, 1);
  assert.equal(countCargo("error: could not compile", 101).failed, 2);
  assert.equal(countCargo(result(3), 101).failed, 1);
  assert.match(countCargo(result(3, 0, 2), 0).complaints.join(), /2 tests are ignored/);
});

test("each wasm test binary has to run a test", () => {
  const one = `     Running tests/one.rs (target/one.wasm)\n${result(2)}`;
  assert.deepEqual(countWasm(one, 0), { passed: 2, failed: 0, complaints: [] });
  const idle = `${one}     Running tests/two.rs (target/two.wasm)\nno tests to run!\n`;
  assert.deepEqual(countWasm(idle, 0), {
    passed: 2,
    failed: 1,
    complaints: ["tests/two.rs ran no test."],
  });
});

const tap = (pass: number, fail = 0, cancelled = 0, skipped = 0, todo = 0) =>
  [
    "TAP version 13\n1..9\n# tests 9\n# suites 0",
    `# pass ${pass}\n# fail ${fail}\n# cancelled ${cancelled}\n# skipped ${skipped}`,
    `# todo ${todo}\n# duration_ms 1\n`,
  ].join("\n");

test("node's totals are read from its TAP", () => {
  assert.deepEqual(countNode(tap(5), 0), { passed: 5, failed: 0, complaints: [] });
  assert.equal(countNode(tap(5, 1, 2), 1).failed, 3);
});

test("a test whose vectors are not here neither passed nor failed", () => {
  const skipped = (reason: string) => `ok 1 - vectors # SKIP ${reason}\n${tap(5, 0, 0, 1)}`;
  assert.deepEqual(countNode(skipped("not here: the vectors"), 0), {
    passed: 5,
    failed: 0,
    complaints: [],
  });
  assert.equal(countNode(skipped("later"), 0).failed, 1);
});

test("a node run that says nothing, breaks or skips is a failure", () => {
  assert.equal(countNode("", 0).failed, 1);
  assert.equal(countNode(tap(5), 7).failed, 1);
  assert.match(countNode(tap(5, 0, 0, 1), 0).complaints.join(), /1 tests are skipped/);
  assert.match(countNode(tap(5, 0, 0, 0, 1), 0).complaints.join(), /to do/);
});
