import type { Actor, Claims, Verified } from "./verified.js";
export declare function isDelegated(claims: Claims): boolean;
export declare function actorsOf(claims: Claims): readonly Actor[];
export declare function mayAct(subjectToken: Verified, actor: {
    readonly issuer?: string;
    readonly subject: string;
}): boolean;
