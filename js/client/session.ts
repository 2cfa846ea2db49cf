// The session snapshot: a frozen object without the token, the same one until something in it
// changes.

import type { EngineHost } from "../../build/client/client.js";
import type { Session } from "./types.js";

export const UNKNOWN: Session = Object.freeze({
  status: "unknown",
  generation: 0,
  expiresAt: null,
  refreshing: false,
  degraded: false,
  retryAt: null,
  claims: null,
  reason: null,
});

/** The snapshot that follows `last`. `claims` is called when the token is another one. */
export function sessionOf(
  [status, generation, refreshing, reason, expiresAt, retryAt]: Parameters<EngineHost["changed"]>,
  last: Session,
  claims: () => Uint8Array | undefined,
): Session {
  // One generation is one token; without an expiry there is none now.
  const known = generation === last.generation && last.expiresAt !== null;
  return {
    status,
    generation,
    expiresAt: expiresAt ?? null,
    refreshing,
    degraded: retryAt !== undefined,
    retryAt: retryAt ?? null,
    claims: expiresAt === undefined ? null : known ? last.claims : readJson(claims()),
    reason: reason ?? null,
  };
}

/** JSON, deeply frozen. `null` when it can't be read. */
export function readJson<T>(json: Uint8Array | undefined): T | null {
  // An opaque token has no claims. To let the parser throw took three milliseconds in a page that
  // had just begun.
  if (json === undefined) return null;
  try {
    return JSON.parse(new TextDecoder().decode(json), (_, value: unknown) =>
      Object.freeze(value),
    ) as T;
  } catch {
    return null;
  }
}
