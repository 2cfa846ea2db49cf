// What the tests of cancelled requests in workerd share: clients that may hang up, and moments that
// the test chooses.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** What workerd logs when a request waits for another one's work. */
export const CROSSED = /different request|cross-request|will never generate a response|hung/i;

/** A moment that the test chooses. */
export function moment(): { readonly come: Promise<void>; now(): void } {
  let now = () => undefined as void;
  const come = new Promise<void>((resolve) => (now = resolve));
  return { come, now };
}

export async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    assert.ok(waited < 60_000, "it never came true");
    await sleep(20);
  }
}

/** The guard's answer to a token, or what came of hanging up. */
export async function ask(url: URL, token: string, hangsUp = false): Promise<string> {
  const response = await fetch(url, {
    headers: { Authorization: `Bearer ${token}`, ...(hangsUp ? { "X-Hang-Up": "yes" } : {}) },
    // An answer that never comes has to fail the test, not to hold it up.
    signal: AbortSignal.timeout(60_000),
  });
  return `${response.status} ${await response.text()}`;
}
