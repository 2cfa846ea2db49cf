import type { JwksStore, KeyValue } from "../options/store-types.js";
export declare function kvJwksStore(kv: KeyValue, options?: {
    prefix?: string;
}): JwksStore;
export declare function cacheJwksStore(cache: Cache): JwksStore;
