/**
 * What `read` makes of what was given; null where that throws. For what can't throw the verifier's
 * error itself: the verifier that gets it says that it is wrong.
 */
export function given<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
