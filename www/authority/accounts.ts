// Accounts, and the question whether somebody is the owner of one.

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
 * The account that these credentials open, or null. Takes as long for an account that doesn't exist as for a wrong password.
 * `signedOutAt`: the last time that all its sessions were ended at once.
 */
export async function authenticate(
  db: D1Database,
  tenantId: string,
  { username, password }: Credentials,
): Promise<{ account: Account; signedOutAt: number | null } | null> {
  const found = await db
    .prepare("SELECT id, name, roles, password_hash, signed_out_at FROM accounts WHERE tenant_id = ? AND username = ?")
    .bind(tenantId, username)
    .first<Row>();
  const matches = await matchesPassword(password, found?.password_hash ?? NOBODYS_HASH);
  if (!found || !matches) return null;
  return { account: { id: found.id, name: found.name, roles: JSON.parse(found.roles) as string[] }, signedOutAt: found.signed_out_at };
}
