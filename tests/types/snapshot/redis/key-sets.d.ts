import type { JwksStore } from "../edge/options/store-types.js";
import type { RedisClient } from "./client.js";
export interface RedisJwksOptions {
    prefix?: string;
    timeout?: number;
}
export declare function redisJwksStore(client: RedisClient, options?: RedisJwksOptions): JwksStore;
