// Figures as Markdown: readable numbers, and tables of them.

import type { Measure } from "../arithmetic.ts";
import { type Bar, verdictOf } from "../bars.ts";
import type { Figures } from "../figures.ts";

/** Three significant digits, with spaces between thousands. */
export function spoken(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`no figure: ${value}`);
  const size = Math.abs(value);
  const digits =
    size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : size >= 0.001 ? 3 : size === 0 ? 0 : 4;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** The middle, and in brackets the two values between which half of all rounds lie. */
export function withSpread({ value, low, high }: Measure): string {
  const [middle, from, to] = [value, low, high].map(spoken);
  return from === to ? `${middle}` : `${middle} (${from}–${to})`;
}

const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const odd = rows.find((row) => row.length !== head.length);
  if (odd !== undefined) throw new Error(`a row of ${odd.length} cells under ${head.length}`);
  return [
    line(head),
    line(head.map((_, column) => (column === 0 ? "---" : "--:"))),
    ...rows.map(line),
  ].join("\n");
}

export function barTable(bars: readonly Bar[], figures: Figures): string {
  const rows = bars.map(({ what, unit, bar, aim, measure, floor, better }) => {
    const measured = measure(figures);
    return [
      what,
      unit,
      bar === null ? "" : spoken(bar),
      aim === null ? "" : spoken(aim),
      withSpread(measured),
      verdictOf({ bar, aim, better }, measured.value),
      floor(figures),
    ];
  });
  return table(["what", "unit", "bar", "aim", "measured", "", "the floor"], rows);
}

/** Contests in rows, contestants in columns: each one's part of the reference's time. */
export function ratioTable(
  figures: Figures,
  contests: Readonly<Record<string, string>>,
  names: readonly string[],
  reference: string,
): string {
  const rows = Object.entries(contests).map(([contest, label]) => [
    label,
    ...names.map((name) =>
      name === reference
        ? `${spoken(figures.value(contest, name).value)} µs`
        : withSpread(figures.ratio(contest, name, reference)),
    ),
  ]);
  return table(["", ...names], rows);
}
