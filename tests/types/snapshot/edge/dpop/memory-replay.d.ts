import type { ReplayStore, ReplayUse } from "../options/store-types.js";
export declare class SeenProofs {
    #private;
    constructor(most: number);
    get size(): number;
    isFirst({ name, expiresAt }: Pick<ReplayUse, "name" | "expiresAt">, now: number): boolean;
    sweep(now: number): readonly string[];
}
export declare function memoryReplay(options?: {
    max?: number;
    clock?: () => number;
}): ReplayStore;
export declare const MOST_PROOFS = 100000;
export declare function replayIn(seen: SeenProofs, clock: () => number): ReplayStore;
