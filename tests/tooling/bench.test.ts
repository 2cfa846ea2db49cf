// The measurements' arithmetic, the tables, and the marks between which a run writes its figures.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { differenceOf, measureOf, median, quantile, ratioOf } from "../../benches/arithmetic.ts";
import { BARS, verdictOf } from "../../benches/bars.ts";
import { hold, orderOf } from "../../benches/contest.ts";
import { Figures } from "../../benches/figures.ts";
import { contestOf } from "../../benches/names.ts";
import { marksOf, withFigures } from "../../benches/report/marks.ts";
import { figuresOf } from "../../benches/report/page.ts";
import { barTable, spoken, table, withSpread } from "../../benches/report/tables.ts";

test("the middle of an odd and of an even number of rounds", () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.deepEqual(measureOf([5, 1, 4, 2, 3]), { value: 3, low: 2, high: 4 });
  assert.equal(quantile([7], 0.25), 7);
});

test("of nothing, or of what is no number, there is no middle", () => {
  assert.throws(() => median([]), /no figures/);
  assert.throws(() => median([1, Number.NaN]), /no figures/);
});

test("a ratio is taken round by round, less what the measuring costs", () => {
  // The machine was twice as slow in the second round, for both.
  assert.deepEqual(ratioOf([10, 20, 10], [20, 40, 20]), { value: 0.5, low: 0.5, high: 0.5 });
  assert.equal(ratioOf([6, 6, 6], [11, 11, 11], 1).value, 0.5);
  assert.throws(() => ratioOf([1, 2], [1]), /2 rounds of one, 1 of the other/);
  assert.throws(() => ratioOf([1], [0]), /no figures/);
});

test("what one takes beyond the other is taken round by round too", () => {
  assert.deepEqual(differenceOf([12, 23, 13], [10, 20, 11]), { value: 2, low: 2, high: 2.5 });
  const figures = new Figures({ one: { page: [10, 20, 11], worker: [12, 23, 13] } });
  assert.equal(figures.difference("one", "worker", "page").value, 2);
  assert.throws(() => differenceOf([1, 2], [1]), /no figures/);
});

test("contestants take turns, and those that warm up are not counted", async () => {
  const order: string[] = [];
  let now = 0;
  const turn = (who: string) => {
    order.push(who);
    now += who === "slow" ? 200 : 100;
    return Promise.resolve();
  };
  const rounds = await hold(
    { names: ["slow", "fast"], each: 10, clock: () => now, turn },
    { rounds: 2, warmUp: 1, share: 1 },
  );
  assert.deepEqual(order, ["slow", "fast", "fast", "slow", "fast", "slow"]);
  assert.deepEqual(rounds, { slow: [20, 20], fast: [10, 10] });
});

test("everybody is first and last equally often, and follows another one in the next round", () => {
  const names = ["one", "two", "three", "four"];
  const orders = Array.from({ length: 2 * names.length }, (_, round) => orderOf(names, round));
  for (const place of [0, names.length - 1]) {
    assert.deepEqual(
      orders.map((order) => order[place]).toSorted(),
      [...names, ...names].toSorted(),
    );
  }
  const before = (order: readonly string[], who: string) => order[order.indexOf(who) - 1];
  for (const [round, order] of orders.slice(1).entries()) {
    for (const who of names)
      assert.notEqual(
        before(order, who) ?? "nobody",
        before(orders[round]!, who),
        `${who} in round ${round + 1}`,
      );
  }
});

test("what stands for the measuring itself is taken off, and is no contestant", () => {
  const figures = new Figures({
    one: { nothing: [1, 1, 1], jose: [11, 11, 11], tokenkeep: [6, 6, 6] },
  });
  assert.deepEqual(figures.names("one"), ["jose", "tokenkeep"]);
  assert.equal(figures.value("one", "jose").value, 10);
  assert.equal(figures.ratio("one", "tokenkeep", "jose").value, 0.5);
});

