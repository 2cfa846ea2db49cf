import type { ReplayStore } from "../options/store-types.js";
export interface ReplayNamespace {
    idFromName(name: string): unknown;
    get(id: never): unknown;
}
export interface Question {
    readonly name: string;
    readonly until: number;
}
export declare const APART = 60;
export declare function durableReplay(namespace: ReplayNamespace): ReplayStore;
