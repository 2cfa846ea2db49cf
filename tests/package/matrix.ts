// The whole matrix: every place where people build and run such code, with the tarball as npm
// installs it. It exists because packages with wasm in them are known for working in their author's
// bundler only. Prints a table; ends badly when a cell does not hold. `npm run test:package` sets
// up and runs it; with words after `--` only the places whose names hold one of them.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, report, spoken, step } from "../../scripts/lib/run.mjs";
import { table } from "../../scripts/lib/sizes.mjs";
import { hashOf } from "../../scripts/lib/stamps.mjs";
import { launch } from "../client/browser.ts";
import { Authority } from "./authority.ts";
import { bundlerCells } from "./cells/bundlers.ts";
import { type Bench, type Cell, type Seen, TABLES, type Table } from "./cells/cell.ts";
import { edgeCells } from "./cells/edges.ts";
import { nextCells } from "./cells/next.ts";
import { serverCells } from "./cells/servers.ts";
import { shapeCells } from "./cells/shape.ts";
import { workerCells } from "./cells/workers.ts";
import { packed, root, workshop } from "./project.ts";

const all: readonly Cell[] = [
  ...shapeCells,
  ...bundlerCells,
  ...nextCells,
  ...workerCells,
  ...edgeCells,
  ...serverCells,
];

/**
 * The tools, by the lock file in tools/. Not `npm ci`: it wants the lock to name the binaries of
 * every platform, which can't be had where the registry offers only some of them.
 */
async function installTools(): Promise<void> {
  const wanted = hashOf([
    "tests/package/tools/package.json",
    "tests/package/tools/package-lock.json",
  ]);
  const stamp = join(workshop, "node_modules", ".tokenkeep");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  mkdirSync(workshop, { recursive: true });
  for (const name of ["package.json", "package-lock.json"])
    copyFileSync(join(root, "tests", "package", "tools", name), join(workshop, name));
  const options = ["--no-save", "--prefer-offline", "--no-audit", "--no-fund"];
  await step(
    "Installing the bundlers, frameworks and runners of tests/package/tools/package-lock.json",
    "2 min, once",
    () => must("npm", ["install", ...options], { cwd: workshop, seconds: 900 }),
  );
  writeFileSync(stamp, wanted);
}

interface Row {
  readonly place: string;
  readonly table: Table;
  readonly seen: Seen;
  readonly failure: string | null;
  readonly time: number;
}

async function run(cell: Cell, bench: Bench): Promise<Row> {
  const began = performance.now();
  const seen = await cell
    .run(bench)
    .catch((error: unknown): Error => (error instanceof Error ? error : new Error(String(error))));
  const time = performance.now() - began;
  const { place, table } = cell;
  if (seen instanceof Error) {
    const output = "output" in seen ? `\n${String(seen.output)}` : "";
    return { place, table, seen: {}, failure: `${seen.message}${output}`, time };
  }
  const told = TABLES[table].map(
    (part) =>
      [
        part,
        seen[part] ?? cell.absent[part] ?? "it was not tried, and there is no reason",
      ] as const,
  );
  const wrong = told.filter(([, said]) => said !== "ok" && !said.startsWith("- "));
  if (!told.some(([, said]) => said === "ok")) wrong.push(["wasm", "it ran nothing"]);
  const failure =
    wrong.length === 0 ? null : wrong.map(([part, said]) => `${part}: ${said}`).join("\n");
  return { place, table, seen: Object.fromEntries(told), failure, time };
}

function print(rows: readonly Row[]): void {
  const notes: string[] = [];
  const cell = (said: string | undefined) => {
    if (said === "ok") return "ok";
    if (said?.startsWith("- ") !== true) return "FAILED";
    if (!notes.includes(said)) notes.push(said);
    return `(${notes.indexOf(said) + 1})`;
  };
  for (const [name, columns] of Object.entries(TABLES)) {
    const lines = rows
      .filter(({ table }) => table === name)
      .map(({ place, seen, failure, time }) => [
        place,
        ...columns.map((part) => cell(seen[part])),
        failure === null ? "passed" : "FAILED",
        spoken(time),
      ]);
    const heads = columns.map((part) => (part === "wasm" ? "one copy" : part));
    if (lines.length > 0) console.log(`\n${table([[name, ...heads, "", "time"], ...lines])}\n`);
  }
  notes.forEach((note, index) => console.log(`  (${index + 1}) ${note.slice(2)}`));
}

async function matrix(words: readonly string[]): Promise<void> {
  await installTools();
  const isMeant = ({ place }: Cell) =>
    words.length === 0 || words.some((word) => place.toLowerCase().includes(word.toLowerCase()));
  const chosen = all.filter((cell) => isMeant(cell) && cell.isThere?.() !== false);
  const [authority, browser] = await Promise.all([Authority.open(), launch()]);
  const rows: Row[] = [];
  const began = performance.now();
  // Two at a time, in order: most of a bundler's time is one core's.
  const waiting = [...chosen];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const row = await run(next, { authority, browser });
      rows.push(row);
      console.log(
        `› ${row.place}: ${row.failure === null ? "passed" : `FAILED\n${row.failure}`} (${spoken(row.time)})`,
      );
    }
  };
  try {
    await Promise.all([lane(), lane()]);
  } finally {
    await Promise.all([authority.close(), browser.close()]);
  }
  rows.sort(
    (a, b) =>
      chosen.findIndex(({ place }) => place === a.place) -
      chosen.findIndex(({ place }) => place === b.place),
  );
  print(rows);
  const { size, files } = await packed();
  console.log(
    `\n  The tarball: ${size} bytes, ${files.length} files; quick.test.ts holds it to 400 000 and to files.txt`,
  );
  const failed = rows.filter(({ failure }) => failure !== null).length;
  console.log(
    `\n${rows.length - failed} passed, ${failed} failed (${spoken(performance.now() - began)})`,
  );
  if (failed > 0 || rows.length === 0) process.exitCode = 1;
}

try {
  await matrix(process.argv.slice(2));
} catch (error) {
  report(error);
}
