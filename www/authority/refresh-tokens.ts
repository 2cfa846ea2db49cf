// Refresh tokens: random, known here by their hash only, good for one use. All tokens that descend from one sign-in are a
// family; a family ends at logout, after its time, or when a used token comes back, for then somebody has a copy.

import type { Account } from "./accounts.ts";

/** What a sign-in or a refresh gives: a session that is alive, and the only token that can renew it. */
export interface Grant {
  refreshToken: string;
  sessionId: string;
  account: Account;
  /** Seconds since 1970. */
  expiresAt: number;
}

export type RevokedBy = "logout" | "sign-in" | "reuse";

/** 256 bits, base64url. */
const REFRESH_TOKEN = /^[\w-]{43}$/;

export function looksLikeRefreshToken(text: string): boolean {
  return REFRESH_TOKEN.test(text);
}

export async function startFamily(db: D1Database, account: Account, now: number, lifetime: number): Promise<Grant> {
  const refreshToken = randomToken();
  const sessionId = crypto.randomUUID();
  const expiresAt = now + lifetime;
  await db.batch([
    // Families past their time are of no use to anybody, not even for spotting reuse.
    db.prepare("DELETE FROM families WHERE expires_at <= ?").bind(now),
    db
      .prepare("INSERT INTO families (id, account_id, started_at, expires_at) VALUES (?, ?, ?, ?)")
      .bind(sessionId, account.id, now, expiresAt),
    db
      .prepare("INSERT INTO refresh_tokens (hash, family_id, issued_at) VALUES (?, ?, ?)")
      .bind(await hashOf(refreshToken), sessionId, now),
  ]);
  return { refreshToken, sessionId, account, expiresAt };
}

/**
 * Uses a refresh token: its successor, or null when it is unknown, used, expired or revoked.
 *
 * Using a token *is* inserting its successor, in one statement, and the column `predecessor` is unique. So there is no moment
 * between looking and marking, and parallel uses of one token have one winner. The successor inherits the family's end and
 * never outlives it (RFC 10017 forbids a rotation to extend a session that was given an end).
 */
export async function rotate(db: D1Database, presented: string, now: number): Promise<Grant | null> {
  const refreshToken = randomToken();
  const hash = await hashOf(refreshToken);
  // A batch is a transaction: either the successor is there and we know whose it is, or nothing has happened.
  const [, reads] = await db.batch<{ session_id: string; expires_at: number; account_id: string; account_name: string }>([
    db
      .prepare(
        `INSERT INTO refresh_tokens (hash, family_id, predecessor, issued_at)
         SELECT ?1, families.id, used.hash, ?3
           FROM refresh_tokens AS used JOIN families ON families.id = used.family_id
          WHERE used.hash = ?2 AND families.expires_at > ?3 AND families.revoked_at IS NULL
         ON CONFLICT (predecessor) DO NOTHING`,
      )
      .bind(hash, await hashOf(presented), now),
    db
      .prepare(
        `SELECT families.id AS session_id, families.expires_at, accounts.id AS account_id, accounts.name AS account_name
           FROM refresh_tokens
           JOIN families ON families.id = refresh_tokens.family_id
           JOIN accounts ON accounts.id = families.account_id
          WHERE refresh_tokens.hash = ?`,
      )
      .bind(hash),
  ]);
  const row = reads?.results[0];
  if (!row) return null;
  return {
    refreshToken,
    sessionId: row.session_id,
    account: { id: row.account_id, name: row.account_name },
    expiresAt: row.expires_at,
  };
}

/** To be called with a token that `rotate` refused: if it is a used one, its family is revoked. */
export async function noteReuse(db: D1Database, presented: string, now: number): Promise<void> {
  await db
    .prepare(
      `UPDATE families SET revoked_at = ?2, revoked_by = 'reuse'
        WHERE revoked_at IS NULL AND id = (SELECT family_id FROM refresh_tokens WHERE predecessor = ?1)`,
    )
    .bind(await hashOf(presented), now)
    .run();
}

/** Revokes the family of a token, used or not: whoever holds any of its tokens may end a session. */
export async function revokeFamilyOf(db: D1Database, presented: string, by: RevokedBy, now: number): Promise<void> {
  await db
    .prepare(
      `UPDATE families SET revoked_at = ?2, revoked_by = ?3
        WHERE revoked_at IS NULL AND id = (SELECT family_id FROM refresh_tokens WHERE hash = ?1)`,
    )
    .bind(await hashOf(presented), now, by)
    .run();
}

function randomToken(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** A plain hash is enough: what is hashed is 256 random bits, not a password that could be guessed. */
async function hashOf(refreshToken: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(refreshToken))));
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
