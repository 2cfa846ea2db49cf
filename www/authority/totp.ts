// Second factors: time-based codes (RFC 6238), as authenticator apps show them. A code counts once.
// A secret counts as soon as a code has shown that the app has it.

import { Secret, TOTP } from "otpauth";
import { type Seal, seal, unseal } from "./sealing.ts";
import type { Session } from "./sessions.ts";
import { type AuthorityBindings, settingsFrom } from "./settings.ts";

/** The parameters that every app knows. Some apps ignore others in a URI. */
const PARAMETERS = { algorithm: "SHA1", digits: 6, period: 30 } as const;
/** RFC 4226 section 4 recommends 160 bits. */
const SECRET_BYTES = 20;
/**
 * How many steps of 30 seconds before and after the present one count too: clocks differ, and
 * typing takes time.
 */
const WINDOW = 1;

export async function isEnrolled(db: D1Database, accountId: string): Promise<boolean> {
  return (await secretIn(db, accountId, "secret")) !== null;
}

/**
 * True when the session may enrol a factor. A factor that counts may be replaced only in a session
 * that has shown it: a stolen session must not replace the factor that keeps it out. The statements
 * below check this too, so that no parallel call slips in between.
 */
export async function mayEnrol(db: D1Database, session: Session): Promise<boolean> {
  return hasShown(session) || !(await isEnrolled(db, session.account.id));
}

/**
 * A new secret, which is pending until a code confirms it. The secret that counts goes on counting
 * until then. Null when the session may not replace that one.
 */
export async function offerSecret(
  bindings: AuthorityBindings,
  session: Session,
): Promise<{ secret: string; uri: string } | null> {
  const { account } = session;
  const secret = new Secret({ size: SECRET_BYTES });
  const sealed = await seal(secret.base32, sealOf(bindings, account.id));
  const offered = await took(
    bindings.DB.prepare(
      `INSERT INTO totp_secrets (account_id, pending) VALUES (?1, ?2)
       ON CONFLICT (account_id) DO UPDATE SET pending = ?2 WHERE secret IS NULL OR ?3`,
    ).bind(account.id, sealed, hasShown(session)),
  );
  if (!offered) return null;
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
  session: Session,
  code: string,
): Promise<boolean> {
  const { id } = session.account;
  const sealed = await secretIn(bindings.DB, id, "pending");
  const step = sealed === null ? null : await stepOf(bindings, id, sealed, code);
  if (step === null) return false;
  return took(
    bindings.DB.prepare(
      `UPDATE totp_secrets SET secret = pending, pending = NULL, last_step = ?3
        WHERE account_id = ?1 AND pending = ?2 AND (secret IS NULL OR ?4)`,
    ).bind(id, sealed, step, hasShown(session)),
  );
}

/** Uses a code. False for a wrong one, and for one that is not newer than the last one used. */
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
      `UPDATE totp_secrets SET last_step = ?3
        WHERE account_id = ?1 AND secret = ?2 AND last_step < ?3`,
    ).bind(accountId, sealed, step),
  );
}

/**
 * The time step of a code, or null when no step that counts now has it. The library compares in
 * constant time.
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

function hasShown({ steppedUpAt }: Session): boolean {
  return steppedUpAt !== null;
}

/** True when the statement changed its row: of two parallel uses of a code, one does. */
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
