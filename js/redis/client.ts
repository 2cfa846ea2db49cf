// The client of Redis that an application gives.

/**
 * A client of node-redis (`redis`) or of ioredis: the methods that both have, by which either is
 * taken. The application connects it, and ends it.
 */
export interface RedisClient {
  /** Runs a script on the server. */
  eval(script: string, ...rest: never[]): Promise<unknown>;
  /** Sends a message to all who listen. */
  publish(channel: string, message: string): Promise<unknown>;
  /** Another client like this one, with a connection of its own. */
  duplicate(...options: never[]): unknown;
  /** Calls when something happens to the connection. */
  on(event: string, listener: () => void): unknown;
}
