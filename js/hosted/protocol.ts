// What a page and its worker say to each other, version 1. The first message goes to the worker's
// own port, with a private port for everything else. Each later one is an array that begins with
// its kind. No kind has a place for a token.

import type { Input } from "../../build/client/client.js";
import type { TokenKeepErrorCode } from "../client/error.js";
import type { Events, SessionNumbers } from "../client/home.js";
import type { Transition } from "../client/types.js";

export const VERSION = 1;

/** The bytes of one body that may be on their way to the page or wait there. */
export const CREDIT = 1 << 20;

/**
 * What a page says first. `settings`: its options as JSON. `base`: what relative addresses in them
 * count from.
 */
export interface Hello {
  readonly tokenkeep: readonly number[];
  readonly settings: string;
  readonly base: string | undefined;
  readonly port: MessagePort;
}

// From the page to the worker.

/** id, input: asks the engine. Nothing answers "no-hint". */
export const SETTLE = 1;
/** id, what `SentRequest` has: a request of the application. */
export const FETCH = 2;
/** The same, for a sign-in. */
export const SIGN_IN = 3;
/** id: the caller has aborted the request, or does not want the rest of its body. */
export const ABORT = 4;
/** id, bytes: the caller has read so many more. */
export const TAKEN = 5;
/** "hidden", "visible" or "restored". The worker hears by itself of the network. */
export const PAGE = 6;
/** The page goes into the back/forward cache, and comes back from there. */
export const STORED = 7;
export const BACK = 8;
/** The page goes for good; the session stays. */
export const BYE = 9;
/** The keep was closed. */
export const CLOSE = 10;

// Both ways.

/** The page: id, value. The worker: id. It asks for the cookie that `csrf` names. */
export const COOKIE = 11;
export const PING = 12;
export const PONG = 13;

// From the worker to the page.

/** version, the session or null, transitions. */
export const WELCOME = 20;
/** failure: the hello is refused. */
export const REFUSED = 21;
/** id, failure or null. */
export const SETTLED = 22;
/** id, what `SentHead` has. */
export const HEAD = 23;
/** id, buffer: a piece of a body. */
export const CHUNK = 24;
/** id: a body is whole. */
export const END = 25;
/** id, failure: the request or its body has failed. */
export const BROKEN = 26;
/** session. */
export const CHANGED = 27;
/** transitions, whether they are all there are. */
export const ENTRIES = 28;
/** failure: the engine has trapped. */
export const LOST = 29;
/** An event of the keep, and what it says as JSON. */
export const EVENT = 30;
/** failure, moment of the next try. */
export const REFRESH_FAILED = 31;
/** A line for the console. */
export const WARN = 32;

/** What a page may ask the engine for. */
export const INPUTS = ["start", "start-again", "refresh", "logout", "no-hint"] as const;
export type SettleInput = (typeof INPUTS)[number];

/** The members of a `Request` that cross beside its headers and its body. */
export const MEMBERS = [
  "method",
  "mode",
  "credentials",
  "cache",
  "redirect",
  "referrerPolicy",
  "referrer",
  "integrity",
  "keepalive",
] as const;

/** These, and the priority. */
export type SentInit = Pick<RequestInit, (typeof MEMBERS)[number] | "priority">;

/** url, init, headers, body, whether it can be sent twice. */
export type SentRequest = readonly [
  string,
  SentInit,
  readonly [string, string][],
  ArrayBuffer | Blob | ReadableStream | null,
  boolean,
];

/** status, statusText, headers, url, redirected, type, whether there is a body. */
export type SentHead = readonly [
  number,
  string,
  [string, string][],
  string,
  boolean,
  ResponseType,
  boolean,
];

/** An error of the client. Without a code it is the failure of the network, a `TypeError`. */
export type Failure = readonly [
  code: TokenKeepErrorCode | "",
  details: {
    readonly message: string;
    readonly retryable?: boolean;
    readonly status?: number | undefined;
    readonly retryAfter?: number | undefined;
  },
];

/** The session, with its claims and its reply as JSON. */
export type SentSession = readonly [SessionNumbers, Uint8Array | undefined, Uint8Array | undefined];

export type FromPage =
  | readonly [typeof SETTLE, number, SettleInput]
  | readonly [typeof FETCH | typeof SIGN_IN, number, ...SentRequest]
  | readonly [typeof ABORT, number]
  | readonly [typeof TAKEN, number, number]
  | readonly [typeof PAGE, Input]
  | readonly [typeof STORED | typeof BACK | typeof BYE | typeof CLOSE | typeof PING | typeof PONG]
  | readonly [typeof COOKIE, number, string | null | undefined];

export type HeadMessage = readonly [typeof HEAD, number, ...SentHead];

export type FromWorker =
  | readonly [typeof WELCOME, number, SentSession | null, readonly Transition[]]
  | readonly [typeof REFUSED | typeof LOST, Failure]
  | readonly [typeof SETTLED, number, Failure | null]
  | HeadMessage
  | readonly [typeof CHUNK, number, ArrayBuffer]
  | readonly [typeof END, number]
  | readonly [typeof BROKEN, number, Failure]
  | readonly [typeof CHANGED, SentSession]
  | readonly [typeof ENTRIES, readonly Transition[], boolean]
  | readonly [typeof EVENT, keyof Events, Uint8Array | undefined]
  | readonly [typeof PING | typeof PONG]
  | readonly [typeof REFRESH_FAILED, Failure, number | undefined]
  | readonly [typeof WARN, string]
  | readonly [typeof COOKIE, number];
