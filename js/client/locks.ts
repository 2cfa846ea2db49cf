// The lock of the origin, by Web Locks. Where they are missing or denied, the engine is told and
// goes on without.

type Answer = (answer: "locked" | "lock-denied", ticket: number) => void;

/** The lock of the origin for the keeps of this name. */
export function newLocks(name: string, answer: Answer) {
  /** Gives back the lock of a ticket, or stops waiting for it. */
  const held = new Map<number, () => void>();

  function release(ticket: number): void {
    const giveBack = held.get(ticket);
    held.delete(ticket);
    giveBack?.();
  }

  async function request(ticket: number, signal: AbortSignal): Promise<void> {
    await navigator.locks.request(`tokenkeep:${name}`, { signal }, async () => {
      await undefined;
      // The engine has stopped waiting just before the lock was granted.
      if (!held.has(ticket)) return;
      await new Promise<void>((resolve) => {
        held.set(ticket, resolve);
        answer("locked", ticket);
      });
    });
  }

  return {
    acquire(ticket: number): void {
      const controller = new AbortController();
      held.set(ticket, () => controller.abort());
      // The lock is asked for at once, since the browser takes milliseconds. The engine is still at
      // work, so a failure, or a lock that is granted at once, waits for a microtask.
      request(ticket, controller.signal).catch(() => answer("lock-denied", ticket));
    },
    release,
    releaseAll: () => [...held.keys()].forEach(release),
  };
}
