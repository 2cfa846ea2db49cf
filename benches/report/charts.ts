// Figures as SVG bars, ours in a colour. They have a white ground, because a page may be dark.

import {
  BarChart,
  GridComponent,
  init,
  LegendComponent,
  MarkLineComponent,
  SVGRenderer,
  TitleComponent,
  use,
} from "../peers/charts.ts";

use([BarChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer, TitleComponent]);

const OURS = "#1d6f5c";
const OTHERS = "#b9c2cc";
const FLOORS = "#dfe4e9";
const FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif";

/** Contestants that are the platform itself, or code without a library. */
const isFloor = (name: string) =>
  name === "raw" || name === "unguarded" || name === "fetch" || name.startsWith("by hand");
const isOurs = (name: string) => name.startsWith("tokenkeep") || name === "keep.fetch";
const colour = (name: string) => (isOurs(name) ? OURS : isFloor(name) ? FLOORS : OTHERS);

export interface Chart {
  readonly title: string;
  /** What the numbers are. It stands under the title. */
  readonly unit: string;
  /** From top to bottom. */
  readonly groups: readonly {
    readonly label: string;
    readonly bars: readonly { readonly name: string; readonly value: number }[];
  }[];
  /** A line at this value. */
  readonly mark?: { readonly value: number; readonly label: string };
}

/** A number beside a bar, with at most two digits after the point. */
const brief = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

export function draw({ title, unit, groups, mark }: Chart): string {
  const rows = groups.flatMap(({ label, bars }, place) => [
    ...(groups.length > 1 ? [{ name: label, value: Number.NaN, head: true }] : []),
    ...bars.map(({ name, value }) => ({ name, value, head: false })),
    ...(place < groups.length - 1 ? [{ name: "", value: Number.NaN, head: true }] : []),
  ]);
  const height = 96 + rows.length * 22;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 760, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: FONT },
    title: {
      text: title,
      subtext: unit,
      left: 16,
      top: 12,
      textStyle: { fontSize: 16, fontWeight: 600, color: "#1b242c" },
      subtextStyle: { fontSize: 12, color: "#5b6873" },
    },
    grid: { left: 170, right: 64, top: 72, bottom: 16 },
    xAxis: {
      type: "value",
      min: 0,
      axisLabel: { show: false },
      splitLine: { show: false },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map(({ name, head }, place) => ({
        value: `${name}\u200b${place}`,
        textStyle: {
          fontWeight: head || isOurs(name) ? 600 : 400,
          color: head || isOurs(name) ? "#1b242c" : "#45525d",
        },
      })),
      axisLabel: {
        fontSize: 13,
        interval: 0,
        formatter: (text: string) => text.split("\u200b")[0] ?? "",
      },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      {
        type: "bar",
        barWidth: 15,
        data: rows.map(({ name, value }) =>
          Number.isNaN(value)
            ? "-"
            : { value, itemStyle: { color: colour(name), borderRadius: 2 } },
        ),
        label: {
          show: true,
          position: "right",
          fontSize: 12,
          color: "#1b242c",
          formatter: ({ value }: { value: unknown }) =>
            typeof value === "number" ? brief(value) : "",
        },
        ...(mark === undefined
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: "none",
                lineStyle: { color: "#8a96a1", type: "dashed", width: 1 },
                label: {
                  formatter: mark.label,
                  position: "start",
                  distance: 2,
                  fontSize: 11,
                  color: "#5b6873",
                },
                data: [{ xAxis: mark.value }],
              },
            }),
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // The library numbers the names by process. Another run would change every one.
  return `${svg.replaceAll(/zr\d+-/g, "zr-")}\n`;
}
