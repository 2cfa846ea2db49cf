// The audit log: records are added and read, never changed or removed (the table refuses). No
// record holds a secret or what somebody typed: a password typed into the field for the user name
// must not end up here.

import type { Tenant } from "../tenants.ts";

export type Severity = "low" | "medium" | "high";

export interface AuditRecord {
  id: number;
  /** Seconds since 1970. */
  at: number;
  event: string;
  severity: Severity;
  /** The account's id, the tokens' `sub`. */
  user: string | null;
  session: string | null;
  device: string | null;
  detail: string | null;
}

export async function appendRecord(
  db: D1Database,
  tenant: Tenant,
  record: Omit<AuditRecord, "id">,
): Promise<void> {
  await db
    .prepare(
      `INSERT INTO audit_log (tenant_id, at, event, severity, account_id, session_id, device, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      tenant.id,
      record.at,
      record.event,
      record.severity,
      record.user,
      record.session,
      record.device,
      record.detail,
    )
    .run();
}

/** The tenant's records, newest first: at most `limit` of those with an id below `before`. */
export async function readRecords(
  db: D1Database,
  tenant: Tenant,
  before: number,
  limit: number,
): Promise<AuditRecord[]> {
  const { results } = await db
    .prepare(
      `SELECT id, at, event, severity, account_id AS user, session_id AS session, device, detail
         FROM audit_log WHERE tenant_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
    )
    .bind(tenant.id, before, limit)
    .all<AuditRecord>();
  return results;
}
