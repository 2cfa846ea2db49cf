// Waiting that ends early: for what is a help and no more, such as a store, and for what nobody
// wants any more.

/** What `ask` gives, or null when it fails or takes longer than `timeout` milliseconds. */
export async function withoutDelay<T>(timeout: number, ask: () => Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeout);
  });
  try {
    return await Promise.race([ask(), tooLate]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** The signal of a `fetch`. That of `init` goes before the request's own, and null is none. */
export function signalOf(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): AbortSignal | null | undefined {
  return (init?.signal === undefined && input instanceof Request ? input : init)?.signal;
}

/**
 * Settles as what `start` begins does, or rejects with the signal's reason as soon as the signal
 * aborts. Where it has aborted before, nothing begins.
 */
export async function abortable<T>(
  signal: AbortSignal | null | undefined,
  start: () => Promise<T>,
): Promise<T> {
  if (!signal) return start();
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as unknown);
    signal.addEventListener("abort", abort, { once: true });
    start()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
