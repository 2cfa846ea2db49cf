import type { KeyValue, RevocationStore, Revoker } from "../options/store-types.js";
export interface Entry {
    readonly made: number;
    readonly until: number;
}
interface Entries {
    get(name: string): Entry | null | Promise<Entry | null>;
    put(name: string, entry: Entry): void | Promise<void>;
}
export declare function revocationOver(entries: Entries, clock: () => number): RevocationStore & Revoker;
export declare function kvRevocation(kv: KeyValue, options?: {
    prefix?: string;
    cacheTtl?: number;
    clock?: () => number;
}): RevocationStore & Revoker;
export declare function putNewest<T>(entries: Map<string, T>, name: string, entry: T): void;
export declare function clockOf(given: (() => number) | undefined): () => number;
export declare function entryOf(text: string | null): Entry | null;
export declare function memoryRevocation(options?: {
    max?: number;
    clock?: () => number;
}): RevocationStore & Revoker;
export {};
