import type { SessionStore } from "../store-types.js";
export interface SessionNamespace {
    idFromName(name: string): unknown;
    get(id: never): {
        fetch(url: string, init: RequestInit): Promise<Response>;
    };
}
export interface SessionObjectState {
    readonly storage: {
        get(key: string): Promise<unknown>;
        put(key: string, value: unknown): Promise<void>;
        delete(key: string): Promise<unknown>;
        list(options: {
            prefix: string;
        }): Promise<Map<string, unknown>>;
        deleteAll(): Promise<void>;
        setAlarm(at: number): Promise<void>;
        getAlarm(): Promise<number | null>;
        deleteAlarm(): Promise<void>;
    };
}
export declare class SessionObject {
    #private;
    constructor(state: SessionObjectState);
    fetch(request: Request): Promise<Response>;
    alarm(): Promise<void>;
}
export declare function durableSessions(namespace: SessionNamespace): SessionStore;
