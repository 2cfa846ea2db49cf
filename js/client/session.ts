// The session snapshot: frozen, the same object until something in it changes, and never with a
// token in it.

import type { Session, SessionStatus, SignedOutReason } from "./types.js";
import { type Numbers, orNull } from "./wire.js";

/** By the numbers of `Status` in src/engine/session.rs. */
export const STATUSES: readonly SessionStatus[] = ["unknown", "anonymous", "authenticated"];

/** By the numbers of `SignedOutReason` there. */
export const REASONS: readonly (SignedOutReason | null)[] = [
  null,
  "logout",
  "logout-elsewhere",
  "rejected",
  "no-session",
  "closed",
];

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

/**
 * The snapshot that follows `last`, by the numbers of `Output.changed`. The claims are the engine's
 * to ask for.
 */
export function sessionOf(
  [status, generation, refreshing, reason, expiry, retry]: Numbers,
  last: Session,
  engine: { claims(): Uint8Array | undefined },
): Session {
  const [expiresAt, retryAt] = [orNull(expiry), orNull(retry)];
  // One generation is one token; without an expiry there is none now.
  const known = generation === last.generation && last.expiresAt !== null;
  return {
    status: STATUSES[status]!,
    generation,
    expiresAt,
    refreshing: refreshing === 1,
    degraded: retryAt !== null,
    retryAt,
    claims: expiresAt === null ? null : known ? last.claims : readClaims(engine.claims()),
    reason: REASONS[reason] ?? null,
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
