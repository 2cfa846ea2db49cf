import type { KeyValue, RevocationStore, Revoker } from "../options/store-types.js";
export declare function kvRevocation(kv: KeyValue, options?: {
    prefix?: string;
    cacheTtl?: number;
    clock?: () => number;
}): RevocationStore & Revoker;
export declare function memoryRevocation(options?: {
    max?: number;
    clock?: () => number;
}): RevocationStore & Revoker;
