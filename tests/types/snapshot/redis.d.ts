export type { RedisClient } from "./edge/redis/client.js";
export { type RedisJwksOptions, redisJwksStore } from "./edge/redis/key-sets.js";
export { type RedisKeyValueOptions, redisKeyValue } from "./edge/redis/key-value.js";
export { type RedisReplayOptions, redisReplay } from "./edge/redis/replay.js";
export { type RedisRevocationOptions, redisRevocation } from "./edge/redis/revocation.js";
export { type RedisSessionsOptions, redisSessions } from "./edge/redis/sessions.js";
export type { SessionRecord, SessionStore } from "./mediator/store-types.js";
