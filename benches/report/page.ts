// Makes the tables and charts of docs/performance.md from the figures. The prose of the page
// belongs to the document.

import { BARS, verdictOf } from "../bars.ts";
import type { Figures } from "../figures.ts";
import {
  AGAIN,
  BODY,
  CALLERS,
  CLIENT_SIZES,
  COLD,
  callsOn,
  contestOf,
  EDGE_SIZES,
  FIRST,
  HOST_CALL,
  HOSTS,
  KINDS,
  LOAD,
  LOOKUP,
  MANY_ISSUERS,
  MANY_KEYS,
  MANY_RESULTS,
  MEMORY,
  PLAIN,
  type Place,
  READING,
  routeOf,
  SPEEDS,
  STARTERS,
  WARM,
} from "../names.ts";
import { ALGORITHMS } from "../verify/field.ts";
import type { Chart } from "./charts.ts";
import type { Machine } from "./machine.ts";
import { barTable, ratioTable, spoken, table, withSpread } from "./tables.ts";

const PLACES: Readonly<Record<Place, string>> = {
  node: "Node",
  workerd: "workerd",
  chromium: "Chromium",
};
const EVERYWHERE = ["raw", "by hand", "tokenkeep", "jose", "aws-jwt-verify", "hono"];
const IN_NODE = [
  "raw",
  "by hand, node:crypto",
  "by hand",
  "tokenkeep",
  "jose",
  "aws-jwt-verify",
  "hono",
  "fast-jwt",
];
const namesIn = (place: Place) => (place === "node" ? IN_NODE : EVERYWHERE);

function verificationTable(figures: Figures, place: Place): string {
  const contests = Object.fromEntries(
    ALGORITHMS.flatMap((alg) =>
      KINDS.map((kind) => [contestOf(place, alg, kind), `${alg}, ${kind}`]),
    ),
  );
  return ratioTable(figures, contests, namesIn(place), "jose");
}

function verificationChart(figures: Figures, place: Place): Chart {
  return {
    title: `Verifying a new token in ${PLACES[place]}`,
    unit: "processor time, jose being 1; shorter is faster",
    mark: { value: 1, label: "" },
    groups: ALGORITHMS.map((alg) => ({
      label: alg,
      bars: namesIn(place).map((name) => ({
        name,
        value: figures.ratio(contestOf(place, alg, "distinct"), name, "jose").value,
      })),
    })),
  };
}

function sizeChart(figures: Figures, contest: string, title: string): Chart {
  const bars = figures
    .names(contest)
    .map((name) => ({ name, value: figures.value(contest, name).value / 1024 }));
  return {
    title,
    unit: "KB gzipped, after the same run of esbuild",
    groups: [{ label: "", bars: bars.toSorted((one, other) => one.value - other.value) }],
  };
}

const callChart = (figures: Figures): Chart => ({
  title: "What an authorised call costs the page",
  unit: "µs of processor time, on a transport that answers at once",
  groups: [
    {
      label: "",
      bars: CALLERS.map((name) => ({
        name,
        value: figures.value(callsOn("stub", "processor"), name).value,
      })),
    },
  ],
});

const startChart = (figures: Figures): Chart => ({
  title: "From the navigation to the first authorised answer",
  unit: "ms by the wall's clock, everything on one machine",
  groups: [
    [COLD, "Cold"],
    [WARM, "Warm, new tab"],
    [AGAIN, "Warm, same tab"],
  ].map(([contest = "", label = ""]) => ({
    label,
    bars: STARTERS.map((name) => ({ name, value: figures.value(contest, name).value })),
  })),
});

const routeChart = (figures: Figures): Chart => ({
  title: "A guarded route in workerd, RS256",
  unit: "µs of workerd's processor time for a request, 32 at once",
  groups: (["repeated", "distinct"] as const).map((kind) => ({
    label: kind === "repeated" ? "The same token" : "New tokens",
    bars: ["unguarded", "tokenkeep", "jose"].map((name) => ({
      name,
      value: figures.value(routeOf(kind), name).value,
    })),
  })),
});

/** The charts by file name, still to be drawn. */
export function chartsOf(figures: Figures): Record<string, Chart> {
  return {
    "verification-workerd.svg": verificationChart(figures, "workerd"),
    "verification-node.svg": verificationChart(figures, "node"),
    "verification-chromium.svg": verificationChart(figures, "chromium"),
    "call.svg": callChart(figures),
    "start.svg": startChart(figures),
    "route.svg": routeChart(figures),
    "client-sizes.svg": sizeChart(figures, CLIENT_SIZES, "A browser client"),
    "verifier-sizes.svg": sizeChart(figures, EDGE_SIZES, "A verifier in a Worker"),
  };
}

const sizes = (figures: Figures, contest: string) =>
  table(
    ["", "KB gzipped"],
    figures.names(contest).map((name) => [name, spoken(figures.value(contest, name).value / 1024)]),
  );

