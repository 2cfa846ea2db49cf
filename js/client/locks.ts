// The origin-wide lock, by Web Locks. Where they are missing or denied the engine is told so and
// goes on without.

type Answer = (answer: "locked" | "lock-denied", ticket: number) => void;

export class Locks {
  readonly #name: string;
  readonly #answer: Answer;
  /** How to give back, or give up, what a ticket stands for. */
  readonly #release = new Map<number, () => void>();

  constructor(name: string, answer: Answer) {
    this.#name = `tokenkeep:${name}`;
    this.#answer = answer;
  }

  acquire(ticket: number): void {
    const controller = new AbortController();
    this.#release.set(ticket, () => controller.abort());
    // Asked for at once, since the browser takes milliseconds. The engine is still at work, so
    // whatever this throws, and an answer given at once, waits for a microtask.
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
      // Given up just before it was granted.
      if (!this.#release.has(ticket)) return;
      await new Promise<void>((resolve) => {
        this.#release.set(ticket, resolve);
        this.#answer("locked", ticket);
      });
    });
  }
}
