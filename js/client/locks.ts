// The lock of the origin, by Web Locks. Where they are missing or denied, the engine is told and
// goes on without.

type Answer = (answer: "locked" | "lock-denied", ticket: number) => void;

export class Locks {
  readonly #name: string;
  readonly #answer: Answer;
  /** Gives back the lock of a ticket, or stops waiting for it. */
  readonly #release = new Map<number, () => void>();

  constructor(name: string, answer: Answer) {
    this.#name = `tokenkeep:${name}`;
    this.#answer = answer;
  }

  acquire(ticket: number): void {
    const controller = new AbortController();
    this.#release.set(ticket, () => controller.abort());
    // The lock is asked for at once, since the browser takes milliseconds. The engine is still at
    // work, so a failure, or a lock that is granted at once, waits for a microtask.
    this.#request(ticket, controller.signal).catch(() => this.#answer("lock-denied", ticket));
  }

  release(ticket: number): void {
    const release = this.#release.get(ticket);
    this.#release.delete(ticket);
    release?.();
  }

  releaseAll(): void {
    for (const ticket of [...this.#release.keys()]) this.release(ticket);
  }

  async #request(ticket: number, signal: AbortSignal): Promise<void> {
    await navigator.locks.request(this.#name, { signal }, async () => {
      await undefined;
      // The engine has stopped waiting just before the lock was granted.
      if (!this.#release.has(ticket)) return;
      await new Promise<void>((resolve) => {
        this.#release.set(ticket, resolve);
        this.#answer("locked", ticket);
      });
    });
  }
}
