// Events and what follows from them. All events go to the audit log. Those above low severity go to
// the alert hook too. An event of high severity ends all of the user's sessions.

import { type AuditRecord, appendRecord, type Severity } from "./audit.ts";
import type { Scene } from "./context.ts";
import { revokeUser } from "./revocation.ts";
import { secondsNow } from "./settings.ts";

const SEVERITIES = {
  sign_in: "low",
  "sign_in.failed": "low",
  /** More failures than a limit allows: somebody is guessing. */
  "sign_in.limited": "medium",
  sign_out: "low",
  "sign_out.everywhere": "low",
  "session.ended": "low",
  /** More renewals of one session than the limit allows: a loop, or a copied token. */
  "refresh.rapid": "medium",
  /** A used refresh token came back after its grace window: somebody has a copy. */
  "refresh.reused": "high",
  "totp.enrolled": "low",
  step_up: "low",
  "step_up.failed": "low",
  "step_up.limited": "medium",
  /** Ten wrong codes in one session, which ended it. */
  "step_up.exhausted": "medium",
  "keys.rotated": "low",
  "user.revoked": "low",
  /** An operator got a token to act for the user. */
  "acting.started": "low",
  /** A service got a token for another API, to act for the user there. */
  exchanged: "low",
} as const satisfies Record<string, Severity>;

export type Event = keyof typeof SEVERITIES;

/** The subject of an event, as far as it is known. `detail`: fixed words or an id. */
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
 * Posts the record to the alert hook, if one is set. A failure costs nothing: the record is in the
 * log already.
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
    // The error is not logged: it may name the address, which is often a secret.
    console.error("the alert hook can't be reached");
  }
}
