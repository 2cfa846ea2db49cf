// The callers that wait for the engine, by number. The engine answers each exactly once, sometimes
// before the wait begins.

import type { Outcome } from "../../build/client/client.js";

interface Waiter {
  readonly settled: Promise<Outcome>;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export function newWaiters() {
  const waiters = new Map<number, Waiter>();
  let failed: unknown = null;

  function waiterOf(id: number): Waiter {
    const known = waiters.get(id);
    if (known) return known;
    let parts: Omit<Waiter, "settled">;
    const settled = new Promise<Outcome>((resolve, reject) => (parts = { resolve, reject }));
    const waiter = { settled, ...parts! };
    waiters.set(id, waiter);
    return waiter;
  }

  return {
    /** Resolves to the outcome, or rejects with the failure. */
    wait(id: number): Promise<Outcome> {
      if (failed !== null) return Promise.reject(failed as Error);
      return waiterOf(id).settled.finally(() => waiters.delete(id));
    },
    settle: (id: number, outcome: Outcome): void => waiterOf(id).resolve(outcome),
    fail: (id: number, error: unknown): void => waiterOf(id).reject(error),
    /** Fails every waiter, now and later: the engine answers no more. */
    failAll(error: unknown): void {
      failed = error;
      for (const waiter of waiters.values()) waiter.reject(error);
    },
  };
}
