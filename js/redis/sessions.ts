// Sessions of `tokenkeep/mediator` in Redis. A value is the record's version, a space, and the
// record as JSON: the version stands before the rest, so that the script that compares it need not
// read the record. A name is a sorted set of its sessions by their end.

import { invalidOption } from "../edge/options/invalid.js";
import { number, readMembers } from "../edge/options/read.js";
import type { SessionRecord, SessionStore } from "../mediator/store-types.js";
import type { RedisClient } from "./client.js";
import { Connection } from "./connection.js";

/** What `redisSessions` takes. */
export interface RedisSessionsOptions {
  /** What the keys begin with. Default "tokenkeep:session:". */
  prefix?: string;
  /** Milliseconds to wait for Redis. Default 1 000. */
  timeout?: number;
}

const KNOWN: readonly string[] = ["prefix", "timeout"] satisfies (keyof RedisSessionsOptions)[];

/** Bytes of a value at most. */
const MOST_BYTES = 1_048_576;

/** KEYS[1]: the session. ARGV: its value, and its life in milliseconds. */
const CREATE = "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])";
/** The same, and the version that is replaced. */
const REPLACE = `
local old = redis.call('GETRANGE', KEYS[1], 0, 31)
if string.match(old, '^%d+') ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;
const DELETE = "return redis.call('DEL', KEYS[1])";
/** KEYS[1]: a name. ARGV: a session, when it ends, the present moment, and its life. */
const NOTE = `
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end`;
const LIST = "return redis.call('ZRANGE', KEYS[1], 0, -1)";

/**
 * Sessions in Redis, for processes that share one. Its memory policy has to be `noeviction`: a
 * session that is thrown out is a user who is signed out. A replica that takes over without the
 * last writes loses the sessions that were refreshed by them.
 */
export function redisSessions(
  client: RedisClient,
  options: RedisSessionsOptions = {},
): SessionStore {
  const given = readMembers("options", options, KNOWN);
  const { prefix = "tokenkeep:session:" } = given;
  if (typeof prefix !== "string") throw invalidOption("prefix", "must be a text");
  const connection = new Connection(client, number("timeout", given.timeout, 1_000, 1, 60_000));
  const values = (record: SessionRecord): [value: string, life: string] => {
    const value = `${record.version} ${JSON.stringify(record)}`;
    if (value.length > MOST_BYTES / 3) throw new Error("The session is too large for Redis.");
    return [value, lifeOf(record)];
  };
  const note = (key: string, record: SessionRecord) =>
    Promise.all(
      record.names.map((name) =>
        connection.run(
          NOTE,
          `${prefix}name:${name}`,
          // When it began stands before it, so that it is known without reading the session.
          `${record.startedAt} ${key}`,
          String(record.expiresAt),
          String(Date.now()),
          lifeOf(record),
        ),
      ),
    );
  return {
    async create(key, record) {
      await note(key, record);
      await connection.run(CREATE, prefix + key, ...values(record));
    },
    async read(key) {
      const text = await connection.read(prefix + key, MOST_BYTES);
      return text === "" ? null : (JSON.parse(text.slice(text.indexOf(" "))) as SessionRecord);
    },
    async replace(key, version, record) {
      // What only takes a lease, or gives one back, moves no end.
      if (record.lease === null && record.retryAt === null) await note(key, record);
      const changed = await connection.run(
        REPLACE,
        prefix + key,
        ...values(record),
        String(version),
      );
      return changed === 1;
    },
    async delete(key) {
      await connection.run(DELETE, prefix + key);
    },
    async deleteNamed(name, startedUpTo = Number.MAX_SAFE_INTEGER) {
      let count = 0;
      for (const noted of (await connection.run(LIST, `${prefix}name:${name}`)) as string[]) {
        const [startedAt, key = ""] = noted.split(" ");
        if (Number(startedAt) <= startedUpTo)
          count += Number(await connection.run(DELETE, prefix + key));
      }
      return count;
    },
  };
}

/** Milliseconds. */
function lifeOf({ expiresAt }: SessionRecord): string {
  return String(Math.max(1, Math.ceil(expiresAt - Date.now())));
}
