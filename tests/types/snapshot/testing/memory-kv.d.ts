import type { KeyValue } from "../edge/options/store-types.js";
export interface MemoryKv extends KeyValue {
    keys(): readonly string[];
}
export declare function memoryKv(options?: {
    clock?: () => number;
}): MemoryKv;
