// Redis with the methods of Workers KV, for what takes such a namespace as a store that may lag:
// the shared tokens of `tokenkeep/service`.

import { invalidOption } from "../edge/options/invalid.js";
import { number, readMembers } from "../edge/options/read.js";
import type { KeyValue } from "../edge/options/store-types.js";
import type { RedisClient } from "./client.js";
import { Connection } from "./connection.js";

/** What `redisKeyValue` takes. */
export interface RedisKeyValueOptions {
  /** What the keys begin with. Default none. */
  prefix?: string;
  /** Milliseconds to wait for Redis. Default 1 000. */
  timeout?: number;
}

/** Bytes of a value at most. What is longer is cut off, and nobody's any more. */
const MOST_BYTES = 1_048_576;

/** KEYS[1]: the entry. ARGV: the value, and its life in seconds where it has an end. */
const PUT = `
if ARGV[2] then return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
return redis.call('SET', KEYS[1], ARGV[1])`;

const DELETE = "return redis.call('DEL', KEYS[1])";

/** A namespace in Redis, as a Worker has one in KV. Rejects when Redis is late. */
export function redisKeyValue(client: RedisClient, options: RedisKeyValueOptions = {}): KeyValue {
  const given = readMembers("options", options, ["prefix", "timeout"]);
  const { prefix = "" } = given;
  if (typeof prefix !== "string") throw invalidOption("prefix", "must be a text");
  const connection = new Connection(client, number("timeout", given.timeout, 1_000, 1, 60_000));
  return {
    get: async (key) => (await connection.read(prefix + key, MOST_BYTES)) || null,
    async put(key, value, { expirationTtl } = {}) {
      const end = expirationTtl === undefined ? [] : [String(Math.ceil(expirationTtl))];
      await connection.run(PUT, prefix + key, value, ...end);
    },
    delete: async (key) => void (await connection.run(DELETE, prefix + key)),
  };
}
