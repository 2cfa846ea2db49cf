import type { ReplayUse } from "../options/store-types.js";
export declare const MOST_PROOFS = 100000;
export declare class SeenProofs {
    #private;
    constructor(most: number);
    isFirst({ name, expiresAt }: Pick<ReplayUse, "name" | "expiresAt">, now: number): boolean;
}
