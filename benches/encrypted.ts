// The time of an encrypted token at first sight, tokenkeep's and jose's, in Node and in workerd.
// They take turns in one process. Prints the processor time of a token and how it compares, round
// by round. Alone, after a build: `node --import tsx benches/encrypted.ts`.

import { startWorker } from "../tests/edge/workerd/start.ts";
import { type Contest, hold, type Rounds } from "./contest.ts";
import { descendantNamed, processorTime } from "./processor-time.ts";
import { runOver } from "./verify/contestants.ts";
import {
  type EncryptedField,
  encryptedContestantsOf,
  encryptedFieldOf,
  NAMES,
} from "./verify/encrypted.ts";

const EACH = 200;
const SLICES = 8;
const EFFORT = { rounds: 9, warmUp: 4, share: 1 };

/** A slice of tokens that were not seen for longer than a verifier remembers. */
const sliceOf = (round: number) => {
  const from = (round % SLICES) * EACH;
  return { from, to: from + EACH };
};

async function inNode(field: EncryptedField): Promise<Rounds> {
  const contestants = await encryptedContestantsOf(field);
  const turn: Contest["turn"] = (who, round) => {
    const { from, to } = sliceOf(round);
    return runOver(contestants[who as (typeof NAMES)[number]], field.tokens.slice(from, to), 1);
  };
  const clock = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  return hold({ names: NAMES, each: EACH, clock, turn }, EFFORT);
}

async function inWorkerd(field: EncryptedField): Promise<Rounds> {
  const { miniflare } = await startWorker("../../../benches/verify/encrypted-worker.ts", {
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  try {
    const url = await miniflare.unsafeGetDirectURL();
    const pid = descendantNamed("workerd");
    const ask = async (query: string, init?: RequestInit) => {
      const { status } = await fetch(new URL(query, url), init);
      if (status !== 204) throw new Error(`workerd answered ${status}`);
    };
    await ask("/", { method: "POST", body: JSON.stringify(field) });
    const turn: Contest["turn"] = (who, round) => {
      const { from, to } = sliceOf(round);
      return ask(`/?who=${who}&from=${from}&to=${to}`);
    };
    const clock = () => (pid === null ? null : processorTime(pid)) ?? performance.now() * 1000;
    return await hold({ names: NAMES, each: EACH, clock, turn }, EFFORT);
  } finally {
    await miniflare.dispose();
  }
}

const median = (numbers: readonly number[]) =>
  [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const field = await encryptedFieldOf(SLICES * EACH);
for (const [place, run] of [
  ["Node", inNode],
  ["workerd", inWorkerd],
] as const) {
  const { jose = [], tokenkeep = [] } = await run(field);
  const ratio = median(tokenkeep.map((time, round) => time / (jose[round] ?? Number.NaN)));
  const [ours, theirs] = [median(tokenkeep), median(jose)].map((time) => time.toFixed(0));
  console.log(`${place}: ${ours} µs, jose ${theirs} µs, ratio ${ratio.toFixed(2)}`);
}
