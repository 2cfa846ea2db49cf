// Notes for `explain()` of requests that went out without the token. The engine takes no part in
// those requests.

import type { Session, Transition } from "./types.js";

/** The most transitions that `explain()` tells; as many as src/engine/journal.rs keeps. */
const KEPT = 100;

export class Notes {
  #kept: readonly Transition[] = [];

  /** Adds a note. Of several in a row with one event and one origin the first is kept. */
  add(event: "no-cors", url: string, { status: from, generation }: Session): void {
    const note = new URL(url).origin;
    const last = this.#kept.at(-1);
    if (last?.event === event && last.note === note) return;
    const told = { at: Date.now(), event, from, to: from, generation, note };
    this.#kept = latest([...this.#kept, Object.freeze(told)]);
  }

  /** The engine's transitions with the notes among them, by time. */
  among(transitions: readonly Transition[]): readonly Transition[] {
    if (this.#kept.length === 0) return transitions;
    return latest([...transitions, ...this.#kept].sort((a, b) => a.at - b.at));
  }
}

const latest = (told: readonly Transition[]) => told.slice(-KEPT);