test("a bar is met from its own side", () => {
  assert.equal(verdictOf({ better: "less", bar: 0.9, aim: 0.8 }, 0.8), "aim reached");
  assert.equal(verdictOf({ better: "less", bar: 0.9, aim: 0.8 }, 0.85), "reached");
  assert.equal(verdictOf({ better: "less", bar: 0.9, aim: 0.8 }, 0.91), "not reached");
  assert.equal(verdictOf({ better: "more", bar: 5, aim: 10 }, 12), "aim reached");
  assert.equal(verdictOf({ better: "more", bar: 5, aim: 10 }, 4), "not reached");
  assert.equal(verdictOf({ better: "less", bar: null, aim: 2.5 }, 3), "not reached");
  assert.throws(() => verdictOf({ better: "less", bar: 1, aim: 1 }, Number.NaN), /no figure/);
});

test("no bar is easier than its aim, and each is measured", () => {
  for (const { what, better, bar, aim, measure } of BARS) {
    assert.ok(bar === null || aim === null || (better === "less" ? aim <= bar : aim >= bar), what);
    assert.throws(() => measure(new Figures({})), /nothing was measured of/, what);
  }
});

test("the report is not written with a figure missing", () => {
  const [bar] = BARS.filter(({ what }) => what === "RS256, new tokens, workerd");
  assert.ok(bar !== undefined);
  const contest = contestOf("workerd", "RS256", "distinct");
  const rounds = {
    nothing: [0, 0, 0],
    raw: [40, 41, 42],
    "by hand": [50, 51, 52],
    jose: [80, 82, 84],
    tokenkeep: [56, 57, 58],
  };
  assert.match(
    barTable([bar], new Figures({ [contest]: rounds })),
    /\| 0\.70 \(.*\) \| reached \| 0\.50 the signature check alone, 0\.62 by hand \|/,
  );
  for (const missing of ["raw", "jose", "tokenkeep"] as const) {
    const { [missing]: _, ...others } = rounds;
    assert.throws(
      () => barTable([bar], new Figures({ [contest]: others })),
      new RegExp(`${missing} has no figure in ${contest}`),
    );
  }
  assert.throws(() => table(["one", "two"], [["1"]]), /a row of 1 cells under 2/);
});

/** Figures of a run in which everything took one. */
class Ones extends Figures {
  override names = () => ["tokenkeep"];
  override value = () => ({ value: 1, low: 1, high: 1 });
  override ratio = () => ({ value: 1, low: 1, high: 1 });
  override difference = () => ({ value: 1, low: 1, high: 1 });
}

test("a run writes the figures of the page between their marks, and no word of it", () => {
  const document = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
  const machine = { date: "today", machine: "a machine", runtimes: "Node", peers: "jose" };
  const figures = figuresOf(new Ones({}), machine, 7);
  const written = withFigures(document, figures);
  assert.notEqual(written, document);
  assert.match(written, /\| Measured \| today \|/);
  const words = (text: string) =>
    text.replace(/(<!-- figures: .* -->)[\s\S]*?(<!-- end of figures -->)/g, "$1$2");
  assert.equal(words(written), words(document));
  assert.ok(marksOf(document).length > 10);
  assert.equal(withFigures(written, figures), written);
});

test("marks and figures that do not have the same names are refused", () => {
  const mark = (name: string) => `<!-- figures: ${name} -->\n\nold\n\n<!-- end of figures -->\n`;
  assert.equal(
    withFigures(mark("a"), { a: "$1 new" }),
    mark("a").replace("old", () => "$1 new"),
  );
  assert.throws(() => withFigures(mark("a") + mark("b"), { a: "" }), /: b\./);
  assert.throws(() => withFigures(mark("a"), { a: "", b: "" }), /: b\./);
  assert.throws(() => withFigures(mark("a") + mark("a"), { a: "" }), /: a\./);
});

test("numbers are written with the digits that count", () => {
  assert.deepEqual([0, 0.0123, 0.5, 12.34, 1234, 5_000_000].map(spoken), [
    "0",
    "0.012",
    "0.50",
    "12.3",
    "1 234",
    "5 000 000",
  ]);
  assert.equal(withSpread({ value: 1, low: 0.9, high: 1.25 }), "1.00 (0.90–1.25)");
  assert.equal(withSpread({ value: 7, low: 7, high: 7 }), "7.00");
  assert.throws(() => spoken(Number.NaN), /no figure/);
});
