import type { RevocationStore, Revoker } from "../edge/options/store-types.js";
import type { RedisClient } from "./client.js";
export interface RedisRevocationOptions {
    prefix?: string;
    cacheTtl?: number;
    timeout?: number;
    clock?: () => number;
}
export declare function redisRevocation(client: RedisClient, options?: RedisRevocationOptions): RevocationStore & Revoker;
