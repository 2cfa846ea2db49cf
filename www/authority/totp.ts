// Second factors: time-based codes (RFC 6238) of the kind that every authenticator app speaks. A
// code counts once, and a secret counts when a code has shown that the app has it.

import { Secret, TOTP } from "otpauth";
import type { Account } from "./accounts.ts";
import { type Seal, seal, unseal } from "./sealing.ts";
import { type AuthorityBindings, settingsFrom } from "./settings.ts";

/** What the apps take for granted; some ignore that a URI asks for more. */
const PARAMETERS = { algorithm: "SHA1", digits: 6, period: 30 } as const;
/** RFC 4226 section 4 recommends 160 bits. */
const SECRET_BYTES = 20;
/** Steps of 30 seconds before and after this one that count too: clocks differ, and people type. */
const WINDOW = 1;

export async function isEnrolled(db: D1Database, accountId: string): Promise<boolean> {
  return (
    (await db
      .prepare("SELECT 1 FROM totp_secrets WHERE account_id = ? AND secret IS NOT NULL")
      .bind(accountId)
      .first()) !== null
  );
}

/**
 * A new secret, pending until a code confirms it; one that counts already goes on counting until
 * then.
 */
export async function offerSecret(
  bindings: AuthorityBindings,
  account: Account,
): Promise<{ secret: string; uri: string }> {
  const secret = new Secret({ size: SECRET_BYTES });
  const sealed = await seal(secret.base32, sealOf(bindings, account.id));
  await bindings.DB.prepare(
    "INSERT INTO totp_secrets (account_id, pending) VALUES (?1, ?2) ON CONFLICT (account_id) DO UPDATE SET pending = ?2",
  )
    .bind(account.id, sealed)
    .run();
  const totp = new TOTP({
    ...PARAMETERS,
    secret,
    issuer: settingsFrom(bindings).clientId,
    label: account.name,
  });
  return { secret: secret.base32, uri: totp.toString() };
}

/** Makes the pending secret the one that counts, if the code is of it. */
export async function confirmSecret(
  bindings: AuthorityBindings,
  accountId: string,
  code: string,
): Promise<boolean> {
  const sealed = await secretIn(bindings.DB, accountId, "pending");
  const step = sealed === null ? null : await stepOf(bindings, accountId, sealed, code);
  if (step === null) return false;
  return took(
    bindings.DB.prepare(
      `UPDATE totp_secrets SET secret = pending, pending = NULL, last_step = ?3
        WHERE account_id = ?1 AND pending = ?2 AND last_step < ?3`,
    ).bind(accountId, sealed, step),
  );
}

/**
 * Uses a code up. False for a wrong one, and for one that is not newer than the last that was
 * taken.
 */
export async function useCode(
  bindings: AuthorityBindings,
  accountId: string,
  code: string,
): Promise<boolean> {
  const sealed = await secretIn(bindings.DB, accountId, "secret");
  const step = sealed === null ? null : await stepOf(bindings, accountId, sealed, code);
  if (step === null) return false;
  return took(
    bindings.DB.prepare(
      "UPDATE totp_secrets SET last_step = ?3 WHERE account_id = ?1 AND secret = ?2 AND last_step < ?3",
    ).bind(accountId, sealed, step),
  );
}

/**
 * The time step that the code is of, or null when it is of none that counts now. The library
 * compares in constant time.
 */
async function stepOf(
  bindings: AuthorityBindings,
  accountId: string,
  sealed: string,
  code: string,
): Promise<number | null> {
  const secret = Secret.fromBase32(await unseal(sealed, sealOf(bindings, accountId)));
  const timestamp = Date.now();
  const delta = TOTP.validate({ ...PARAMETERS, secret, token: code, timestamp, window: WINDOW });
  return delta === null ? null : TOTP.counter({ period: PARAMETERS.period, timestamp }) + delta;
}

async function secretIn(
  db: D1Database,
  accountId: string,
  column: "secret" | "pending",
): Promise<string | null> {
  return db
    .prepare(`SELECT ${column} FROM totp_secrets WHERE account_id = ?`)
    .bind(accountId)
    .first<string>(column);
}

/** A statement that only one of two parallel uses of a code can win. */
async function took(statement: D1PreparedStatement): Promise<boolean> {
  return (await statement.run()).meta.changes > 0;
}

function sealOf(bindings: AuthorityBindings, accountId: string): Seal {
  return {
    secret: settingsFrom(bindings).keyEncryptionSecret,
    purpose: "tokenkeep TOTP secret",
    context: accountId,
  };
}
