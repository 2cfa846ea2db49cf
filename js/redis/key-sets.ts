// Key sets in Redis. An entry is its time, a space, and the set as JSON: the time stands before the
// rest, so that the script that writes an entry need not read the other one.

import { invalidOption } from "../edge/options/invalid.js";
import { number, readMembers } from "../edge/options/read.js";
import type { JwksStore, StoredJwks } from "../edge/options/store-types.js";
import type { RedisClient } from "./client.js";
import { Connection } from "./connection.js";

/** What `redisJwksStore` takes. */
export interface RedisJwksOptions {
  /** What the keys begin with. Default "tokenkeep:jwks:". */
  prefix?: string;
  /** Milliseconds to wait for Redis. Default 1 000. */
  timeout?: number;
}

const KNOWN: readonly string[] = ["prefix", "timeout"] satisfies (keyof RedisJwksOptions)[];

/** Bytes of an entry at most. A set has 262 144, unless `jwks.maxBytes` says something else. */
const MOST_BYTES = 1_048_576;

/**
 * KEYS[1]: the entry. ARGV: a new one, its time, its life in seconds. One that is newer stays,
 * unless it comes from the future. What can't be read is replaced.
 */
const PUT = `
local old = redis.pcall('GETRANGE', KEYS[1], 0, 31)
local before = type(old) == 'string' and tonumber(string.match(old, '^([%d.e+-]+) '))
local now = redis.call('TIME')[1] * 1000
if before and before > tonumber(ARGV[2]) and before < now + 60000 then return end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])`;

/**
 * Key sets in Redis. Only your own code may write to these keys: what is in them is trusted as much
 * as the endpoint.
 */
export function redisJwksStore(client: RedisClient, options: RedisJwksOptions = {}): JwksStore {
  const given = readMembers("options", options, KNOWN);
  const { prefix = "tokenkeep:jwks:" } = given;
  if (typeof prefix !== "string") throw invalidOption("prefix", "must be a text");
  const connection = new Connection(client, number("timeout", given.timeout, 1_000, 1, 60_000));
  return {
    async get(key) {
      const text = await connection.read(prefix + key, MOST_BYTES);
      return text === "" ? null : (JSON.parse(text.slice(text.indexOf(" ") + 1)) as StoredJwks);
    },
    async put(key, value, ttlSeconds) {
      const time = String(value.fetchedAt);
      const entry = `${time} ${JSON.stringify(value)}`;
      if (new TextEncoder().encode(entry).length > MOST_BYTES) return;
      await connection.run(
        PUT,
        prefix + key,
        entry,
        time,
        String(Math.max(1, Math.ceil(ttlSeconds))),
      );
    },
  };
}
