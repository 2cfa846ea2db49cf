import type { JwksStore, KeyValue } from "../options/store-types.js";
export declare function digestOf(parts: readonly string[]): Promise<string>;
export declare function withoutDelay<T>(timeout: number, ask: () => Promise<T>): Promise<T | null>;
export declare function kvJwksStore(kv: KeyValue, options?: {
    prefix?: string;
}): JwksStore;
export declare function cacheJwksStore(cache: Cache): JwksStore;
