// An encrypted token at first sight, tokenkeep's and jose's, in Node and in workerd: A256KW with
// A256GCM outside, ES256 inside.

import { startWorker } from "../../tests/edge/workerd/start.ts";
import { type Contest, type Effort, hold, type Rounds } from "../contest.ts";
import { encryptedIn } from "../names.ts";
import { descendantNamed, processorTime } from "../processor-time.ts";
import { runOver } from "../verify/contestants.ts";
import {
  type EncryptedField,
  encryptedContestantsOf,
  encryptedFieldOf,
  NAMES,
} from "../verify/encrypted.ts";

const EACH = 200;
const SLICES = 8;

/** A slice of tokens that were not seen for longer than a verifier remembers. */
const sliceOf = (round: number) => {
  const from = (round % SLICES) * EACH;
  return { from, to: from + EACH };
};

async function inNode(field: EncryptedField, effort: Effort): Promise<Rounds> {
  const contestants = await encryptedContestantsOf(field);
  const turn: Contest["turn"] = (who, round) => {
    const { from, to } = sliceOf(round);
    return runOver(contestants[who as (typeof NAMES)[number]], field.tokens.slice(from, to), 1);
  };
  const clock = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  return hold({ names: NAMES, each: EACH, clock, turn }, effort);
}

async function inWorkerd(field: EncryptedField, effort: Effort): Promise<Rounds> {
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
    return await hold({ names: NAMES, each: EACH, clock, turn }, effort);
  } finally {
    await miniflare.dispose();
  }
}

export async function measureEncrypted(effort: Effort): Promise<Record<string, Rounds>> {
  const field = await encryptedFieldOf(SLICES * EACH);
  // A turn is short: more of them, for a steady middle.
  const longer = { ...effort, rounds: 6 * effort.rounds + 1, warmUp: 2 * effort.warmUp };
  return {
    [encryptedIn("node")]: await inNode(field, longer),
    [encryptedIn("workerd")]: await inWorkerd(field, longer),
  };
}
