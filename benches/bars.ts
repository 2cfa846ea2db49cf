// What the figures are compared with. The bar is what the package must reach, the aim is what it
// should reach. The floor is what no library could beat on the same platform. It is measured in the
// same run where that is possible.

import type { Measure } from "./arithmetic.ts";
import type { Figures } from "./figures.ts";
import {
  AGAIN,
  BODY,
  CLIENT_SIZES,
  COLD,
  callsOn,
  contestOf,
  EDGE_SIZES,
  encryptedIn,
  FIRST,
  FURTHER_TAB,
  HOST_CALL,
  type Kind,
  LOOKUP,
  MANY_ISSUERS,
  MANY_KEYS,
  MANY_RESULTS,
  MEMORY,
  PLAIN,
  type Place,
  routeOf,
  SPEEDS,
  WARM,
} from "./names.ts";
import { ALGORITHMS, type Alg } from "./verify/field.ts";

export interface Bar {
  readonly what: string;
  readonly unit: string;
  readonly better: "less" | "more";
  /** Null where there is only an aim. */
  readonly bar: number | null;
  /** Null where there is only a bar. */
  readonly aim: number | null;
  readonly measure: (figures: Figures) => Measure;
  readonly floor: (figures: Figures) => string;
}

export type Verdict = "aim reached" | "reached" | "not reached";

export function verdictOf(
  { better, bar, aim }: Pick<Bar, "better" | "bar" | "aim">,
  value: number,
): Verdict {
  if (!Number.isFinite(value)) throw new Error("no figure to judge");
  const meets = (limit: number) => (better === "less" ? value <= limit : value >= limit);
  if (aim !== null && meets(aim)) return "aim reached";
  return bar !== null && meets(bar) ? "reached" : "not reached";
}

/** A measure in other units, or its inverse. */
const by = ({ value, low, high }: Measure, factor: number): Measure => ({
  value: value * factor,
  low: low * factor,
  high: high * factor,
});
const share = ({ value }: Measure) => value.toFixed(2);

function verification(
  place: Place,
  kind: Kind,
  bars: Readonly<Record<Alg, readonly [bar: number, aim: number | null]>>,
  spoken: string,
): Bar[] {
  return ALGORITHMS.map((alg) => {
    const contest = contestOf(place, alg, kind);
    return {
      what: `${alg}, ${spoken}`,
      unit: "of jose's time",
      better: "less",
      bar: bars[alg][0],
      aim: bars[alg][1],
      measure: (figures) => figures.ratio(contest, "tokenkeep", "jose"),
      floor: (figures) =>
        kind === "repeated"
          ? "a verifier that only looks into a Map"
          : `${share(figures.ratio(contest, "raw", "jose"))} the signature check alone, ${share(figures.ratio(contest, "by hand", "jose"))} by hand`,
    };
  });
}

function firstSight(place: "node" | "workerd", spoken: string, bar: number, aim: number): Bar {
  return {
    what: `a new encrypted token, A256KW and ES256, ${spoken}`,
    unit: "of jose's time",
    better: "less",
    bar,
    aim,
    measure: (figures) => figures.ratio(encryptedIn(place), "tokenkeep", "jose"),
    floor: () => "none was measured",
  };
}

function navigation(which: string, contest: string, bar: number, aim: number): Bar {
  return {
    what: `navigation to the first authorised answer, ${which}`,
    unit: "× by hand",
    better: "less",
    bar,
    aim,
    measure: (figures) => figures.ratio(contest, "tokenkeep", "by hand"),
    floor: (figures) =>
      `${figures.ratio(contest, "by hand, with a lock", "by hand").value.toFixed(2)} by hand with a lock for all tabs`,
  };
}

