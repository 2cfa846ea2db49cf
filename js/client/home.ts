// What a keep asks of the place where its engine lives, and what that place tells it. The engine
// may live in this realm (local.ts) or in a worker (js/hosted/remote.ts).

import type { EngineHost, Input } from "../../build/client/client.js";
import type { TokenKeepError } from "./error.js";
import type { Bare } from "./notes.js";
import type { Settings } from "./options.js";
import type { Prove, TokenKeepEvents, TokenKeepOptions, Transition } from "./types.js";

/** Where an engine lives. A call takes effect in the order in which it is made. */
export interface Home {
  /** Start, refresh and logout: resolves when the engine has answered. */
  settle(input: Input): Promise<void>;
  /** Sends a request of the application by the rules of requests.ts. */
  send(request: Request, replayable: boolean, init: RequestInit | undefined): Promise<Response>;
  attempt<T>(
    request: Request,
    send: (token: string | null, prove?: Prove) => T | Promise<T>,
    refused: (outcome: T) => boolean | string,
  ): Promise<T>;
  signIn(request: Request): Promise<Response>;
  /** The token, with at least so many milliseconds to live, and what proves it. */
  lend(validity: number): Promise<readonly [token: string, prove: Prove]>;
  /** Takes over a token: of the `same` session, or of a new one. `expiresIn`: seconds. */
  adopt(token: unknown, expiresIn: number, same: boolean): Promise<void>;
  explain(): readonly Transition[];
  close(): void;
}

/** The session without its claims and its reply. */
export type SessionNumbers = Parameters<EngineHost["changed"]>;

/** JSON of the session. It is asked for when the session has got another token. */
export interface SessionJson {
  /** The claims of the token; `undefined` when it is opaque. */
  claims(): Uint8Array | undefined;
  /** What the reply that brought the token says beside it. `true`: what the last one said. */
  reply(): Uint8Array | true | undefined;
}

/** The events that a home only passes on. The keep adds the session where that belongs to one. */
export type Events = {
  [Type in Exclude<keyof TokenKeepEvents, "change" | "refresh-failed">]: [
    Type,
    ...(TokenKeepEvents[Type] extends { session: unknown } ? [] : [TokenKeepEvents[Type]]),
  ];
};

/** What a home tells its keep. */
export interface Told {
  changed(session: SessionNumbers, json: SessionJson): void;
  emit(...event: Events[keyof Events]): void;
  /** `retryAt`: epoch milliseconds. */
  refreshFailed(error: TokenKeepError, retryAt: number | undefined): void;
  /** A request goes out without the token, for this reason. */
  bare(why: Bare, url: string): void;
  /** This home is lost, by this error. The next call needs another one. */
  lost(error: TokenKeepError): void;
}

/** What the page half of a home in a worker needs of the options. */
export interface RemoteSettings
  extends Pick<Settings, "origins" | "csrf" | "sessionHint" | "transport"> {
  readonly host: TokenKeepOptions["host"];
  /** Whether tokens are bound. */
  readonly dpop: unknown;
}
