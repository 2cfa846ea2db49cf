// The session snapshot: frozen, the same object until something in it changes, and never with a token in it.

import type { Session, SessionStatus, SignedOutReason } from "./types.js";

/** By the numbers of `Status` in src/engine/session.rs. */
export const STATUSES: readonly SessionStatus[] = ["unknown", "anonymous", "authenticated"];

/** By the numbers of `SignedOutReason` there. */
export const REASONS: readonly (SignedOutReason | null)[] = [null, "logout", "logout-elsewhere", "rejected", "no-session", "closed"];

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

/** The claims of an unverified JWT: own properties only, deeply frozen. `null` for what the reader can't take. */
export function readClaims(json: string): Session["claims"] {
  try {
    return JSON.parse(json, (_, value: unknown) => Object.freeze(value)) as Session["claims"];
  } catch {
    return null;
  }
}
