export interface RedisClient {
    eval(script: string, ...rest: never[]): Promise<unknown>;
    publish(channel: string, message: string): Promise<unknown>;
    duplicate(...options: never[]): unknown;
    on(event: string, listener: () => void): unknown;
}
export interface Listener {
    heard(channel: string, message: string): void;
    broken(): void;
}
export interface Listening {
    readonly begun: Promise<unknown>;
    end(): void;
}
export declare class Connection {
    #private;
    constructor(client: RedisClient, timeout: number);
    read(key: string, bytes: number): Promise<string>;
    run(script: string, key: string, ...values: string[]): Promise<unknown>;
    publish(channel: string, message: string): Promise<unknown>;
    onEnd(ended: () => void): void;
    get hearsInOrder(): boolean;
    listen(channels: string[], listener: Listener): Listening;
}
