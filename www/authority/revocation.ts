// Ending sessions in the tables and in KV. The tables come first: a session must not renew itself
// in between. From then on no refresh succeeds, and the authority's own routes refuse the session's
// access tokens, since they ask the tables. KV tells the verifiers elsewhere, and tells them later.
// Cloudflare says that a write may take a minute to reach them, and each remembers what it read for
// its `cacheTtl`.
//
// An entry in KV is kept for as long as a session can last, and for the tolerance of verifiers. No
// access token outlives its session, so none outlives its revocation.

import { kvRevocation } from "tokenkeep/edge";
import type { Tenant } from "../tenants.ts";
import {
  endAllSessions,
  endSession,
  noteSignedOut,
  type RevokedBy,
  type Session,
} from "./sessions.ts";
import { type AuthorityBindings, secondsNow, settingsFrom } from "./settings.ts";

/** The longest `clockTolerance` of `tokenkeep/edge`, in seconds. */
const SLACK = 600;

/** @returns false when the session had ended before */
export async function revokeSession(
  bindings: AuthorityBindings,
  { tenant, session, by, now }: { tenant: Tenant; session: Session; by: RevokedBy; now: number },
): Promise<boolean> {
  const ended = await endSession(bindings.DB, session.id, session.account.id, by, now);
  // Also when it had ended before: the call that ended it may have failed at this point.
  if (session.expiresAt > now)
    await kvRevocation(bindings.SHARED).revokeSession(
      tenant.issuer,
      session.id,
      session.expiresAt - now + SLACK,
    );
  return ended;
}

export async function revokeUser(
  bindings: AuthorityBindings,
  { tenant, accountId, by, now }: { tenant: Tenant; accountId: string; by: RevokedBy; now: number },
): Promise<void> {
  await endAllSessions(bindings.DB, tenant.id, accountId, by, now);
  // Read after the last renewal that could succeed: no token that was issued is of a later second.
  const cutoff = secondsNow();
  await noteSignedOut(bindings.DB, tenant.id, accountId, cutoff);
  const revocation = kvRevocation(bindings.SHARED, { clock: () => cutoff * 1000 });
  await revocation.revokeUser(
    tenant.issuer,
    accountId,
    settingsFrom(bindings).sessionSeconds + SLACK,
  );
}
