// Accounts, and checking a password.

import type { Credentials } from "./bodies.ts";
import { matchesPassword, NOBODYS_HASH } from "./passwords.ts";

export interface Account {
  /** The tokens' `sub`. */
  id: string;
  name: string;
  roles: readonly string[];
}

interface Row {
  id: string;
  name: string;
  roles: string;
  password_hash: string;
  signed_out_at: number | null;
}

/**
 * `signedOutAt`: when all sessions of the account were last ended together. `accountId`: the
 * account whose password was wrong, or null when no account has the user name.
 */
export type Verdict =
  | { opened: true; account: Account; signedOutAt: number | null }
  | { opened: false; accountId: string | null };

/** An unknown user name takes as long as a wrong password. */
export async function authenticate(
  db: D1Database,
  tenantId: string,
  { username, password }: Credentials,
): Promise<Verdict> {
  const found = await db
    .prepare(
      `SELECT id, name, roles, password_hash, signed_out_at
         FROM accounts WHERE tenant_id = ? AND username = ?`,
    )
    .bind(tenantId, username)
    .first<Row>();
  const matches = await matchesPassword(password, found?.password_hash ?? NOBODYS_HASH);
  if (!found || !matches) return { opened: false, accountId: found?.id ?? null };
  const account = { id: found.id, name: found.name, roles: JSON.parse(found.roles) as string[] };
  return { opened: true, account, signedOutAt: found.signed_out_at };
}

/** The tenant's account of this id, or null. */
export async function accountOf(
  db: D1Database,
  tenantId: string,
  id: string,
): Promise<Account | null> {
  const found = await db
    .prepare("SELECT id, name, roles FROM accounts WHERE id = ? AND tenant_id = ?")
    .bind(id, tenantId)
    .first<Pick<Row, "id" | "name" | "roles">>();
  return found === null ? null : { ...found, roles: JSON.parse(found.roles) as string[] };
}
