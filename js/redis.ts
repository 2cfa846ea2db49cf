// The entry point `tokenkeep/redis`: stores for the verifiers, and the mediators, of processes that
// share a Redis. It loads no wasm, and its errors are those of `tokenkeep/edge`.

export type { SessionRecord, SessionStore } from "./mediator/store-types.js";
export type { RedisClient } from "./redis/client.js";
export { type RedisJwksOptions, redisJwksStore } from "./redis/key-sets.js";
export { type RedisKeyValueOptions, redisKeyValue } from "./redis/key-value.js";
export { type RedisReplayOptions, redisReplay } from "./redis/replay.js";
export { type RedisRevocationOptions, redisRevocation } from "./redis/revocation.js";
export { type RedisSessionsOptions, redisSessions } from "./redis/sessions.js";
