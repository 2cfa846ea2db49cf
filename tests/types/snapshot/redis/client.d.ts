export interface RedisClient {
    eval(script: string, ...rest: never[]): Promise<unknown>;
    publish(channel: string, message: string): Promise<unknown>;
    duplicate(...options: never[]): unknown;
    on(event: string, listener: () => void): unknown;
}
