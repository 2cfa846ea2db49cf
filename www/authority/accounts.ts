// Accounts, and the question whether somebody is the owner of one.

import type { Credentials } from "./credentials.ts";
import { matchesPassword, NOBODYS_HASH } from "./passwords.ts";

export interface Account {
  id: string;
  name: string;
}

/** The account that these credentials open, or null. Takes as long for an account that doesn't exist as for a wrong password. */
export async function authenticate(db: D1Database, credentials: Credentials): Promise<Account | null> {
  const found = await db
    .prepare("SELECT id, name, password_hash FROM accounts WHERE username = ?")
    .bind(credentials.username)
    .first<{ id: string; name: string; password_hash: string }>();
  const matches = await matchesPassword(credentials.password, found?.password_hash ?? NOBODYS_HASH);
  return found && matches ? { id: found.id, name: found.name } : null;
}
