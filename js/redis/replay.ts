// Proofs that were used, in Redis: a key for each, which the server sets only if it is not there.

import { APART } from "../edge/dpop/durable-replay.js";
import { invalidOption } from "../edge/options/invalid.js";
import { number, readMembers } from "../edge/options/read.js";
import type { ReplayStore } from "../edge/options/store-types.js";
import { clockOf } from "../edge/result/revoked.js";
import type { RedisClient } from "./client.js";
import { Connection } from "./connection.js";

/** What `redisReplay` takes. */
export interface RedisReplayOptions {
  /** What the keys begin with. Default "tokenkeep:proof:". */
  prefix?: string;
  /** Milliseconds to wait for Redis. Default 1 000. */
  timeout?: number;
  /** Milliseconds since the epoch; for tests. */
  clock?: () => number;
}

const KNOWN: readonly string[] = [
  "prefix",
  "timeout",
  "clock",
] satisfies (keyof RedisReplayOptions)[];

/** KEYS[1]: the proof. ARGV: its life in milliseconds. */
const FIRST = "return redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) and 1 or 0";

/**
 * Remembers proofs in Redis, for processes that share one. Its memory policy has to be
 * `noeviction`: a proof that is thrown out could be used again. While Redis is away each request is
 * 503.
 */
export function redisReplay(client: RedisClient, options: RedisReplayOptions = {}): ReplayStore {
  const given = readMembers("options", options, KNOWN);
  const { prefix = "tokenkeep:proof:" } = given;
  if (typeof prefix !== "string") throw invalidOption("prefix", "must be a text");
  const connection = new Connection(client, number("timeout", given.timeout, 1_000, 1, 60_000));
  const clock = clockOf(given.clock);
  return {
    async firstUse({ name, expiresAt }) {
      const life = Math.ceil((expiresAt + APART) * 1000 - clock());
      const answer = await connection.run(FIRST, prefix + name, String(Math.max(1, life)));
      if (answer !== 0 && answer !== 1) throw new Error("Redis gave an odd answer.");
      return answer === 1;
    },
  };
}
