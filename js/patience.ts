// Waiting for what is a help and no more, such as a store, a bounded time.

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
