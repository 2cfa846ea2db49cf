// The table for people: a line for each row, with what was expected and what came. A row that did
// not pass also says why it matters.

import type { Finding } from "./contract.ts";
import type { Result } from "./verdict.ts";

const RESULTS: readonly Result[] = ["pass", "warn", "fail", "not checked"];
const COLOURS: Readonly<Record<Result, number>> = {
  pass: 32,
  warn: 33,
  fail: 31,
  "not checked": 2,
};
const WIDEST_RESULT = Math.max(...RESULTS.map((result) => result.length));

export function countOf(findings: readonly Finding[], result: Result): number {
  return findings.filter((finding) => finding.result === result).length;
}

export function tableOf(findings: readonly Finding[], { colour }: { colour: boolean }): string {
  const widestId = Math.max(...findings.map(({ id }) => id.length));
  const indent = " ".repeat(WIDEST_RESULT + widestId + 6);
  const lines = findings.flatMap(({ id, result, expected, came, why }) => {
    const mark = result.padEnd(WIDEST_RESULT);
    const coloured = colour ? `\x1b[${COLOURS[result]}m${mark}\x1b[0m` : mark;
    const start = `  ${coloured}  ${id.padEnd(widestId)}  ${expected}`;
    if (result === "pass") return [`${start} · ${came}`];
    return result === "not checked"
      ? [start, `${indent}${came}`]
      : [start, `${indent}came: ${came}`, `${indent}why:  ${why}`];
  });
  const counts = RESULTS.map((result) => `${countOf(findings, result)} ${result}`).join(", ");
  return `${lines.join("\n")}\n\n  ${counts}`;
}
