import type { KeyValue } from "../edge/options/store-types.js";
import type { RedisClient } from "./client.js";
export interface RedisKeyValueOptions {
    prefix?: string;
    timeout?: number;
}
export declare function redisKeyValue(client: RedisClient, options?: RedisKeyValueOptions): KeyValue;
