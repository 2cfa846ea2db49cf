// Sessions. A session begins with a sign-in and goes on through a family of refresh tokens. It ends
// when its time is over, at a logout, when its owner or an operator ends it, or by the alarm.

import type { Account } from "./accounts.ts";
import { hashOf, newRefreshToken } from "./refresh-tokens.ts";

export interface Session {
  /** The `sid` of its tokens. */
  id: string;
  account: Account;
  device: string;
  /** Seconds since 1970, like all times here. */
  startedAt: number;
  lastUsedAt: number;
  expiresAt: number;
  /** When a second factor was last shown; null if none was. */
  steppedUpAt: number | null;
}

export type RevokedBy = "logout" | "sign-in" | "reuse" | "user" | "alarm" | "operator";

/** A session as SESSION_COLUMNS selects it. */
export interface Row {
  id: string;
  device: string;
  started_at: number;
  last_used_at: number;
  expires_at: number;
  stepped_up_at: number | null;
  account_id: string;
  account_name: string;
  account_roles: string;
}

export const SESSION_COLUMNS = `families.id, families.device, families.started_at,
  families.last_used_at, families.expires_at, families.stepped_up_at,
  accounts.id AS account_id, accounts.name AS account_name, accounts.roles AS account_roles`;

/**
 * The condition that a session has not ended, for a statement that joins `families` and `accounts`.
 * `now` is the statement's parameter. A session that began in the second in which all sessions of
 * its user were ended has ended too: its sign-in may have been under way.
 */
export function living(now: string): string {
  return `families.revoked_at IS NULL AND families.expires_at > ${now}
      AND families.started_at > coalesce(accounts.signed_out_at, -1)`;
}

export function sessionFrom(row: Row): Session {
  return {
    id: row.id,
    account: {
      id: row.account_id,
      name: row.account_name,
      roles: JSON.parse(row.account_roles) as string[],
    },
    device: row.device,
    startedAt: row.started_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    steppedUpAt: row.stepped_up_at,
  };
}

export async function startSession(
  db: D1Database,
  {
    tenantId,
    account,
    device,
    now,
    lifetime,
  }: { tenantId: string; account: Account; device: string; now: number; lifetime: number },
): Promise<{ session: Session; refreshToken: string }> {
  const refreshToken = newRefreshToken();
  const id = crypto.randomUUID();
  const expiresAt = now + lifetime;
  await db.batch([
    // Expired sessions are deleted: their tokens open nothing, and none of them can raise an alarm.
    db.prepare("DELETE FROM families WHERE expires_at <= ?").bind(now),
    db
      .prepare(
        `INSERT INTO families
           (id, tenant_id, account_id, device, started_at, last_used_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)`,
      )
      .bind(id, tenantId, account.id, device, now, expiresAt),
    db
      .prepare("INSERT INTO refresh_tokens (hash, family_id, issued_at) VALUES (?, ?, ?)")
      .bind(await hashOf(refreshToken), id, now),
  ]);
  return {
    session: { id, account, device, startedAt: now, lastUsedAt: now, expiresAt, steppedUpAt: null },
    refreshToken,
  };
}

/** The account's living sessions, the last used first. */
export async function sessionsOf(
  db: D1Database,
  accountId: string,
  now: number,
): Promise<Session[]> {
  const { results } = await db
    .prepare(
      `SELECT ${SESSION_COLUMNS} FROM families JOIN accounts ON accounts.id = families.account_id
        WHERE families.account_id = ?1 AND ${living("?2")}
        ORDER BY families.last_used_at DESC, families.started_at DESC LIMIT 100`,
    )
    .bind(accountId, now)
    .all<Row>();
  return results.map(sessionFrom);
}

/** True while the session is of this account and tenant, and has not ended. */
export async function isLiving(
  db: D1Database,
  {
    tenantId,
    id,
    accountId,
    now,
  }: { tenantId: string; id: string; accountId: string; now: number },
): Promise<boolean> {
  const found = await db
    .prepare(
      `SELECT 1 FROM families JOIN accounts ON accounts.id = families.account_id
        WHERE families.id = ?1 AND families.tenant_id = ?2 AND families.account_id = ?3
          AND ${living("?4")}`,
    )
    .bind(id, tenantId, accountId, now)
    .first();
  return found !== null;
}

/**
 * Counts a code before it is looked at, so that parallel guesses gain nothing. Returns the count
 * with this code, or null when the session has used up `most`.
 */
export async function countCode(db: D1Database, id: string, most: number): Promise<number | null> {
  return db
    .prepare(
      `UPDATE families SET wrong_codes = wrong_codes + 1
        WHERE id = ?1 AND wrong_codes < ?2 RETURNING wrong_codes`,
    )
    .bind(id, most)
    .first<number>("wrong_codes");
}

/** Begins the count anew, after a right code. */
export async function forgetWrongCodes(db: D1Database, id: string): Promise<void> {
  await db.prepare("UPDATE families SET wrong_codes = 0 WHERE id = ?").bind(id).run();
}

/** Ends a session of the account. False when no living one has this id. */
export async function endSession(
  db: D1Database,
  id: string,
  accountId: string,
  by: RevokedBy,
  now: number,
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE families SET revoked_at = ?3, revoked_by = ?4
        WHERE id = ?1 AND account_id = ?2 AND revoked_at IS NULL AND expires_at > ?3`,
    )
    .bind(id, accountId, now, by)
    .run();
  return meta.changes > 0;
}

/** Ends all sessions of an account. An account of another tenant is left alone. */
export async function endAllSessions(
  db: D1Database,
  tenantId: string,
  accountId: string,
  by: RevokedBy,
  now: number,
): Promise<void> {
  await db
    .prepare(
      `UPDATE families SET revoked_at = ?2, revoked_by = ?3
        WHERE account_id = ?1 AND tenant_id = ?4 AND revoked_at IS NULL`,
    )
    .bind(accountId, now, by, tenantId)
    .run();
}

/**
 * Notes that the account's tokens issued up to this second are refused. A new session must begin in
 * a later one.
 */
export async function noteSignedOut(
  db: D1Database,
  tenantId: string,
  accountId: string,
  cutoff: number,
): Promise<void> {
  await db
    .prepare("UPDATE accounts SET signed_out_at = ? WHERE id = ? AND tenant_id = ?")
    .bind(cutoff, accountId, tenantId)
    .run();
}

/**
 * The session of a refresh token. The token may be used and the session may have ended: whoever
 * holds any token of a session may end it.
 */
export async function sessionBehind(
  db: D1Database,
  tenantId: string,
  refreshToken: string,
): Promise<Session | null> {
  const row = await db
    .prepare(
      `SELECT ${SESSION_COLUMNS} FROM refresh_tokens
         JOIN families ON families.id = refresh_tokens.family_id
         JOIN accounts ON accounts.id = families.account_id
        WHERE refresh_tokens.hash = ?1 AND families.tenant_id = ?2`,
    )
    .bind(await hashOf(refreshToken), tenantId)
    .first<Row>();
  return row === null ? null : sessionFrom(row);
}
