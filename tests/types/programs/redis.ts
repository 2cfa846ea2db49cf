// `tokenkeep/redis`, as a server uses it. Nothing here runs: the type check is the test. That the
// clients of redis and ioredis fit is for tests/edge/redis.test.ts to show.

import {
  createVerifier,
  type JwksStore,
  type KeyValue,
  type ReplayStore,
  type RevocationStore,
  type Revoker,
} from "tokenkeep/edge";
import {
  type RedisClient,
  type RedisJwksOptions,
  type RedisKeyValueOptions,
  type RedisReplayOptions,
  type RedisRevocationOptions,
  type RedisSessionsOptions,
  redisJwksStore,
  redisKeyValue,
  redisReplay,
  redisRevocation,
  redisSessions,
  type SessionRecord,
  type SessionStore,
} from "tokenkeep/redis";

declare const client: RedisClient;

const options: RedisRevocationOptions = {
  prefix: "app:revoked:",
  cacheTtl: 10,
  timeout: 500,
  clock: () => Date.now(),
};
const ofSets: RedisJwksOptions = { prefix: "app:jwks:", timeout: 500 };

const revocation: RevocationStore & Revoker = redisRevocation(client, options);
const store: JwksStore = redisJwksStore(client, ofSets);
const ofValues: RedisKeyValueOptions = { prefix: "app:", timeout: 500 };
export const values: KeyValue = redisKeyValue(client, ofValues);
createVerifier({ issuers: () => null, revocation, jwks: { store } });
redisRevocation(client).revokeSession("https://issuer.example", "s1", 900) satisfies Promise<void>;

const ofProofs: RedisReplayOptions = { prefix: "app:proof:", timeout: 500, clock: Date.now };
export const replay: ReplayStore = redisReplay(client, ofProofs);

const ofSessions: RedisSessionsOptions = { prefix: "app:session:", timeout: 500 };
const sessions: SessionStore = redisSessions(client, ofSessions);
export const session: Promise<SessionRecord | null> = sessions.read("key");

// @ts-expect-error no client at all
redisRevocation({});
// @ts-expect-error misspelt
redisRevocation(client, { cacheTTL: 10 });
// @ts-expect-error seconds are a number
redisJwksStore(client, { timeout: "1s" });