export const BARS: readonly Bar[] = [
  {
    what: "client: wasm and JavaScript, gzipped",
    unit: "KB",
    better: "less",
    bar: 28_500 / 1024,
    aim: null,
    measure: (figures) => by(figures.value(CLIENT_SIZES, "tokenkeep"), 1 / 1024),
    floor: () => "none: it is a matter of what it does",
  },
  {
    what: "verifier in Workers: wasm and JavaScript, gzipped",
    unit: "KB",
    better: "less",
    bar: 71_000 / 1024,
    aim: null,
    measure: (figures) => by(figures.value(EDGE_SIZES, "tokenkeep"), 1 / 1024),
    floor: () => "none: it is a matter of what it does",
  },
  ...verification(
    "workerd",
    "distinct",
    { RS256: [0.74, 0.65], ES256: [0.91, 0.86], EdDSA: [0.91, 0.86] },
    "new tokens, workerd",
  ),
  ...verification(
    "workerd",
    "distinct 4 KB",
    { RS256: [0.82, 0.75], ES256: [0.9, 0.86], EdDSA: [0.92, 0.88] },
    "new tokens of 4 KB, workerd",
  ),
  ...verification(
    "workerd",
    "distinct 32 at once",
    { RS256: [0.88, 0.8], ES256: [0.97, 0.94], EdDSA: [0.97, 0.95] },
    "32 new tokens at once, workerd",
  ),
  ...verification(
    "node",
    "distinct",
    { RS256: [0.8, 0.5], ES256: [0.92, 0.68], EdDSA: [0.95, 0.8] },
    "new tokens, Node",
  ),
  ...verification(
    "workerd",
    "repeated",
    { RS256: [0.03, null], ES256: [0.015, null], EdDSA: [0.015, null] },
    "a token that comes again, workerd",
  ),
  {
    what: "a token that comes again, workerd",
    unit: "× a verifier that only looks into a Map",
    better: "less",
    bar: null,
    aim: 2.5,
    measure: (figures) => figures.ratio(LOOKUP, "tokenkeep", "a Map"),
    floor: (figures) => `that verifier, ${figures.value(LOOKUP, "a Map").value.toFixed(2)} µs`,
  },
  firstSight("node", "Node", 0.8, 0.5),
  firstSight("workerd", "workerd", 1, 0.95),
  {
    what: "a verification with 1 000 keys",
    unit: "× one key",
    better: "less",
    bar: 1.1,
    aim: 1.05,
    measure: (figures) => figures.ratio(MANY_KEYS, "1 000 keys", "1 key"),
    floor: () => "1",
  },
  {
    what: "a verification with 10 000 issuers",
    unit: "× one issuer",
    better: "less",
    bar: 1.1,
    aim: 1.05,
    measure: (figures) => figures.ratio(MANY_ISSUERS, "10 000 issuers", "1 issuer"),
    floor: () => "1",
  },
  {
    what: "a remembered token of 10 000",
    unit: "× one of 10",
    better: "less",
    bar: 1.5,
    aim: 1.2,
    measure: (figures) => figures.ratio(MANY_RESULTS, "10 000 results", "10 results"),
    floor: () => "1, but for the processor's caches, which hold ten tokens and not ten thousand",
  },
  {
    what: "first verification with 1 000 keys",
    unit: "of jose's time",
    better: "less",
    bar: 0.25,
    aim: 0.1,
    measure: (figures) => figures.ratio(FIRST, "tokenkeep", "jose"),
    floor: (figures) => `${share(figures.ratio(FIRST, "tokenkeep, one key", "jose"))} with one key`,
  },
  ...(["good", "hostile"] as const).map(
    (kind): Bar => ({
      what: `memory for each of 200 000 ${kind} tokens`,
      unit: "bytes",
      better: "less",
      bar: 4,
      aim: 1.5,
      measure: (figures) => figures.value(MEMORY, kind),
      floor: () => "0",
    }),
  ),
  {
    what: "guarded route, tokens that come again",
    unit: "× the rate with jose",
    better: "more",
    bar: 1.8,
    aim: 2.1,
    measure: (figures) => figures.ratio(routeOf("repeated"), "jose", "tokenkeep"),
    floor: (figures) =>
      `${share(figures.ratio(routeOf("repeated"), "jose", "unguarded"))} unguarded`,
  },
  {
    what: "guarded route, tokens that come again",
    unit: "× the rate unguarded",
    better: "more",
    bar: 0.8,
    aim: 0.9,
    measure: (figures) => figures.ratio(routeOf("repeated"), "unguarded", "tokenkeep"),
    floor: () => "1",
  },
  {
    what: "guarded route, new tokens",
    unit: "× the rate with jose",
    better: "more",
    bar: 1.05,
    aim: 1.15,
    measure: (figures) => figures.ratio(routeOf("distinct"), "jose", "tokenkeep"),
    floor: (figures) =>
      `${share(figures.ratio(routeOf("distinct"), "jose", "unguarded"))} unguarded`,
  },
  {
    what: "keep.fetch on a stub",
    unit: "× fetch with a header",
    better: "less",
    bar: 2,
    aim: 1.5,
    measure: (figures) => figures.ratio(callsOn("stub", "processor"), "keep.fetch", "fetch"),
    floor: () => "1; a second copy of the request, kept for the retry, is what the design asks for",
  },
  {
    what: "keep.fetch on loopback",
    unit: "× fetch with a header",
    better: "less",
    bar: 1.05,
    aim: 1.02,
    measure: (figures) => figures.ratio(callsOn("loopback", "processor"), "keep.fetch", "fetch"),
    floor: () => "1",
  },
  ...(["dedicated worker", "shared worker"] as const).flatMap((host): Bar[] => [
    {
      what: `a call on loopback, ${host}`,
      unit: "ms beyond the page host",
      better: "less",
      bar: 1,
      aim: 0.5,
      measure: (figures) => by(figures.difference(HOST_CALL, host, "page"), 1 / 1000),
      floor: () => "0; two messages between threads",
    },
    {
      what: `a body of 64 MB, ${host}`,
      unit: "× a plain fetch",
      better: "less",
      bar: 1.25,
      aim: 1.05,
      measure: (figures) => figures.ratio(BODY, host, PLAIN),
      floor: (figures) => `${share(figures.ratio(BODY, "page", PLAIN))} the page host`,
    },
  ]),
  {
    what: "a further tab of a shared worker, ready without a refresh",
    unit: "ms",
    better: "less",
    bar: 10,
    aim: 5,
    measure: (figures) => by(figures.value(FURTHER_TAB, "shared worker"), 1 / 1000),
    floor: () => "0; one message there and one back",
  },
  navigation("cold", COLD, 1.5, 1.25),
  navigation("warm, in a new tab", WARM, 1.3, 1.15),
  navigation("warm, in the same tab", AGAIN, 1.3, 1.15),
  {
    what: "engine, natively",
    unit: "million inputs a second",
    better: "more",
    bar: 5,
    aim: 10,
    measure: (figures) => by(figures.value(SPEEDS, "engine, inputs a second"), 1e-6),
    floor: () => "none",
  },
  {
    what: "simulator, natively, two cores",
    unit: "seeds a second",
    better: "more",
    bar: 5_000,
    aim: 10_000,
    measure: (figures) => by(figures.value(SPEEDS, "simulator, seeds a second"), 2),
    floor: () => "none",
  },
];
