// docs/performance.md, words and figures. The words say what bounds a figure and why ours is where
// it is; no number stands in them that the run did not measure.

import { BARS, verdictOf } from "../bars.ts";
import type { Figures } from "../figures.ts";
import {
  AGAIN,
  CALLERS,
  CLIENT_SIZES,
  COLD,
  callsOn,
  contestOf,
  EDGE_SIZES,
  FIRST,
  KINDS,
  LOAD,
  LOOKUP,
  MANY_ISSUERS,
  MANY_KEYS,
  MANY_RESULTS,
  MEMORY,
  type Place,
  READING,
  routeOf,
  SPEEDS,
  STARTERS,
  WARM,
} from "../names.ts";
import { ALGORITHMS } from "../verify/field.ts";
import { type Chart, draw } from "./charts.ts";
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

/** The charts by file name. */
export function chartsOf(figures: Figures): Record<string, string> {
  return {
    "verification-workerd.svg": draw(verificationChart(figures, "workerd")),
    "verification-node.svg": draw(verificationChart(figures, "node")),
    "verification-chromium.svg": draw(verificationChart(figures, "chromium")),
    "call.svg": draw(callChart(figures)),
    "start.svg": draw(startChart(figures)),
    "route.svg": draw(routeChart(figures)),
    "client-sizes.svg": draw(sizeChart(figures, CLIENT_SIZES, "A browser client")),
    "verifier-sizes.svg": draw(sizeChart(figures, EDGE_SIZES, "A verifier in a Worker")),
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

/** How many bars stand, in words that are true of this run. */
function summary(figures: Figures): string {
  const verdicts = BARS.map((bar) => verdictOf(bar, bar.measure(figures).value));
  const count = (verdict: string) => verdicts.filter((one) => one === verdict).length;
  const missed = count("not reached");
  return `Of ${BARS.length} figures, ${count("aim reached")} are where we want them, ${count("reached")} are within the bar and ${missed} ${missed === 1 ? "is" : "are"} not.`;
}

export function pageOf(
  figures: Figures,
  { date, machine, runtimes, peers }: Machine,
  rounds: number,
): string {
  const [reference] = [contestOf("workerd", "RS256", "distinct")];
  return `---
pageClass: wide
aside: false
---

# Performance

Small and fast, measured beside the others. \`npm run bench\` measures all of this and writes this page, words, tables and charts; \`npm run bench -- --quick\` takes a short
look and leaves the page alone. Run it on your machine: the ratios travel, the microseconds don't.

| | |
|---|---|
| Measured | ${date} |
| On | ${machine} |
| With | ${runtimes} |
| Beside | ${peers} |

Everybody does the same work in one run and takes turns, in another order each time; a figure is the middle of ${rounds} rounds or more, with the two values in brackets between
which half of the rounds lie. Where not said otherwise, time is what the processors spent on the process in question, seen from outside: what waits for a core costs nothing. A
ratio is taken round by round. Where some are over in a hundredth of the others' time they do the same more often, and the time of an empty turn is taken off. Whoever verifies has shown before that it takes a good token and refuses a forged one, and reads \`sub\` of what it gets.

## Where we stand

${summary(figures)}

${barTable(BARS, figures)}

## Verification

*raw* is the platform's signature check and nothing else: nobody is faster on that platform. *by hand* is the leanest verifier that is still sound, for one issuer, one key and one
algorithm (\`benches/verify/by-hand.ts\`). The column of jose tells its microseconds, the others their part of them.

### In workerd

![Verifying a new token in workerd](performance/verification-workerd.svg)

${verificationTable(figures, "workerd")}

Of jose's ${spoken(figures.value(reference, "jose").value)} µs for RS256 the signature check takes ${spoken(figures.value(reference, "raw").value)}; a verifier can only save on the rest. tokenkeep takes the
token into wasm in one crossing, where its form, its header and its claims are read without making objects of them, and remembers a header by its exact text once a signature under it was
good. What it does that the verifier by hand does not: it refuses members that occur twice, looks its key up in a set that may change, finds the issuer among many, and says why a token is refused.

tokenkeep remembers 200 tokens in these contests, and not 1 000, so that fewer tokens are enough for each to be new.

With 32 at once the signature checks of many tokens overlap on the platform's threads; their time counts all the same, so the parts of all move towards each other.

A token that comes again is found by the keyed hash of its bytes, and its dates, its key set and the application's own rules are judged anew: ${spoken(figures.value(LOOKUP, "tokenkeep").value)} µs, where a
verifier that looks into a Map and does nothing else takes ${spoken(figures.value(LOOKUP, "a Map").value)} µs, what awaiting takes not counted. Each time the token is a text of its own, as what comes in a header is. Such a Map would hold tokens that whoever
reads the memory can use; of a hash nobody can make one again, and that is most of the difference.

### In Node

![Verifying a new token in Node](performance/verification-node.svg)

${verificationTable(figures, "node")}

In Node, \`crypto.subtle\` hands every check to a thread and back: for RS256 the check alone takes ${spoken(figures.value(contestOf("node", "RS256", "distinct"), "raw").value)} µs by it, and the whole verifier by hand ${spoken(figures.value(contestOf("node", "RS256", "distinct"), "by hand, node:crypto").value)} µs with
\`node:crypto\`, which is the same OpenSSL without the thread. tokenkeep/edge uses that module when it is there, as aws-jwt-verify and fast-jwt do; the price is that a check keeps the
thread for as long as it takes.

### In Chromium

![Verifying a new token in Chromium](performance/verification-chromium.svg)

${verificationTable(figures, "chromium")}

## Growth

${growthTable(figures)}

The first verification with a set of 1 000 keys, from its text to the claims: ${withSpread(figures.value(FIRST, "tokenkeep"))} µs; jose takes ${withSpread(figures.value(FIRST, "jose"))} µs, and \`JSON.parse\` of the set alone ${withSpread(figures.value(FIRST, "JSON.parse alone"))} µs.

After 200 000 different tokens, the first tenth not counted for caches fill up in it, a verifier holds ${spoken(figures.value(MEMORY, "good").value)} bytes more for each good one and ${spoken(figures.value(MEMORY, "hostile").value)} for each hostile
one (an unknown \`kid\` or issuer each): its caches are bounded.

## An authorised call

![What an authorised call costs the page](performance/call.svg)

${times(
  figures,
  [
    [callsOn("stub", "processor"), "stub, µs of processors"],
    [callsOn("stub", "wall"), "stub, µs by the wall"],
    [callsOn("loopback", "processor"), "loopback, µs of processors"],
    [callsOn("loopback", "wall"), "loopback, µs by the wall"],
  ],
  CALLERS,
)}

The stub does what a browser's fetch does first, which is to make a \`Request\`, and answers at once: what is left is the library. On loopback a server on the same machine answers, and the time is
that of all of Chromium's processes. keep.fetch makes the \`Request\` before the transport does, because the origin that the browser has read is the one that is compared, and keeps a copy without
the token for the one retry. Those two objects are what it costs beyond the engine; a plain fetch that is refused has nothing to send again. Chromium is driven through its
DevTools protocol, which notes every request; on loopback that is in everybody's figure and brings the ratios nearer to 1 than they are for people.

## Beginning

![From the navigation to the first authorised answer](performance/start.svg)

${times(
  figures,
  [
    [COLD, "cold, ms"],
    [WARM, "warm, in a new tab, ms"],
    [AGAIN, "warm, in the same tab, ms"],
  ],
  STARTERS,
)}

By hand: twenty lines that ask the refresh endpoint and put the token on a call. With a lock: the same with a Web Lock around the refresh, which keeps two tabs from using one cookie
twice; a browser that is just making a page takes its time to answer that. tokenkeep has its gzipped wasm in the JavaScript, unpacks it with \`DecompressionStream\` and
compiles it each time; tokenkeep/slim takes it from an address of its own, where the browser compiles it while it arrives. Time by the wall here, for waiting is part of it.

Cold is a browser that has nothing, warm one that has been there: it has the scripts. A new tab has nothing compiled all the same, and what tokenkeep takes there beyond the lock is mostly
functions, of JavaScript and of wasm, that are compiled when they are first called; the same tab still has them. The page itself tells when it is answered, so nobody looks into it while
it is at work, and the popup of Chromium's address bar, a page of its own that each new window loads, is off.

Loading a verifier in a fresh Node process, up to its first verification, in microseconds of processor time, compiling and optimising on other threads included:

${times(figures, [[LOAD, "µs"]], ["by hand", "jose", "aws-jwt-verify", "tokenkeep"])}

## A guarded route

![A guarded route in workerd](performance/route.svg)

${times(
  figures,
  [
    [routeOf("repeated"), "a token that comes again, µs"],
    [routeOf("distinct"), "new tokens, µs"],
  ],
  ["unguarded", "tokenkeep", "jose"],
)}

One worker process is bounded by its processor time, so the rates of requests are to each other as these times are, the other way up. Most of it is HTTP, which no guard can save.

## Sizes

![A browser client](performance/client-sizes.svg)

${sizes(figures, CLIENT_SIZES)}

![A verifier in a Worker](performance/verifier-sizes.svg)

${sizes(figures, EDGE_SIZES)}

axios-auth-refresh is weighed with axios, which it is for. ky and axios-auth-refresh send and repeat; oidc-client-ts, keycloak-js and auth0-spa-js sign users in as well. What tokenkeep's bytes are spent on is a machine
that keeps tabs, sleeping laptops, logouts and late answers apart, and on the verifier's side strict reading of JSON and keys. The wasm of a Worker is deployed once and
never downloaded by a user; a browser's client is, and is built for size.

## The pure layers, natively

${table(
  ["", ...["300 bytes", "4 KB"]],
  ["token", "claims", "refresh reply"].map((what) => [
    `reading: ${what}, µs`,
    ...["300 bytes", "4 KB"].map((size) => withSpread(figures.value(READING, `${what}, ${size}`))),
  ]),
)}

The engine takes ${withSpread(figures.value(SPEEDS, "engine, inputs a second"))} inputs a second (half of them requests, half the word that one was accepted, and two renewals for each hundred requests); the simulator runs ${withSpread(figures.value(SPEEDS, "simulator, seeds a second"))}
seeds a second on one core.
`;
}
