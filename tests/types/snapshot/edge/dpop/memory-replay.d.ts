import type { ReplayStore } from "../options/store-types.js";
import { SeenProofs } from "./seen-proofs.js";
export declare function memoryReplay(options?: {
    max?: number;
    clock?: () => number;
}): ReplayStore;
export declare function replayIn(seen: SeenProofs, clock: () => number): ReplayStore;
