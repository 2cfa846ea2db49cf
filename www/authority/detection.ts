// What happened and what follows from it. Each event has a severity: all are recorded, those above
// low go to the alert hook, and one of high severity ends all of the user's sessions.

import { type AuditRecord, appendRecord, type Severity } from "./audit.ts";
import type { Scene } from "./context.ts";
import { revokeUser } from "./revocation.ts";
import { secondsNow } from "./settings.ts";

const SEVERITIES = {
  sign_in: "low",
  "sign_in.failed": "low",
  /** More failures than the limit allows: somebody is guessing. */
  "sign_in.limited": "medium",
  sign_out: "low",
  "sign_out.everywhere": "low",
  "session.ended": "low",
  /** More renewals of one session than the limit allows: a loop, or a copy at work. */
  "refresh.rapid": "medium",
  /** A used refresh token came back after its grace window: there is a copy. */
  "refresh.reused": "high",
  "totp.enrolled": "low",
  step_up: "low",
  "step_up.failed": "low",
  "step_up.limited": "medium",
  /** So many wrong codes in one session that it ended. */
  "step_up.exhausted": "medium",
  "keys.rotated": "low",
  "user.revoked": "low",
} as const satisfies Record<string, Severity>;

export type Event = keyof typeof SEVERITIES;

/** Whom it is about, as far as that is known. `detail`: fixed words or an id. */
export interface Circumstances {
  user?: string | null;
  session?: string;
  device?: string;
  detail?: string;
}

const ALERT_TIMEOUT_MS = 5000;

export async function note(
  scene: Scene,
  event: Event,
  circumstances: Circumstances = {},
): Promise<void> {
  const { user = null, session = null, device = null, detail = null } = circumstances;
  const now = secondsNow();
  const severity = SEVERITIES[event];
  const record = { at: now, event, severity, user, session, device, detail };
  await appendRecord(scene.bindings.DB, scene.tenant, record);
  if (severity === "low") return;
  scene.waitUntil(alert(scene, record));
  if (severity === "high" && user !== null) {
    await revokeUser(scene.bindings, { tenant: scene.tenant, accountId: user, by: "alarm", now });
  }
}

/**
 * Tells the operator's own system, if there is one. The record is in the log whatever becomes of
 * this.
 */
async function alert({ bindings, tenant }: Scene, record: Omit<AuditRecord, "id">): Promise<void> {
  if (!bindings.ALERT_WEBHOOK) return;
  try {
    const response = await fetch(bindings.ALERT_WEBHOOK, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ tenant: tenant.id, ...record }),
      signal: AbortSignal.timeout(ALERT_TIMEOUT_MS),
    });
    if (!response.ok) console.error(`the alert hook answered ${response.status}`);
  } catch {
    // Not the error itself: it may name the address, which is often a secret.
    console.error("the alert hook can't be reached");
  }
}
