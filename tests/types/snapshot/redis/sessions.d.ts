import type { SessionStore } from "../mediator/store-types.js";
import type { RedisClient } from "./client.js";
export interface RedisSessionsOptions {
    prefix?: string;
    timeout?: number;
}
export declare function redisSessions(client: RedisClient, options?: RedisSessionsOptions): SessionStore;