const times = (
  figures: Figures,
  contests: readonly (readonly [contest: string, label: string])[],
  names: readonly string[],
) =>
  table(
    ["", ...names],
    contests.map(([contest, label]) => [
      label,
      ...names.map((name) => withSpread(figures.value(contest, name))),
    ]),
  );

function growthTable(figures: Figures): string {
  const pairs = [
    [MANY_KEYS, "1 key", "1 000 keys"],
    [MANY_ISSUERS, "1 issuer", "10 000 issuers"],
    [MANY_RESULTS, "10 results", "10 000 results"],
  ] as const;
  const rows = pairs.map(([contest, few, many]) => [
    `${few}, ${many}`,
    ...[few, many].map((name) => `${withSpread(figures.value(contest, name))} µs`),
    withSpread(figures.ratio(contest, many, few)),
  ]);
  return table(["", "few", "many", "many against few"], rows);
}

/** How many bars this run reached, in words. */
function summary(figures: Figures): string {
  const verdicts = BARS.map((bar) => verdictOf(bar, bar.measure(figures).value));
  const count = (verdict: string) => verdicts.filter((one) => one === verdict).length;
  const missed = count("not reached");
  return `Of ${BARS.length} figures, ${count("aim reached")} are where we want them, ${count("reached")} are within the bar and ${missed} ${missed === 1 ? "is" : "are"} not.`;
}

/** The figures of the page, by the names of their marks. */
export function figuresOf(
  figures: Figures,
  { date, machine, runtimes, peers }: Machine,
  rounds: number,
): Readonly<Record<string, string>> {
  const lookups = ["tokenkeep", "a Map"];
  const verifiers = ["tokenkeep", "jose", "JSON.parse alone"];
  return {
    machine: [
      "| | |",
      "|---|---|",
      `| Measured | ${date} |`,
      `| On | ${machine} |`,
      `| With | ${runtimes} |`,
      `| Beside | ${peers} |`,
      `| Rounds | ${rounds} or more of each contest |`,
    ].join("\n"),
    summary: summary(figures),
    bars: barTable(BARS, figures),
    "verification in workerd": verificationTable(figures, "workerd"),
    remembered: table(
      ["a token that comes again", "µs"],
      lookups.map((name) => [name, spoken(figures.value(LOOKUP, name).value)]),
    ),
    "verification in Node": verificationTable(figures, "node"),
    "verification in Chromium": verificationTable(figures, "chromium"),
    growth: growthTable(figures),
    "first verification": table(
      ["", "µs"],
      verifiers.map((name) => [name, withSpread(figures.value(FIRST, name))]),
    ),
    memory: table(
      ["", "bytes for each token"],
      ["good", "hostile"].map((name) => [
        `${name} tokens`,
        spoken(figures.value(MEMORY, name).value),
      ]),
    ),
    call: times(
      figures,
      [
        [callsOn("stub", "processor"), "stub, µs of processors"],
        [callsOn("stub", "wall"), "stub, µs by the wall"],
        [callsOn("loopback", "processor"), "loopback, µs of processors"],
        [callsOn("loopback", "wall"), "loopback, µs by the wall"],
      ],
      CALLERS,
    ),
    hosts: times(
      figures,
      [
        [HOST_CALL, "a call on loopback, µs"],
        [BODY, "a body of 64 MB, µs"],
      ],
      [PLAIN, ...HOSTS],
    ),
    start: times(
      figures,
      [
        [COLD, "cold, ms"],
        [WARM, "warm, in a new tab, ms"],
        [AGAIN, "warm, in the same tab, ms"],
      ],
      STARTERS,
    ),
    load: times(figures, [[LOAD, "µs"]], ["by hand", "jose", "aws-jwt-verify", "tokenkeep"]),
    route: times(
      figures,
      [
        [routeOf("repeated"), "a token that comes again, µs"],
        [routeOf("distinct"), "new tokens, µs"],
      ],
      ["unguarded", "tokenkeep", "jose"],
    ),
    "client sizes": sizes(figures, CLIENT_SIZES),
    "verifier sizes": sizes(figures, EDGE_SIZES),
    reading: table(
      ["", "300 bytes", "4 KB"],
      ["token", "claims", "refresh reply"].map((what) => [
        `reading: ${what}, µs`,
        ...["300 bytes", "4 KB"].map((size) =>
          withSpread(figures.value(READING, `${what}, ${size}`)),
        ),
      ]),
    ),
    speeds: table(
      ["", "a second"],
      [
        ["inputs of the engine", withSpread(figures.value(SPEEDS, "engine, inputs a second"))],
        ["seeds of the simulator", withSpread(figures.value(SPEEDS, "simulator, seeds a second"))],
      ],
    ),
  };
}
