// The session snapshot: frozen, the same object until something in it changes, and never with a
// token in it.

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

/** The snapshot that follows `last`. The claims are the engine's to ask for. */
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
    claims: expiresAt === undefined ? null : known ? last.claims : readClaims(claims()),
    reason: reason ?? null,
  };
}

/**
 * The claims of an unverified JWT: own properties only, deeply frozen. `null` for what the reader
 * can't take.
 */
function readClaims(json: Uint8Array | undefined): Session["claims"] {
  // An opaque token: to let the parser throw took three milliseconds in a page that had just begun.
  if (json === undefined) return null;
  try {
    return JSON.parse(new TextDecoder().decode(json), (_, value: unknown) =>
      Object.freeze(value),
    ) as Session["claims"];
  } catch {
    return null;
  }
}
