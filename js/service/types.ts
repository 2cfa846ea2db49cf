// The public types of service tokens. The code behind them is in tokens.ts.

import type { KeyValue } from "../edge/options/store-types.js";
import type { Claims, ExecutionContextLike, Verified } from "../edge/result/verified.js";
import type { ClientOptions } from "../oauth/types.js";
import type { ServiceErrorCode } from "./error.js";

/** Where tokens come from, and where they go to. */
export interface ServiceOptions {
  /** The authorization server. https:, or http: on this machine. Compared to the letter. */
  issuer: string;
  /**
   * Where tokens come from. Default: as the server's metadata say, by RFC 8414, else by OpenID
   * Connect Discovery.
   */
  tokenEndpoint?: string | URL;
  /** How the authorization server knows this service. */
  client: ClientOptions;
  /**
   * Which origin gets which token, by the origin as `new URL(…).origin` writes it. Fixed when the
   * service tokens are made. A call to any other origin is refused, and never sent without a token.
   */
  targets: Readonly<Record<string, Target>>;
  /**
   * A store that isolates or processes share, for the service's own tokens, sealed by these keys.
   * It saves grants, which some providers bill. The first key seals, all open.
   */
  shared?: { store: KeyValue; keys: Secrets };
  /** Users' tokens remembered, default 1 000. Expired ones go first, then the oldest in use. */
  size?: number;
  /** Milliseconds for one call to the authorization server, body included. Default 5 000. */
  timeout?: number;
  /** Seconds before its expiry at which a token is due. Default 60; at most half its life. */
  leeway?: number;
  /** Seconds by which chance brings that forward. Default 10; at most a tenth of its life. */
  jitter?: number;
  /** Calls the authorization server; that of a binding for mutual TLS, say. */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
  /** Calls the targets. */
  transport?: (request: Request) => Promise<Response>;
  /** Milliseconds since the epoch; for tests. Ages are measured by a clock that nobody sets. */
  clock?: () => number;
  /** Never receives a token. What it throws changes nothing. */
  onEvent?: (event: ServiceEvent) => void;
}

/** At least 32 bytes each, which nobody can guess. */
export type Secrets = readonly (Uint8Array | string)[];

/** What a token for one origin is asked to be. */
export interface Target {
  /** RFC 8693 `audience`. Give this or `resource`, or neither where the server has one audience. */
  audience?: string;
  /** RFC 8707 `resource`, sent as often as there are. */
  resource?: string | readonly string[];
  /** What is asked for. Of an exchange, a token with any other scope is refused. Default none. */
  scopes?: readonly string[];
  /**
   * How a user's request is carried on. "exchange" (default): RFC 8693. "refuse": this target is
   * for the service itself. A function describes another grant: its parameters go out as they are.
   */
  user?:
    | "exchange"
    | "refuse"
    | ((subject: { token: string; claims: Claims }) => {
        grantType: string;
        parameters: Readonly<Record<string, string>>;
      });
  /**
   * With "exchange": sends the service's own token for this target as `actor_token`. Default false:
   * the client's authentication says who asks.
   */
  actor?: boolean;
  /** More parameters of the token request. The names that the grants themselves set are refused. */
  parameters?: Readonly<Record<string, string>>;
}

/** Acts as a user. For the request that it was made for alone. */
export interface OnBehalf {
  /** `fetch` with the user's token for the origin. */
  readonly fetch: typeof globalThis.fetch;
  /** Lends the user's token for an origin of `targets`. */
  withToken<T>(target: string, use: (token: string) => T | Promise<T>): Promise<T>;
}

/** The tokens of a service. They may be shared by all requests of a process or an isolate. */
export interface ServiceTokens {
  /**
   * `fetch` as the service itself. Redirects are not followed. A call with an `Authorization` of
   * its own goes out as it is.
   */
  readonly fetch: typeof globalThis.fetch;
  /** Lends the token for an origin of `targets`: for SDKs, WebSockets, queues. */
  withToken<T>(target: string, use: (token: string) => T | Promise<T>): Promise<T>;
  /**
   * Acts as the user whose request was verified: `request` and `auth` are what `guard` hands over.
   * That the one belongs to the other is not checked, and can't be.
   */
  onBehalfOf(request: Request, auth: Verified): OnBehalf;
  /**
   * For one inbound request; on Workers always. The context lets a renewal outlive the answer. Of
   * no use once the request is over.
   */
  within(context: ExecutionContextLike): Pick<ServiceTokens, "fetch" | "withToken" | "onBehalfOf">;
  /** Fetches the service's own tokens for all targets, ahead of the first call. */
  prime(): Promise<void>;
  /** Forgets all tokens. Later calls reject with "closed". */
  close(): void;
}

/** What happened to a token, for an audit log. */
export interface ServiceEvent {
  /** "shared": taken from the shared store. "rejected-fresh-token": an API refuses a new token. */
  type: "granted" | "renewed" | "shared" | "failed" | "rejected-fresh-token";
  /** The origin. */
  target: string;
  /** 16 hexadecimal digits of SHA-256 of the user's `sub`; null for the service itself. */
  subject: string | null;
  /** The client's id. */
  actor: string;
  /** Counts the attempts to get this token. */
  generation: number;
  /** Milliseconds that the attempt took. */
  ms: number;
  /** Why it failed; null for what did not. */
  code: ServiceErrorCode | null;
}
