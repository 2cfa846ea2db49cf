// The callers that wait for the engine, by number. The engine answers each exactly once, sometimes
// before the wait begins.

import type { Outcome } from "../../build/client/client.js";

interface Waiter {
  readonly answer: Promise<Outcome>;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export class Waiters {
  readonly #waiters = new Map<number, Waiter>();
  #failed: unknown = null;

  /** Resolves to the outcome, or rejects with the failure. */
  wait(id: number): Promise<Outcome> {
    if (this.#failed !== null) return Promise.reject(this.#failed);
    return this.#waiter(id).answer.finally(() => this.#waiters.delete(id));
  }

  settle(id: number, outcome: Outcome): void {
    this.#waiter(id).resolve(outcome);
  }

  fail(id: number, error: unknown): void {
    this.#waiter(id).reject(error);
  }

  /** Fails every waiter, now and later: the engine answers no more. */
  failAll(error: unknown): void {
    this.#failed = error;
    for (const waiter of this.#waiters.values()) waiter.reject(error);
  }

  #waiter(id: number): Waiter {
    const known = this.#waiters.get(id);
    if (known) return known;
    let parts: Omit<Waiter, "answer">;
    const answer = new Promise<Outcome>((resolve, reject) => (parts = { resolve, reject }));
    const waiter = { answer, ...parts! };
    this.#waiters.set(id, waiter);
    return waiter;
  }
}
