// The sizes of the package: each wasm and each bundle, raw and gzipped, and the budgets of
// wasm-pack.toml.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";
import { gzipOf } from "./wasm.mjs";

/** @typedef {{ name: string, raw: number, gzipped: number, budget: number | null }} Size */

/**
 * @param {string} name @param {readonly string[]} paths @param {number | null} budget
 * @returns {Size}
 */
function weigh(name, paths, budget) {
  const files = paths.map((path) => readFileSync(join(root, path)));
  /** @param {(bytes: Buffer) => number} size */
  const sum = (size) => files.reduce((total, bytes) => total + size(bytes), 0);
  return {
    name,
    raw: sum((bytes) => bytes.length),
    gzipped: sum((bytes) => gzipOf(bytes).length),
    budget,
  };
}

/**
 * Each wasm is listed for information. What a user downloads or deploys has a budget.
 * @param {readonly import("./manifest.mjs").Build[]} builds
 * @param {readonly import("./entries.mjs").Entry[]} adapters
 */
export function weighAll(builds, adapters) {
  const small = adapters.flatMap(({ bundle, budget }) =>
    budget === undefined ? [] : [weigh(bundle, [bundle], budget)],
  );
  const large = builds.flatMap(({ name, outDir, outName, bundle, budget, workers }) => {
    const wasm = `${outDir}/${outName}_bg.wasm`;
    return [
      weigh(wasm, [wasm], null),
      weigh(bundle, [bundle], budget),
      ...(workers === null ? [] : [weigh(`${name} on Workers`, workers.files, workers.budget)]),
    ];
  });
  return [...large, ...small];
}

/** As wasm-pack.toml writes it. @param {number} bytes */
const inBytes = (bytes) => bytes.toString().replace(/\B(?=(?:\d{3})+$)/g, " ");

/** @param {readonly Size[]} sizes */
export function sizeTable(sizes) {
  const rows = [["bytes", "raw", "gzipped", "budget"]];
  for (const { name, raw, gzipped, budget } of sizes) {
    rows.push([name, inBytes(raw), inBytes(gzipped), budget === null ? "" : inBytes(budget)]);
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
