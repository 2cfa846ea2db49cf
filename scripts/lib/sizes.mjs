// The sizes of the package: each wasm and each bundle, raw and gzipped, and the budgets of
// wasm-pack.toml.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";
import { gzipOf } from "./wasm.mjs";

/** @typedef {{ name: string, raw: number, gzipped: number, budget: number | null }} Size */

/** @param {string} path @param {number | null} budget @returns {Size} */
function weigh(path, budget) {
  const bytes = readFileSync(join(root, path));
  return { name: path, raw: bytes.length, gzipped: gzipOf(bytes).length, budget };
}

/**
 * The wasm is listed for information. A user downloads the bundle, which holds it.
 * @param {readonly import("./manifest.mjs").Build[]} builds
 */
export function weighAll(builds) {
  return builds.flatMap((build) => [
    weigh(`${build.outDir}/${build.outName}_bg.wasm`, null),
    weigh(build.bundle, build.budget),
  ]);
}

/** @param {number} bytes */
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

/** @param {readonly Size[]} sizes */
export function sizeTable(sizes) {
  const rows = [["", "raw", "gzipped", "budget"]];
  for (const { name, raw, gzipped, budget } of sizes) {
    rows.push([name, kilobytes(raw), kilobytes(gzipped), budget === null ? "" : kilobytes(budget)]);
  }
  return table(rows);
}

/**
 * Lays out rows in columns, the first to the left and the others to the right.
 * @param {readonly (readonly string[])[]} rows
 */
export function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  /** @param {readonly string[]} row */
  const line = (row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("   ");
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join("\n");
}

/**
 * One sentence for each bundle that is heavier than its budget.
 * @param {readonly Size[]} sizes
 * @returns {string[]}
 */
export function overBudget(sizes) {
  return sizes
    .filter(({ gzipped, budget }) => budget !== null && gzipped > budget)
    .map(
      ({ name, gzipped, budget }) =>
        `${name} is ${gzipped} bytes gzipped, ${gzipped - (budget ?? 0)} over its budget of ` +
        `${budget}.`,
    );
}
