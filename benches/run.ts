// Measures the named groups, or all, and writes the figures of the page. scripts/bench.mjs starts
// it when everything is installed and built. Alone, after a build:
// `node --expose-gc --import tsx benches/run.ts [--quick] [group …|report]`.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, step } from "../scripts/lib/run.mjs";
import { measureOf } from "./arithmetic.ts";
import { BARS, verdictOf } from "./bars.ts";
import { type Effort, QUICK, type Rounds, WHOLE } from "./contest.ts";
import { type Figures, keep, recall } from "./figures.ts";
import { measureCalls } from "./groups/call.ts";
import { measureEncrypted } from "./groups/encrypted.ts";
import { measureGrowth } from "./groups/growth.ts";
import { measureHosts } from "./groups/hosts.ts";
import { measureNative } from "./groups/native.ts";
import { measureRoute } from "./groups/route.ts";
import { measureService } from "./groups/service.ts";
import { measureSizes } from "./groups/sizes.ts";
import { measureStart } from "./groups/start.ts";
import { measureVerification } from "./groups/verification.ts";
import { draw } from "./report/charts.ts";
import { lookAtMachine } from "./report/machine.ts";
import { withFigures } from "./report/marks.ts";
import { chartsOf, figuresOf } from "./report/page.ts";
import { spoken, withSpread } from "./report/tables.ts";

const GROUPS: Readonly<Record<string, (effort: Effort) => Promise<Record<string, Rounds>>>> = {
  sizes: measureSizes,
  start: measureStart,
  call: measureCalls,
  hosts: measureHosts,
  route: measureRoute,
  growth: measureGrowth,
  encrypted: measureEncrypted,
  service: measureService,
  native: measureNative,
  verification: measureVerification,
};
/** How long the whole and the quick run take on two idle cores. */
const USUALLY: Readonly<Record<string, readonly [whole: string, quick: string]>> = {
  verification: ["6 min", "40 s"],
  growth: ["1 min", "10 s"],
  encrypted: ["15 s", "10 s"],
  call: ["1 min", "15 s"],
  hosts: ["40 s", "15 s"],
  service: ["20 s", "5 s"],
  start: ["5 min", "20 s"],
  route: ["1 min", "10 s"],
  sizes: ["1 s", "1 s"],
  native: ["2 min", "60 s, most of them compiling"],
};

function show(contests: Record<string, Rounds>): void {
  for (const [contest, rounds] of Object.entries(contests)) {
    const cells = Object.entries(rounds).map(
      ([name, times]) => `${name} ${withSpread(measureOf(times))}`,
    );
    console.log(`  ${contest}: ${cells.join(", ")}`);
  }
}

async function write(figures: Figures, quick: boolean): Promise<void> {
  const folder = quick ? join(root, "build", "bench") : join(root, "docs");
  const rounds = (quick ? QUICK : WHOLE).rounds;
  const page = withFigures(
    readFileSync(join(root, "docs", "performance.md"), "utf8"),
    figuresOf(figures, await lookAtMachine(), rounds),
  );
  const charts = chartsOf(figures);
  mkdirSync(join(folder, "performance"), { recursive: true });
  writeFileSync(join(folder, "performance.md"), page);
  for (const [name, chart] of Object.entries(charts))
    writeFileSync(join(folder, "performance", name), draw(chart));
  for (const { what, unit, better, bar, aim, measure } of BARS) {
    const { value } = measure(figures);
    console.log(
      `${verdictOf({ better, bar, aim }, value).padEnd(12)} ${what}: ${spoken(value)} ${unit} (bar ${bar ?? "none"}, aim ${aim ?? "none"})`,
    );
  }
  console.log(`\nWritten: ${join(quick ? "build/bench" : "docs", "performance.md")}`);
}

const words = process.argv.slice(2);
const quick = words.includes("--quick");
const named = words.filter((word) => word !== "--quick");
const odd = named.find((word) => !(word in GROUPS) && word !== "report");
if (odd !== undefined)
  throw new Error(
    `There is no group "${odd}"; there are ${Object.keys(GROUPS).join(", ")}, and report.`,
  );
const chosen = Object.keys(GROUPS).filter((name) => named.length === 0 || named.includes(name));
for (const name of chosen) {
  const [whole = "", short = ""] = USUALLY[name] ?? [];
  const contests = await step(`Measuring: ${name}`, quick ? short : whole, () =>
    GROUPS[name]!(quick ? QUICK : WHOLE),
  );
  keep(name, contests, quick);
  show(contests);
}
if (named.length === 0 || named.includes("report"))
  await write(recall(Object.keys(GROUPS), quick), quick);
