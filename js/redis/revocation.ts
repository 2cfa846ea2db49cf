// Revocations in Redis. Each stands under one key with a TTL. The script that writes it keeps the
// later of two cut-offs and the longer of two lives, and publishes the key's name. Every process
// that hears of it forgets what it knew. A message never says what is true: the channels of a Redis
// are shared by all its databases and prefixes.

import { digestOf } from "../edge/keys/stores.js";
import { invalidOption } from "../edge/options/invalid.js";
import { number, readMembers } from "../edge/options/read.js";
import type { RevocationStore, Revoker } from "../edge/options/store-types.js";
import { VerifyError } from "../edge/request/error.js";
import { clockOf, type Entry, entryOf, putNewest, revocationOver } from "../edge/result/revoked.js";
import type { RedisClient } from "./client.js";
import { Connection } from "./connection.js";
import { Subscription } from "./subscription.js";

/** What `redisRevocation` takes. */
export interface RedisRevocationOptions {
  /** What the keys and the channel begin with. Default "tokenkeep:revoked:". */
  prefix?: string;
  /** Seconds that an answer is remembered. Default 30, 0 for none. */
  cacheTtl?: number;
  /** Milliseconds to wait for Redis. Default 1 000. */
  timeout?: number;
  /** Milliseconds since the epoch; for tests. */
  clock?: () => number;
}

const KNOWN: readonly string[] = [
  "prefix",
  "cacheTtl",
  "timeout",
  "clock",
] satisfies (keyof RedisRevocationOptions)[];

/** Bytes of an entry at most. What is longer can't be read. */
const MOST_BYTES = 128;

/**
 * KEYS[1]: the entry. ARGV: its cut-off, its life in milliseconds, the channel, its name there.
 * A cut-off stays the text that it is, because Lua would round it. What can't be read is replaced.
 */
const REVOKE = `
local made, life = ARGV[1], tonumber(ARGV[2])
local old = redis.pcall('GETRANGE', KEYS[1], 0, ${MOST_BYTES - 1})
local before = type(old) == 'string' and string.match(old, '^{"made":([%d.e+-]+)}$')
if before and tonumber(before) then
  if tonumber(before) > tonumber(made) then made = before end
  life = math.max(life, redis.call('PTTL', KEYS[1]))
end
redis.call('SET', KEYS[1], '{"made":' .. made .. '}', 'PX', string.format('%.0f', life))
redis.call('PUBLISH', ARGV[3], ARGV[4])`;

/**
 * Revocations in Redis with a TTL, for processes that share one. A revocation counts at once where
 * it was made, and within a second everywhere else. For that, answers are remembered only while
 * their changes are heard of, on a connection of its own (`client.duplicate()`) that ends with the
 * client. A cluster's or a pool's client has each question asked.
 */
export function redisRevocation(
  client: RedisClient,
  options: RedisRevocationOptions = {},
): RevocationStore & Revoker {
  const given = readMembers("options", options, KNOWN);
  const { prefix = "tokenkeep:revoked:" } = given;
  if (typeof prefix !== "string") throw invalidOption("prefix", "must be a text");
  const cacheTtl = number("cacheTtl", given.cacheTtl, 30, 0, Number.MAX_SAFE_INTEGER) * 1000;
  const connection = new Connection(client, number("timeout", given.timeout, 1_000, 1, 60_000));
  const clock = clockOf(given.clock);

  /** By digest, until a moment of `performance.now()`. */
  const remembered = new Map<string, { readonly entry: Entry | null; readonly until: number }>();
  /** The last read of each name that is under way. One that a change overtook is not remembered. */
  const reading = new Map<string, object>();
  const digests = new Map<string, string>();
  const forget = (digest: string) => {
    remembered.delete(digest);
    reading.delete(digest);
  };
  const forgetAll = () => {
    remembered.clear();
    reading.clear();
  };
  const subscription =
    cacheTtl > 0 && connection.hearsInOrder
      ? new Subscription(connection, `${prefix}changes`, forget, forgetAll)
      : null;

  const digestFor = async (name: string) => {
    const digest = digests.get(name) ?? (await digestOf([name]));
    putNewest(digests, name, digest);
    return digest;
  };
  const read = async (digest: string) => {
    const text = await connection.read(prefix + digest, MOST_BYTES);
    subscription?.open();
    return text === "" ? null : entryOf(text);
  };

  return revocationOver(
    {
      async get(name) {
        const digest = await digestFor(name);
        if (subscription === null || !subscription.isAlive()) return read(digest);
        const known = remembered.get(digest);
        if (known !== undefined && performance.now() < known.until) return known.entry;
        const mark = {};
        reading.set(digest, mark);
        try {
          const entry = await read(digest);
          if (reading.get(digest) === mark)
            putNewest(remembered, digest, { entry, until: performance.now() + cacheTtl });
          return entry;
        } finally {
          if (reading.get(digest) === mark) reading.delete(digest);
        }
      },
      async put(name, { made, until }) {
        const digest = await digestFor(name);
        const life = Math.min(Math.ceil(until * 1000 - clock()), Number.MAX_SAFE_INTEGER);
        try {
          await connection.run(
            REVOKE,
            prefix + digest,
            String(made),
            String(Math.max(1, life)),
            `${prefix}changes`,
            digest,
          );
        } catch (cause) {
          // It may stand all the same. To revoke again does no harm.
          throw new VerifyError("revocation.unavailable", { cause });
        } finally {
          forget(digest);
        }
      },
    },
    clock,
  );
}
