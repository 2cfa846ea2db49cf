// The pure layers natively, through Criterion (benches/native): reading, the engine, the simulator.
// Criterion's clock measures processor time too.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { must, root } from "../../scripts/lib/run.mjs";
import type { Effort, Rounds } from "../contest.ts";
import { READING, SPEEDS } from "../names.ts";

/** Criterion's folders under target/criterion. */
const PLACES = {
  [READING]: {
    "token, 300 bytes": "reading, 300 bytes/token",
    "claims, 300 bytes": "reading, 300 bytes/claims",
    "refresh reply, 300 bytes": "reading, 300 bytes/reply",
    "token, 4 KB": "reading, 4 KB/token",
    "claims, 4 KB": "reading, 4 KB/claims",
    "refresh reply, 4 KB": "reading, 4 KB/reply",
  },
  [SPEEDS]: {
    "engine, inputs a second": "engine/inputs",
    "simulator, seeds a second": "simulator/seeds",
  },
} as const;

interface Sample {
  readonly iters: readonly number[];
  /** Nanoseconds. */
  readonly times: readonly number[];
}

function read<T>(place: string, file: string): T {
  return JSON.parse(
    readFileSync(
      fileURLToPath(new URL(`../../target/criterion/${place}/new/${file}`, import.meta.url)),
      "utf8",
    ),
  ) as T;
}

/** Nanoseconds of an iteration, sample by sample. */
function samplesOf(place: string): number[] {
  const { iters, times } = read<Sample>(place, "sample.json");
  return times.map((time, sample) => time / (iters[sample] ?? Number.NaN));
}

export async function measureNative({ rounds, share }: Effort): Promise<Record<string, Rounds>> {
  const quick =
    share < 1
      ? ["--warm-up-time", "0.2", "--measurement-time", "0.5"]
      : ["--warm-up-time", "1", "--measurement-time", "3"];
  const samples = ["--sample-size", String(Math.max(10, rounds * 3))];
  const benches = ["reading", "engine", "simulator"].flatMap((name) => ["--bench", name]);
  await must(
    "cargo",
    ["bench", "--locked", "--quiet", ...benches, "--", "--noplot", ...quick, ...samples],
    { cwd: root, seconds: 1800 },
  );
  const reading = Object.fromEntries(
    Object.entries(PLACES[READING]).map(([name, place]) => [
      name,
      samplesOf(place).map((time) => time / 1000),
    ]),
  );
  const speeds = Object.fromEntries(
    Object.entries(PLACES[SPEEDS]).map(([name, place]) => {
      const { throughput } = read<{ throughput: { Elements: number } }>(place, "benchmark.json");
      return [name, samplesOf(place).map((time) => (throughput.Elements / time) * 1e9)];
    }),
  );
  return { [READING]: reading, [SPEEDS]: speeds };
}
