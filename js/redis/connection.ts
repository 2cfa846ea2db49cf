// Two clients, one shape: node-redis and ioredis as the stores use them. Both are known by their
// methods, so the package depends on neither. Every command has one key, as a cluster wants it, and
// a bound on how long it is waited for.

import { invalidOption, reading } from "../edge/options/invalid.js";
import type { RedisClient } from "./client.js";

interface NodeRedis extends RedisClient {
  readonly isOpen: boolean;
  readonly options: { readonly socket?: object };
  getRange(key: string, from: number, to: number): Promise<unknown>;
  eval(script: string, given: { keys: string[]; arguments: string[] }): Promise<unknown>;
  duplicate(options: object): NodeRedis;
  connect(): Promise<unknown>;
  subscribe(channels: string[], listener: (message: unknown, channel: unknown) => void): unknown;
  destroy(): void;
}

interface IoRedis extends RedisClient {
  readonly isCluster: boolean;
  getrange(key: string, from: number, to: number): Promise<unknown>;
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  duplicate(options: object): IoRedis;
  on(event: string, listener: (channel?: unknown, message?: unknown) => void): unknown;
  subscribe(...channels: string[]): Promise<unknown>;
  disconnect(): void;
}

/** Events of either client that come when its connection is lost. */
const BREAKS = ["error", "close", "end", "reconnecting"];

/** What a subscription hears, and is told. */
export interface Listener {
  heard(channel: string, message: string): void;
  /** The connection is lost. It is to be ended, and comes no more. */
  broken(): void;
}

export interface Listening {
  readonly begun: Promise<unknown>;
  /** Ends the connection, whether the subscription has begun or not. */
  end(): void;
}

/** The commands of one client. Each rejects when it takes too long. */
export class Connection {
  readonly #client: NodeRedis | IoRedis;
  readonly #timeout: number;
  /** A command is late. Clients queue what they can't send: until it ends, few more are sent. */
  #late = false;
  #sentAt = 0;

  /** `timeout`: milliseconds. */
  constructor(client: RedisClient, timeout: number) {
    const read = reading("client", () => {
      const { getRange, getrange } = Object(client) as Partial<NodeRedis & IoRedis>;
      return getRange ?? getrange;
    });
    if (typeof read !== "function")
      throw invalidOption("client", "must be a client of redis or ioredis");
    this.#client = client as NodeRedis | IoRedis;
    this.#timeout = timeout;
  }

  /** The value of a key, and no more than its first bytes. A missing key has an empty value. */
  async read(key: string, bytes: number): Promise<string> {
    const client = this.#client;
    const end = bytes - 1;
    return String(
      await this.#within(() =>
        isIoRedis(client) ? client.getrange(key, 0, end) : client.getRange(key, 0, end),
      ),
    );
  }

  /** Runs a script on one key: whole, with nothing in between. */
  run(script: string, key: string, ...values: string[]): Promise<unknown> {
    const client = this.#client;
    return this.#within(() =>
      isIoRedis(client)
        ? client.eval(script, 1, key, ...values)
        : client.eval(script, { keys: [key], arguments: values }),
    );
  }

  publish(channel: string, message: string): Promise<unknown> {
    return this.#within(() => this.#client.publish(channel, message));
  }

  /** Calls when the client has ended for good. */
  onEnd(ended: () => void): void {
    this.#client.on("end", ended);
  }

  /**
   * Whether a message is heard after all that were published before it. In a cluster messages pass
   * from node to node, and its clients change the node that they listen at without a word.
   */
  get hearsInOrder(): boolean {
    const client = this.#client;
    return isIoRedis(client) ? !client.isCluster : "isPubSubActive" in client;
  }

  /**
   * Listens on a connection of its own. It is not made again when it is lost: what was published
   * meanwhile would be missed, and it would outlive a client that ends while Redis is away.
   */
  listen(channels: string[], listener: Listener): Listening {
    const client = this.#client;
    const watch = (other: RedisClient) => {
      for (const event of BREAKS) other.on(event, listener.broken);
    };
    if (isIoRedis(client)) {
      const other = client.duplicate({ enableOfflineQueue: true, retryStrategy: null });
      watch(other);
      other.on("message", (channel, message) => listener.heard(String(channel), String(message)));
      return { begun: other.subscribe(...channels), end: () => other.disconnect() };
    }
    const other = client.duplicate({
      disableOfflineQueue: false,
      socket: { ...client.options.socket, reconnectStrategy: false },
      // The server could move it to another connection without an event.
      maintNotifications: "disabled",
    });
    watch(other);
    let isOver = false;
    const begin = async () => {
      await other.connect();
      // What was destroyed while it connected is connected all the same.
      if (isOver) return other.destroy();
      await other.subscribe(channels, (message, channel) =>
        listener.heard(String(channel), String(message)),
      );
    };
    const end = () => {
      isOver = true;
      if (other.isOpen) other.destroy();
    };
    return { begun: begin(), end };
  }

  /**
   * What a command gives, or a rejection within the time. While a command is late, one more in that
   * time is sent, and the others fail at once. `withoutDelay` of the verifier tells no failure.
   */
  async #within<T>(command: () => Promise<T>): Promise<T> {
    const now = performance.now();
    if (this.#late && now - this.#sentAt < this.#timeout) throw new Error(LATE);
    this.#sentAt = now;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const end = () => {
        this.#late = true;
        reject(new Error(LATE));
      };
      // A program that was busy for so long has not looked yet whether there is an answer.
      timer = setTimeout(() => (timer = setTimeout(end)), this.#timeout);
    });
    try {
      const answer = command().finally(() => {
        this.#late = false;
      });
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const LATE = "Redis does not answer in time.";

const isIoRedis = (client: NodeRedis | IoRedis): client is IoRedis => "getrange" in client;
