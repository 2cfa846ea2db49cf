import type { SessionStore } from "../store-types.js";
export interface StoreFinding {
    readonly name: string;
    readonly ok: boolean;
    readonly detail?: string;
}
export declare function checkSessionStore(make: () => SessionStore): Promise<readonly StoreFinding[]>;
