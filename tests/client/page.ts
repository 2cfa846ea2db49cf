// Runs in the page before the programs of a test: makes keeps, records their events, and turns
// outcomes into plain values that can be sent back to the test.

import {
  createTokenKeep,
  type TokenKeep,
  TokenKeepError,
  type TokenKeepEvents,
  type TokenKeepOptions,
} from "tokenkeep";

import { EVENT_TYPES } from "./event-types.ts";

export type Seen = {
  [K in keyof TokenKeepEvents]: { readonly type: K } & TokenKeepEvents[K];
}[keyof TokenKeepEvents];

export interface Outcome {
  /** The value; for a response its status. */
  readonly value?: unknown;
  /** The text of a response. */
  readonly text?: string;
  /** The error. */
  readonly error?: {
    readonly name: string;
    readonly code?: string;
    readonly message: string;
    readonly retryable?: boolean;
    readonly status?: number;
    readonly retryAfter?: number;
  };
}

const stage = {
  createTokenKeep,
  TokenKeepError,
  /** The events of the keep that was made last. */
  events: [] as Seen[],

  /** Where keeps live that name no host. */
  host: globalThis.hostOfRun ?? "page",

  make(options: TokenKeepOptions): TokenKeep {
    const keep = createTokenKeep(
      stage.host === "page" ? options : { ...stage.hostOf(options), ...options },
    );
    const events: Seen[] = [];
    for (const type of EVENT_TYPES)
      keep.on(type, (event) => events.push({ type, ...event } as Seen));
    stage.events = events;
    return keep;
  },

  /** The host that a scene asks for. Shared workers of other options are other workers. */
  hostOf({ transport, host, ...options }: TokenKeepOptions): Pick<TokenKeepOptions, "host"> {
    const type = "module";
    const name = JSON.stringify(options);
    if (transport || stage.host === "page") return {};
    if (stage.host === "dedicated") return { host: () => new Worker("/worker.js", { type }) };
    return { host: () => new SharedWorker("/worker.js", { type, name }) };
  },

  async outcome(promise: Promise<unknown>): Promise<Outcome> {
    try {
      const value = await promise;
      if (value instanceof Response) return { value: value.status, text: await value.text() };
      return { value };
    } catch (error) {
      if (!(error instanceof Error))
        return { error: { name: typeof error, message: String(error) } };
      const { name, message, code, retryable, status, retryAfter } = error as TokenKeepError;
      return {
        error: {
          name,
          message,
          code,
          retryable,
          ...(status === undefined ? {} : { status }),
          ...(retryAfter === undefined ? {} : { retryAfter }),
        },
      };
    }
  },

  /** Resolves when `session` shows what was just asked for: a worker's is a message late. */
  turn(): Promise<void> {
    if (stage.host === "page") return Promise.resolve();
    return new Promise((resolve) => {
      const end = keep.on("change", () => {
        end();
        resolve();
      });
    });
  },

  until(check: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => (check() ? resolve() : void setTimeout(look, 10));
      look();
    });
  },
};

declare global {
  /** Where the keeps of this run live, in each of its documents. */
  var hostOfRun: "page" | "dedicated" | "shared" | undefined;
  var stage: typeof import("./page.ts").stage;
  var keep: TokenKeep;
}

globalThis.stage = stage;

export { stage };
