// Those who wait for the engine, by number. The engine answers each exactly once, sometimes before the wait begins.

/** By the numbers of `outcome` in src/client/driver.rs. */
export const OUTCOME = { done: 0, token: 1, anonymous: 2, giveUp: 3, failed: 4 } as const;

interface Waiter {
  readonly answer: Promise<number>;
  readonly resolve: (outcome: number) => void;
  readonly reject: (error: unknown) => void;
}

export class Waiters {
  readonly #waiters = new Map<number, Waiter>();
  #failed: unknown = null;

  /** Resolves to the outcome, or rejects with the failure. */
  wait(id: number): Promise<number> {
    if (this.#failed !== null) return Promise.reject(this.#failed);
    return this.#waiter(id).answer.finally(() => this.#waiters.delete(id));
  }

  settle(id: number, outcome: number, error: unknown): void {
    const waiter = this.#waiter(id);
    if (outcome === OUTCOME.failed) waiter.reject(error);
    else waiter.resolve(outcome);
  }

  /** Everybody, from now on too: the engine will answer no more. */
  fail(error: unknown): void {
    this.#failed = error;
    for (const waiter of this.#waiters.values()) waiter.reject(error);
  }

  #waiter(id: number): Waiter {
    const known = this.#waiters.get(id);
    if (known) return known;
    let parts: Omit<Waiter, "answer">;
    const answer = new Promise<number>((resolve, reject) => (parts = { resolve, reject }));
    const waiter = { answer, ...parts! };
    this.#waiters.set(id, waiter);
    return waiter;
  }
}
