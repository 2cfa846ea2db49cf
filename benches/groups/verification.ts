// Verification of one token after the other, and of many at once: new tokens and one that comes
// again, small and large claims, in Node, in workerd and in Chromium. Only the processor time of
// the runtime's own process counts.

import { startWorker } from "../../tests/edge/workerd/start.ts";
import { bundled, launch, pageOf, sends, serve } from "../chromium.ts";
import { type Contest, type Effort, hold, NOTHING, type Rounds } from "../contest.ts";
import { contestOf, KINDS, type Kind, LOOKUP, PLACES, type Place } from "../names.ts";
import { descendantNamed, processorTime } from "../processor-time.ts";
import {
  contestantsOf,
  EVERYWHERE,
  examine,
  runOver,
  type Turn,
  tokensOf,
} from "../verify/contestants.ts";
import { ALGORITHMS, type Alg, type Field, fieldOf } from "../verify/field.ts";
import { nodeContestantsOf } from "../verify/node.ts";

const EACH = 150;
/** How often a token comes again in a turn. */
const REPEATED = 450;
/** The same for verifiers that remember it, whose turn would otherwise be too short to measure. */
const REMEMBERED = 20_000;
/**
 * So many slices in turn hold more tokens than a verifier remembers here. Each token is therefore
 * new whenever it comes.
 */
const SLICES = 10;
const PADDING = 3_700;

/** The place where contestants run: it takes a field, and then turns. */
export interface Stage {
  readonly names: readonly string[];
  readonly clock: () => number;
  readonly prepare: (name: string, field: Field) => Promise<(turn: Turn) => Promise<unknown>>;
  readonly close: () => Promise<void>;
}

export function inNode(): Stage {
  return {
    names: [...EVERYWHERE, "fast-jwt", "by hand, node:crypto"],
    clock: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    prepare: async (_, field) => {
      const contestants = { ...(await contestantsOf(field)), ...nodeContestantsOf(field) };
      await examine(contestants, field);
      return (turn) => runOver(contestants[turn.who]!, tokensOf(field, turn), turn.atOnce);
    },
    close: () => Promise.resolve(),
  };
}

export async function inWorkerd(): Promise<Stage> {
  // Straight to the Worker, not through miniflare's entry Worker.
  const { miniflare } = await startWorker("../../../benches/verify/worker.ts", {
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const url = await miniflare.unsafeGetDirectURL();
  const pid = descendantNamed("workerd");
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(new URL(path, url), init);
    if (response.status !== 204)
      throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  };
  return {
    names: EVERYWHERE,
    clock: () => (pid === null ? null : processorTime(pid)) ?? performance.now() * 1000,
    prepare: async (name, field) => {
      const path = `/${name.replaceAll(" ", "-")}`;
      await ask(path, { method: "POST", body: JSON.stringify(field) });
      return (turn) =>
        ask(
          `${path}?${new URLSearchParams(Object.entries(turn).map(([key, value]) => [key, String(value)]))}`,
        );
    },
    close: () => miniflare.dispose(),
  };
}

export async function inChromium(): Promise<Stage> {
  const script = await bundled("./verify/page.ts");
  const site = await serve({
    "/": sends("text/html", pageOf("/page.js")),
    "/page.js": sends("text/javascript", script),
  });
  const { browser, settle, clock, close } = await launch();
  const page = await browser.newPage();
  await page.goto(site.origin);
  await page.waitForFunction(() => "verification" in globalThis);
  await settle();
  return {
    names: EVERYWHERE,
    clock,
    prepare: async (_, field) => {
      await page.evaluate((given) => verification.prepare(given), field);
      return (turn) => page.evaluate((given) => verification.turn(given), turn);
    },
    close: async () => {
      await close();
      await site.close();
    },
  };
}

const stages: Readonly<Record<Place, () => Promise<Stage>>> = {
  node: async () => inNode(),
  workerd: inWorkerd,
  chromium: inChromium,
};

const isLarge = (kind: Kind) => kind === "distinct 4 KB";

/** The contests of one runtime and algorithm. */
async function contestsOf(
  stage: Stage,
  place: Place,
  alg: Alg,
  kinds: readonly Kind[],
  effort: Effort,
): Promise<[string, Rounds][]> {
  const each = Math.round(EACH * effort.share);
  const found: [string, Rounds][] = [];
  for (const large of [false, true]) {
    const chosen = kinds.filter((kind) => isLarge(kind) === large);
    if (chosen.length === 0) continue;
    const field = await fieldOf(alg, SLICES * each, large ? PADDING : 0);
    const run = await stage.prepare(`${alg}${large ? "-large" : ""}`, field);
    // wasm and JavaScript get fast only after some thousand calls: all tokens twice, or once in a
    // quick run.
    for (let pass = 0; pass < 2 * effort.share; pass += 1) {
      for (const who of stage.names)
        await run({ who, from: 0, to: SLICES * each, repeat: 0, atOnce: 1 });
    }
    // The next contest goes on here, because the tokens of the last one are still remembered.
    let played = 0;
    for (const kind of chosen.filter((one) => one !== "repeated")) {
      const turn: Contest["turn"] = (who, round) => {
        const from = ((played + round) % SLICES) * each;
        return run({
          who,
          from,
          to: from + each,
          repeat: 0,
          atOnce: kind === "distinct 32 at once" ? 32 : 1,
        });
      };
      found.push([
        contestOf(place, alg, kind),
        await hold({ names: stage.names, each, clock: stage.clock, turn }, effort),
      ]);
      played += effort.warmUp + effort.rounds;
    }
    if (chosen.includes("repeated")) {
      const often = (who: string) =>
        Math.round((who === "tokenkeep" ? REMEMBERED : REPEATED) * effort.share);
      const empty = () => run({ who: NOTHING, from: 0, to: 0, repeat: 0, atOnce: 1 });
      const again = (who: string, repeat: number) =>
        run({ who, from: 0, to: 1, repeat, atOnce: 1 });
      const names = stage.names.filter((name) => name !== NOTHING);
      found.push([
        contestOf(place, alg, "repeated"),
        await hold(
          { names, each: often, clock: stage.clock, turn: (who) => again(who, often(who)), empty },
          effort,
        ),
      ]);
      if (place === "workerd" && alg === "ES256") {
        const each = often("tokenkeep");
        const contest = {
          names: [NOTHING, "a Map", "tokenkeep"],
          each,
          clock: stage.clock,
          turn: (who: string) => again(who, each),
        };
        found.push([LOOKUP, await hold(contest, effort)]);
      }
    }
  }
  return found;
}

/** A single round can be off by a third, and bars in workerd are a twentieth apart. */
function longer(effort: Effort, place: Place): Effort {
  return effort.share < 1
    ? effort
    : { ...effort, rounds: (place === "workerd" ? 4 : 2) * effort.rounds + 1 };
}

export async function measureVerification(
  effort: Effort,
  places: readonly Place[] = PLACES,
  kinds: readonly Kind[] = KINDS,
): Promise<Record<string, Rounds>> {
  const found: [string, Rounds][] = [];
  for (const place of places) {
    const stage = await stages[place]();
    try {
      for (const alg of ALGORITHMS)
        found.push(...(await contestsOf(stage, place, alg, kinds, longer(effort, place))));
    } finally {
      await stage.close();
    }
  }
  return Object.fromEntries(found);
}
