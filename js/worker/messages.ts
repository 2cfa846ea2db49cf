// What a worker says to a page: the only file of the worker that posts to one. No function takes an
// error, a request or anything else that could hold a token. What they take are numbers, fixed
// texts, the claims of a token without its signature, and the answers of APIs.

import type { Events, SessionNumbers } from "../client/home.js";
import type { Transition } from "../client/types.js";
import type { Failure, FromWorker, SentHead, SentSession } from "../hosted/protocol.js";
import * as Kind from "../hosted/protocol.js";

/** Says it to one page. */
export type Speaker = ReturnType<typeof speakerTo>;

/**
 * Speaks to the page at the other end of `port`. While the page is stored in the back/forward cache
 * nothing is posted, since a message would throw it out. The answers to its calls are kept.
 */
export function speakerTo(port: MessagePort) {
  let kept: FromWorker[] | undefined;
  /** The status that the page knows of. */
  let known: SessionNumbers[0] | undefined;
  let wake: () => void = () => undefined;
  let awake: Promise<void> | undefined;
  const post = (message: FromWorker, transfer: Transferable[] = []) =>
    port.postMessage(message, transfer);
  /** To be dropped while the page is stored: it is told anew how things stand. */
  const tell = (message: FromWorker) => kept ?? post(message);
  const answer = (message: FromWorker) => (kept ? void kept.push(message) : post(message));
  return {
    /** The page is stored. */
    rest(): void {
      kept ??= [];
      awake ??= new Promise((resolve) => (wake = resolve));
    },
    /** The page is back. `catchUp` tells how things stand, before the answers that were kept. */
    goOn(catchUp: () => void): void {
      const waiting = kept ?? [];
      kept = awake = undefined;
      catchUp();
      for (const message of waiting) post(message);
      wake();
    },
    /** Resolves when the page is not stored. */
    awake: () => awake,
    isAwake: () => kept === undefined,
    known: () => known,
    welcome(session: SentSession | null, entries: readonly Transition[]): void {
      const [numbers, claims, reply] = session ?? [];
      known = numbers?.[0];
      // A logout was another page's.
      const seen = numbers ? ([seenBy(false, numbers), claims, reply] as const) : null;
      post([Kind.WELCOME, Kind.VERSION, seen, entries]);
    },
    refused: (failure: Failure) => post([Kind.REFUSED, failure]),
    settled: (id: number, failure: Failure | null) => answer([Kind.SETTLED, id, failure]),
    head: (id: number, ...head: SentHead) => answer([Kind.HEAD, id, ...head]),
    chunk: (id: number, piece: ArrayBuffer) => post([Kind.CHUNK, id, piece], [piece]),
    end: (id: number) => answer([Kind.END, id]),
    broken: (id: number, failure: Failure) => answer([Kind.BROKEN, id, failure]),
    changed([numbers, ...texts]: SentSession, isLeaver: boolean): void {
      if (kept) return;
      [known] = numbers;
      post([Kind.CHANGED, [seenBy(isLeaver, numbers), ...texts]]);
    },
    entries: (entries: readonly Transition[], all: boolean) => tell([Kind.ENTRIES, entries, all]),
    lost: (failure: Failure) => answer([Kind.LOST, failure]),
    emit(...[type, event]: Events[keyof Events]): void {
      const text = event && new TextEncoder().encode(JSON.stringify(event));
      tell([Kind.EVENT, type, text]);
    },
    refreshFailed: (failure: Failure, retryAt: number | undefined) =>
      tell([Kind.REFRESH_FAILED, failure, retryAt]),
    warn: (line: string) => tell([Kind.WARN, line]),
    askCookie: (id: number) => tell([Kind.COOKIE, id]),
    ping: () => tell([Kind.PING]),
    pong: () => tell([Kind.PONG]),
  };
}

/** The session as a page sees it: a logout was its own, or that of another page. */
function seenBy(
  isLeaver: boolean,
  [status, generation, refreshing, reason, ...moments]: SessionNumbers,
): SessionNumbers {
  const seen = reason === "logout" && !isLeaver ? "logout-elsewhere" : reason;
  return [status, generation, refreshing, seen, ...moments];
}
