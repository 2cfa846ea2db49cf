import type { SessionStore } from "../store-types.js";
export declare function memorySessions(options?: {
    max?: number;
}): SessionStore;
