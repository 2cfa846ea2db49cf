// The audit log. Records are added and read; the table refuses to change or remove one. No record
// holds a secret or a text that somebody typed: people type passwords into the field for the user
// name.

import type { Tenant } from "../tenants.ts";

export type Severity = "low" | "medium" | "high";

export interface AuditRecord {
  id: number;
  /** Seconds since 1970. */
  at: number;
  event: string;
  severity: Severity;
  /** The account's id, which is the `sub` of its tokens. */
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
      `INSERT INTO audit_log
         (tenant_id, at, event, severity, account_id, session_id, device, detail)
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

/** The tenant's records, newest first. At most `limit` of them, with ids below `before`. */
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
