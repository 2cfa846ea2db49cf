// A Redis of its own for a test: Debian's redis-server on a free port, which keeps nothing on disk
// and can be stopped, paused and started again. And a client of either library for it.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { findRedis } from "../../../scripts/lib/system.mjs";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

const CLUSTER = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];

export class RedisServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "tokenkeep-redis-"));
  readonly #options: readonly string[];
  #process: ChildProcess | null = null;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
    process.once("exit", () => {
      this.#process?.kill("SIGKILL");
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  static async open(kind: "single" | "cluster" = "single"): Promise<RedisServer> {
    const options = kind === "cluster" ? CLUSTER : [];
    const server = new RedisServer(await freePort(), options);
    await server.start();
    if (kind === "cluster") await server.#takeAllSlots();
    return server;
  }

  /** One node is a cluster when it has all slots. */
  async #takeAllSlots(): Promise<void> {
    const client = new Redis(this.port, "127.0.0.1");
    await client.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    while (!String(await client.call("CLUSTER", "INFO")).includes("cluster_state:ok"))
      await sleep(20);
    client.disconnect();
  }

  async start(): Promise<void> {
    const path = findRedis();
    assert.ok(path !== null, "redis-server is not installed: node scripts/lib/system.mjs --tests");
    const options = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"];
    const place = ["--port", String(this.port), "--dir", this.#folder];
    const started = spawn(path, [...place, ...options, ...this.#options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = started;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      started.stdout.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes("Ready to accept connections")) resolve();
      });
      started.once("error", reject);
      started.once("exit", () => reject(new Error(`redis-server ended:\n${said}`)));
    });
  }

  /** Ends it as a crash would. */
  async stop(): Promise<void> {
    const ending = this.#process;
    this.#process = null;
    if (ending === null || ending.exitCode !== null) return;
    const ended = once(ending, "exit");
    ending.kill("SIGKILL");
    await ended;
  }

  /** Its connections stay open, and nothing is answered. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }
}

/** A client of either library, with what the tests do to both. */
export interface TestClient {
  readonly client: import("tokenkeep/redis").RedisClient;
  /** Any command. */
  send(...words: string[]): Promise<unknown>;
  end(): void;
}

interface User {
  username?: string;
  password?: string;
}

export const CLIENTS: Readonly<Record<string, (port: number, user?: User) => Promise<TestClient>>> =
  {
    async "node-redis"(port, user = {}) {
      const client = createClient({ url: `redis://127.0.0.1:${port}`, ...user });
      client.on("error", () => undefined);
      await client.connect();
      return {
        client,
        send: (...words) => client.sendCommand(words),
        end: () => client.destroy(),
      };
    },
    async ioredis(port, user = {}) {
      const client = new Redis(port, "127.0.0.1", user);
      client.on("error", () => undefined);
      await client.ping();
      return {
        client,
        send: (command = "", ...words) => client.call(command, ...words),
        end: () => client.disconnect(),
      };
    },
  };
