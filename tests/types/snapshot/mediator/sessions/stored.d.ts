import type { SessionStore } from "../store-types.js";
import type { Secrets, Sessions } from "../types.js";
export declare function storedSessions(store: SessionStore, options: {
    keys: Secrets;
}): Sessions;
