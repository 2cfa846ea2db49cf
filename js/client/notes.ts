// Notes for `explain()` of requests that went out without the token. The engine takes no part in
// those requests.

import type { Session, Transition } from "./types.js";

/** Why a request went out without the token. */
export type Bare = "origin-not-listed" | "foreign-authorization" | "no-cors";

/** Why a request goes out without the token; false when it may have it. */
export function bareOf(request: Request, listed: boolean, proves: boolean): Bare | false {
  const { headers } = request;
  if (!listed) return "origin-not-listed";
  if (headers.has("Authorization") || (proves && headers.has("DPoP")))
    return "foreign-authorization";
  // In this mode the browser drops the header and hides the answer.
  return request.mode === "no-cors" && "no-cors";
}

/** The most notes that are kept. */
const KEPT = 20;

export class Notes {
  #kept: readonly Transition[] = [];

  /** Adds a note, in place of the one with the same event and origin. */
  add(event: Bare, url: string, { status: from, generation }: Session): void {
    const note = new URL(url).origin;
    const others = this.#kept.filter((kept) => kept.event !== event || kept.note !== note);
    const told = { at: Date.now(), event, from, to: from, generation, note };
    this.#kept = [...others, Object.freeze(told)].slice(-KEPT);
  }

  /** The engine's transitions with the notes among them, by time. */
  among(transitions: readonly Transition[]): readonly Transition[] {
    return [...transitions, ...this.#kept].sort((a, b) => a.at - b.at);
  }
}
