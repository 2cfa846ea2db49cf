// What a worker says to a page: the only file of the worker that posts to one. `FromWorker` has no
// place for an error, a request or anything else that could hold a token. What it has are numbers,
// fixed texts, the claims of a token without its signature, and the answers of APIs.

import { TokenKeepError } from "../client/error.js";
import type { Events, SessionNumbers } from "../client/home.js";
import { utf8 } from "../client/session.js";
import type { Transition } from "../client/types.js";
import type { Failure, FromWorker, SentSession } from "../hosted/protocol.js";
import * as Kind from "../hosted/protocol.js";

/** Says it to one page. */
export type Speaker = ReturnType<typeof speakerTo>;

/** The answers to calls, which are kept for a page that is stored. */
const ANSWERS: readonly number[] = [Kind.SETTLED, Kind.HEAD, Kind.END, Kind.BROKEN, Kind.LOST];

/** What a page is told of an error. An error that is not the client's is one of the network. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof TokenKeepError)) return ["", { message: "Failed to fetch" }];
  const { code, message, retryable, status, retryAfter } = error;
  return [code, { message, retryable, status, retryAfter }];
}

/**
 * Speaks to the page at the other end of `port`. While the page is stored in the back/forward cache
 * nothing is posted, since a message would throw it out. What is no answer is dropped meanwhile:
 * the page is told anew how things stand.
 */
export function speakerTo(port: MessagePort) {
  let kept: FromWorker[] | undefined;
  /** The status that the page knows of. */
  let status: SessionNumbers[0] | undefined;
  /** Until the page is back. */
  let absence: Promise<void> | undefined;
  let endAbsence: () => void = () => undefined;

  function say(...message: FromWorker): void {
    if (!kept) port.postMessage(message, message[0] === Kind.CHUNK ? [message[2]] : []);
    else if (ANSWERS.includes(message[0])) kept.push(message);
  }

  /** The session as the page sees it: a logout was its own, or that of another page. */
  function seen([numbers, ...texts]: SentSession, isLeaver: boolean): SentSession {
    const [now, generation, refreshing, reason, ...moments] = numbers;
    const cause = reason === "logout" && !isLeaver ? "logout-elsewhere" : reason;
    if (!kept) status = now;
    return [[now, generation, refreshing, cause, ...moments], ...texts];
  }

  return {
    say,
    /** The page is stored. */
    rest(): void {
      kept ??= [];
      absence ??= new Promise((resolve) => (endAbsence = resolve));
    },
    /**
     * The page is back. `catchUp` tells how things stand, before the answers that were kept. It
     * hears which status the page knows of.
     */
    goOn(catchUp: (known: typeof status) => void): void {
      const waiting = kept ?? [];
      kept = absence = undefined;
      catchUp(status);
      for (const message of waiting) say(...message);
      endAbsence();
    },
    /** While the page is stored: resolves when it is back. */
    absence: () => absence,
    welcome: (session: SentSession | null, entries: readonly Transition[]): void =>
      say(Kind.WELCOME, Kind.VERSION, session && seen(session, false), entries),
    changed: (session: SentSession, isLeaver: boolean): void =>
      say(Kind.CHANGED, seen(session, isLeaver)),
    emit(...[type, event]: Events[keyof Events]): void {
      say(Kind.EVENT, type, event && utf8(JSON.stringify(event)));
    },
  };
}
