import type { ReplayStore } from "../edge/options/store-types.js";
import type { RedisClient } from "./client.js";
export interface RedisReplayOptions {
    prefix?: string;
    timeout?: number;
    clock?: () => number;
}
export declare function redisReplay(client: RedisClient, options?: RedisReplayOptions): ReplayStore;
