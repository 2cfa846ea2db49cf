export type { RedisClient } from "./edge/redis/connection.js";
export { type RedisJwksOptions, redisJwksStore } from "./edge/redis/key-sets.js";
export { type RedisRevocationOptions, redisRevocation } from "./edge/redis/revocation.js";
