// Looks into what runs script, through the DevTools protocol: its heap, and what it holds. workerd
// speaks it, and Chromium, where it leads to pages, workers and shared workers.

import { once } from "node:events";
import { WebSocket } from "ws";

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: { readonly chunk?: string };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export class DevTools {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  /** The pieces of the snapshot that is being taken. */
  #chunks: string[] = [];
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#hear(JSON.parse(data.toString()) as Message));
  }

  static async at(url: string | URL): Promise<DevTools> {
    const socket = new WebSocket(url, { maxPayload: 1 << 30 });
    await once(socket, "open");
    return new DevTools(socket);
  }

  close(): void {
    this.#socket.close();
  }

  async send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    this.#last += 1;
    const id = this.#last;
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  /** One realm: the one at the end of the connection, or in Chromium that of a session. */
  target(sessionId?: string): Target {
    const send = <T>(method: string, params = {}) => this.send<T>(method, params, sessionId);
    return {
      async evaluate(expression) {
        const { result } = await send<{ result: { value?: unknown } }>("Runtime.evaluate", {
          expression,
          returnByValue: true,
        });
        return result.value;
      },
      async heldBytes() {
        const usage = await send<{ usedSize: number; backingStorageSize: number }>(
          "Runtime.getHeapUsage",
        );
        return usage.usedSize + usage.backingStorageSize;
      },
      collect: () => send("HeapProfiler.collectGarbage"),
      heap: async () => {
        this.#chunks = [];
        await send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
        return this.#chunks.join("");
      },
    };
  }

  #hear({ id, method, params, ...message }: Message): void {
    if (method === "HeapProfiler.addHeapSnapshotChunk") this.#chunks.push(params?.chunk ?? "");
    if (id === undefined) return;
    this.#waiting.get(id)?.(message);
    this.#waiting.delete(id);
  }
}

export interface Target {
  /** The value of an expression there. */
  evaluate(expression: string): Promise<unknown>;
  /** Bytes of the heap and of array buffers. */
  heldBytes(): Promise<number>;
  /** Takes the garbage away. workerd does so only for a snapshot of its heap. */
  collect(): Promise<unknown>;
  /** All of its heap without the garbage, as DevTools would save it. */
  heap(): Promise<string>;
}

export interface TypedTarget extends Target {
  /** "page", "worker" or "shared_worker". */
  readonly type: string;
}

/** @param port Chromium's remote debugging port */
export async function chromiumAt(port: number): Promise<DevTools> {
  const answer = await fetch(`http://127.0.0.1:${port}/json/version`);
  const { webSocketDebuggerUrl } = (await answer.json()) as { webSocketDebuggerUrl: string };
  return DevTools.at(webSocketDebuggerUrl);
}

/** What runs script of this origin. */
export async function targetsOf(chromium: DevTools, origin: string): Promise<TypedTarget[]> {
  const { targetInfos } = await chromium.send<{
    targetInfos: { targetId: string; type: string; url: string }[];
  }>("Target.getTargets", { filter: [{}] });
  const ours = targetInfos.filter(
    ({ type, url }) => /page$|worker$/.test(type) && url.startsWith(origin),
  );
  return Promise.all(
    ours.map(async ({ targetId, type }) => {
      const { sessionId } = await chromium.send<{ sessionId: string }>("Target.attachToTarget", {
        targetId,
        flatten: true,
      });
      return { type, ...chromium.target(sessionId) };
    }),
  );
}
