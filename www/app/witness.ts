// Watches one keep from outside and reports what happens to it: its events, the engine's
// transitions between them, the time it waited for other tabs, and the answers to its requests. It
// uses the public API alone: `on`, `explain()` and the option `transport`.

import type { Session, TokenKeep, Transition } from "tokenkeep";
import type { Kind, Moment } from "./moments.ts";
import { errorSentence, signedOutSentence, timeOfDay } from "./words.ts";

type Told = Omit<Moment, "by" | "lane">;
type Tell = (moment: Told) => void;

/** Answers within so many milliseconds count as given at once. */
const AT_ONCE = 400;
/** A shorter wait is the cost of the lock itself and not a wait for another tab. */
const LEAST_WAIT = 25;

/**
 * A transport that reports the answers to calls to `origin`. It reads the address and the status,
 * and nothing else.
 */
export function watchedTransport(
  origin: string,
  tell: Tell,
): (request: Request) => Promise<Response> {
  const answered = new Map<number, { first: number; times: number }>();
  const flush = () => {
    for (const [status, { first, times }] of answered) {
      const what =
        times === 1 ? `A call was answered ${status}` : `${times} calls were answered ${status}`;
      tell({ at: first, kind: status < 400 ? "call" : "refused", times, what });
    }
    answered.clear();
  };
  return async (request) => {
    const response = await fetch(request);
    if (new URL(request.url).origin === origin) {
      if (answered.size === 0) setTimeout(flush, AT_ONCE);
      const { first, times } = answered.get(response.status) ?? { first: Date.now(), times: 0 };
      answered.set(response.status, { first, times: times + 1 });
    }
    return response;
  };
}

/** Reports every moment of this keep from now on. `leeway` is the keep's option, in seconds. */
export function watch(keep: TokenKeep, leeway: number, tell: Tell): void {
  let known: readonly Transition[] = [];
  let wantedSince: number | null = null;

  const tellSteps = () => {
    const latest = keep.explain();
    for (const step of added(known, latest)) {
      if (step.event === "refresh-sent") tellWait(step.at);
      tell(momentOf(step));
    }
    known = latest;
    wantedSince = keep.session.refreshing ? (wantedSince ?? Date.now()) : null;
  };
  const tellWait = (sentAt: number) => {
    const lasts = wantedSince === null ? 0 : sentAt - wantedSince;
    if (lasts >= LEAST_WAIT)
      tell({ at: sentAt, kind: "wait", what: `Waited ${lasts} ms for its turn`, lasts });
  };
  const tellEvent = (kind: Kind, what: string, more: Partial<Told> = {}) => {
    tellSteps();
    tell({ at: Date.now(), kind, what, ...more });
  };

  keep.subscribe(tellSteps);
  // Some transitions do not change the session. They are collected here.
  setInterval(tellSteps, 1000);

  keep.on("signed-in", ({ session }) =>
    tellEvent("signed-in", "Signed in", lifeOf(session, leeway)),
  );
  keep.on("signed-out", ({ reason }) =>
    tellEvent("end", "Signed out", { note: signedOutSentence(reason) ?? reason }),
  );
  keep.on("refreshed", ({ by }) => {
    if (by === "this-tab") tellEvent("renewed", "Token renewed", lifeOf(keep.session, leeway));
  });
  keep.on("refresh-failed", ({ error, retryAt }) => {
    const next = retryAt === null ? "" : ` Next try at ${timeOfDay(retryAt)}.`;
    tellEvent("trouble", "Renewal failed", { note: errorSentence(error) + next });
  });
  keep.on("step-up", ({ acrValues }) =>
    tellEvent("step-up", "The API asks for a stronger login", { note: acrValues.join(", ") }),
  );
  keep.on("rejected-fresh-token", ({ url }) =>
    tellEvent("trouble", "A fresh token was refused", { note: `By ${new URL(url).pathname}` }),
  );
  keep.on("user-changed", ({ session }) =>
    tellEvent("end", "Somebody else signed in", lifeOf(session, leeway)),
  );
  tellSteps();
}

/** When the token is due at the latest. The engine's leeway is at most half of its lifetime. */
export function dueAt(session: Session, lifetime: number, leeway: number): number {
  return (session.expiresAt ?? 0) - Math.min(leeway * 1000, lifetime / 2);
}

function lifeOf(session: Session, leeway: number): Partial<Told> {
  const { generation, expiresAt } = session;
  if (expiresAt === null) return {};
  return {
    note: `Generation ${generation}`,
    token: { generation, expiresAt, dueAt: dueAt(session, expiresAt - Date.now(), leeway) },
  };
}

function momentOf(step: Transition): Told {
  const { at, event } = step;
  if (event === "unauthorized")
    return {
      at,
      kind: "retry",
      what: "A call was refused",
      note: "It is sent once more, with a newer token",
    };
  const note = stepNote(step);
  return { at, kind: "step", what: event.replaceAll("-", " "), ...(note === "" ? {} : { note }) };
}

/**
 * The part of `latest` after the end of `known`. Both show the newest part of one growing list, so
 * `latest` may no longer have the start of `known`.
 */
function added(known: readonly Transition[], latest: readonly Transition[]): readonly Transition[] {
  for (let dropped = 0; dropped <= known.length; dropped++) {
    const overlap = known.slice(dropped);
    if (overlap.every((step, i) => same(step, latest[i]))) return latest.slice(overlap.length);
  }
  return latest;
}

function same(a: Transition, b: Transition | undefined): boolean {
  return (
    b !== undefined &&
    a.at === b.at &&
    a.event === b.event &&
    a.from === b.from &&
    a.to === b.to &&
    a.generation === b.generation &&
    a.note === b.note
  );
}

function stepNote({ from, to, note }: Transition): string {
  return [
    ...(from === to ? [] : [`From ${from} to ${to}`]),
    ...(note === undefined ? [] : [note]),
  ].join("; ");
}
