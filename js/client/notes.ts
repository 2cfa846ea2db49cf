// Requests that went out without the token, and why, for `explain()`. The engine takes no part in
// them.

import type { Session, Transition } from "./types.js";

/** The most that `explain()` tells, as in src/engine/journal.rs. */
const KEPT = 100;

export class Notes {
  #kept: readonly Transition[] = [];

  /** Of a kind and origin in a row only the first is kept. */
  add(event: "no-cors", url: string, { status: from, generation }: Session): void {
    const note = new URL(url).origin;
    const last = this.#kept.at(-1);
    if (last?.event === event && last.note === note) return;
    const told = { at: Date.now(), event, from, to: from, generation, note };
    this.#kept = latest([...this.#kept, Object.freeze(told)]);
  }

  /** The notes among the engine's transitions, by time. */
  among(transitions: readonly Transition[]): readonly Transition[] {
    if (this.#kept.length === 0) return transitions;
    return latest([...transitions, ...this.#kept].sort((a, b) => a.at - b.at));
  }
}

const latest = (told: readonly Transition[]) => told.slice(-KEPT);
