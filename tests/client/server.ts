// An HTTP server that a test scripts answer by answer. It records its calls. It allows every
// origin, so the client stops the token, and not CORS.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** The bearer token that came with it. */
  readonly token: string | null;
  /** Milliseconds, on the clock of this process. */
  readonly at: number;
  /** When the answer was finished, or the caller had hung up. */
  readonly end: number | null;
  /** The caller hung up before the answer was there. */
  readonly abandoned: boolean;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string | readonly string[]>;
  readonly body?: string | Buffer;
  /** Cuts the connection instead of answering. */
  readonly cut?: boolean;
  /** Writes the body bit by bit; `headers` and `status` go ahead of it. */
  readonly stream?: (write: (text: string) => void) => Promise<void>;
}

export type Answer = (call: Call) => Reply | Promise<Reply>;

export class ScriptedServer {
  readonly calls: Call[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(fallback: Answer): Promise<ScriptedServer> {
    const server = createServer((request, response) => {
      scripted.#serve(request, response, fallback).catch(() => response.destroy());
    });
    const scripted = new ScriptedServer(server);
    await new Promise<void>((resolve) => server.listen(0, resolve));
    return scripted;
  }

  get http(): Server {
    return this.#server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  /** What `path` answers from now on. */
  on(path: string, answer: Answer): void {
    this.#answers.set(path, answer);
  }

  to(path: string): Call[] {
    return this.calls.filter((call) => call.path === path);
  }

  /** The most calls to `path` that were under way at one moment. */
  mostAtOnce(path: string): number {
    const calls = this.to(path);
    return Math.max(
      0,
      ...calls.map(
        ({ at }) => calls.filter((other) => other.at <= at && (other.end ?? Infinity) > at).length,
      ),
    );
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    fallback: Answer,
  ): Promise<void> {
    const { method = "GET", headers } = request;
    const { pathname: path, search } = new URL(request.url ?? "/", this.origin);
    const cors = {
      "Access-Control-Allow-Origin": headers.origin ?? "*",
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After, Date",
    };
    if (method === "OPTIONS" && headers["access-control-request-method"] !== undefined) {
      response.writeHead(204, {
        ...cors,
        "Access-Control-Allow-Methods": headers["access-control-request-method"],
        "Access-Control-Allow-Headers": headers["access-control-request-headers"] ?? "",
        "Access-Control-Max-Age": "600",
      });
      response.end();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? null;
    const body = Buffer.concat(chunks);
    const call = {
      method,
      path,
      search,
      headers,
      body,
      token,
      at: performance.now(),
      end: null as number | null,
      abandoned: false,
    };
    this.calls.push(call);
    response.on("close", () => {
      call.end = performance.now();
      call.abandoned = !response.writableFinished;
    });
    const reply = await (this.#answers.get(path) ?? fallback)(call);
    if (reply.cut === true) {
      response.destroy();
      return;
    }
    response.writeHead(reply.status ?? 200, {
      "Cache-Control": "no-store",
      ...cors,
      ...reply.headers,
    } as Record<string, string>);
    if (reply.stream !== undefined) {
      response.flushHeaders();
      await reply.stream((text) => void response.write(text));
    }
    response.end(reply.body);
  }
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}

/** Answers wait behind it until the test opens it. */
export class Gate {
  readonly opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }
}

/** An answer that never comes. */
export const hang: Answer = () => new Promise<Reply>(() => undefined);
