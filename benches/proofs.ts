// How long a verifier takes for a DPoP proof, in Node and in workerd, beside jose with the same
// checks; and how long a page takes to make one, beside panva/dpop. It exists because the page of
// figures measures tokens. It fails when a bar is missed. Alone, after a build: `npm run
// bench:proofs`.

import { startWorker } from "../tests/edge/workerd/start.ts";
import { hold, NOTHING, WHOLE } from "./contest.ts";
import { descendantNamed, processorTime } from "./processor-time.ts";
import { contestants, NAMES, proofsOf } from "./proofs/contestants.ts";
import { type Maker, measureMaking } from "./proofs/making.ts";

/** Parts of jose's time. */
const BARS = { node: 0.5, workerd: 0.85 };
/** Parts of panva/dpop's time. */
const MAKING = { "a proof": 0.7, "what proofs add to keep.fetch": 1.2 };
const EACH = 150;
const SLICES = 10;

interface Stage {
  readonly clock: () => number;
  readonly turn: (who: string, round: number) => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

const sliceOf = (round: number) => (round % SLICES) * EACH;

async function inNode(): Promise<Stage> {
  const proofs = await proofsOf(SLICES * EACH);
  const found = await contestants(proofs);
  return {
    clock: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    async turn(who, round) {
      const from = sliceOf(round);
      for (const proof of proofs.slice(from, from + EACH)) await found[who]?.(proof);
    },
    close: async () => undefined,
  };
}

async function inWorkerd(): Promise<Stage> {
  const { miniflare } = await startWorker("../../../benches/proofs/worker.ts", {
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const url = await miniflare.unsafeGetDirectURL();
  const pid = descendantNamed("workerd");
  const ask = async (words: Record<string, string>, method = "GET") => {
    const answer = await fetch(new URL(`?${new URLSearchParams(words)}`, url), { method });
    if (answer.status !== 204) throw new Error(await answer.text());
  };
  await ask({ count: String(SLICES * EACH) }, "POST");
  return {
    clock: () => (pid === null ? null : processorTime(pid)) ?? performance.now() * 1000,
    turn(who, round) {
      const from = sliceOf(round);
      return ask({ who, from: String(from), to: String(from + EACH) });
    },
    close: () => miniflare.dispose(),
  };
}

const median = (times: readonly number[]) =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;

const missed: string[] = [];
for (const [place, open] of Object.entries({ node: inNode, workerd: inWorkerd })) {
  const { clock, turn, close } = await open();
  for (let pass = 0; pass < 2; pass += 1)
    for (const who of NAMES) for (let slice = 0; slice < SLICES; slice += 1) await turn(who, slice);
  const rounds = await hold(
    { names: NAMES, each: EACH, clock, turn },
    { ...WHOLE, rounds: 3 * WHOLE.rounds },
  );
  await close();
  const idle = median(rounds[NOTHING] ?? []);
  const time = (who: string) => median(rounds[who] ?? []) - idle;
  const share = (who: string) => time(who) / time("jose");
  console.log(
    `${place}: jose ${time("jose").toFixed(0)} µs of processor time; of that ` +
      `tokenkeep ${share("tokenkeep").toFixed(2)}, ` +
      `the signature alone ${share("signature alone").toFixed(2)}`,
  );
  const bar = BARS[place as keyof typeof BARS];
  if (share("tokenkeep") > bar)
    missed.push(`${place}: ${share("tokenkeep").toFixed(2)}, the bar is ${bar}`);
}
const { wall, processor } = await measureMaking({ ...WHOLE, rounds: 3 * WHOLE.rounds });
for (const [clock, rounds] of Object.entries({ wall, processor })) {
  const idle = median(rounds[NOTHING] ?? []);
  const time = (who: Maker) => median(rounds[who] ?? []) - idle;
  const share = (microseconds: number) => microseconds / time("panva/dpop");
  const shares = {
    "a proof": share(time("tokenkeep")),
    "what proofs add to keep.fetch": share(time("keep.fetch with proofs") - time("keep.fetch")),
  };
  console.log(
    `Chromium, ${clock} clock: panva/dpop makes a proof in ${time("panva/dpop").toFixed(0)} µs; ` +
      `of that the signature alone ${share(time("signature alone")).toFixed(2)}, ` +
      Object.entries(shares)
        .map(([what, value]) => `${what} ${value.toFixed(2)}`)
        .join(", "),
  );
  // A page waits by the wall clock.
  if (clock !== "wall") continue;
  for (const [what, bar] of Object.entries(MAKING)) {
    const value = shares[what as keyof typeof shares];
    if (value > bar) missed.push(`${what}: ${value.toFixed(2)}, the bar is ${bar}`);
  }
}
if (missed.length > 0) {
  console.error(missed.join("\n"));
  process.exitCode = 1;
}
