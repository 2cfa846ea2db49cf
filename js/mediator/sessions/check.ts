// `checkSessionStore`: it loads what only tests need.

import { loadSessionCheck } from "../../chunks.js";
import type { SessionStore } from "../store-types.js";

/** What one check found. */
export interface StoreFinding {
  readonly name: string;
  readonly ok: boolean;
  /** What came instead. */
  readonly detail?: string;
}

/**
 * Tries a store of your own, in a test: each finding says what was tried, and whether it held.
 * Ours pass.
 *
 * ```ts
 * const findings = await checkSessionStore(() => mySessions(database));
 * assert.deepEqual(findings.filter(({ ok }) => !ok), []);
 * ```
 *
 * @param make makes the store anew, as another process would; called twice
 */
export async function checkSessionStore(
  make: () => SessionStore,
): Promise<readonly StoreFinding[]> {
  const { checkStore } = await loadSessionCheck();
  return checkStore(make);
}
