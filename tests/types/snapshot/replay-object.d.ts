export interface ReplayObjectState {
    blockConcurrencyWhile<T>(load: () => Promise<T>): Promise<T>;
    readonly storage: {
        list(): Promise<Map<string, unknown>>;
        put(key: string, value: unknown): Promise<void>;
        delete(keys: string[]): Promise<unknown>;
        setAlarm(at: number): Promise<void>;
        getAlarm(): Promise<number | null>;
    };
}
export declare class ReplayObject {
    #private;
    constructor(state: ReplayObjectState);
    fetch(request: Request): Promise<Response>;
    alarm(): Promise<void>;
}
