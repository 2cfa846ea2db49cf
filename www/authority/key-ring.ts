// The key ring of a tenant. One key is active and signs. The next one is published beside it, so
// that verifiers know it before it signs. A retired key stays published until the last token that
// it signed has expired. Its private half is deleted when it retires.

import type { JWK } from "jose";
import type { Tenant } from "../tenants.ts";
import { type AuthorityBindings, settingsFrom } from "./settings.ts";
import {
  type Alg,
  isAlg,
  makeKey,
  openKey,
  type SigningKey,
  type StoredKey,
} from "./signing-keys.ts";

export interface RingKey {
  kid: string;
  alg: string;
  state: "next" | "active" | "retired";
  /** Seconds since 1970. */
  since: number;
  retiresAt: number | null;
}

/** The active or the next key: it still has its private half. */
type RingRow = StoredKey & { since: number };

const DEFAULT_ALG = "ES256";

/**
 * The active key. It is read at each call, which costs one row: every isolate sees a rotation at
 * once.
 */
export async function signingKey(
  bindings: AuthorityBindings,
  tenant: Tenant,
  now: number,
): Promise<SigningKey> {
  const { keyEncryptionSecret } = settingsFrom(bindings);
  const row =
    (await keyIn(bindings.DB, tenant, "active")) ?? (await startRing(bindings, tenant, now));
  return openKey(row, tenant.id, keyEncryptionSecret);
}

/** The public halves of the ring, oldest first. */
export async function publishedKeys(
  bindings: AuthorityBindings,
  tenant: Tenant,
  now: number,
): Promise<JWK[]> {
  // A verifier that asks before the first sign-in must not remember an empty set.
  if ((await keyIn(bindings.DB, tenant, "active")) === null) await startRing(bindings, tenant, now);
  const { results } = await bindings.DB.prepare(`SELECT public_jwk ${PUBLISHED}`)
    .bind(tenant.id, now)
    .all<{ public_jwk: string }>();
  return results.map((row) => JSON.parse(row.public_jwk) as JWK);
}

/** The ring as an operator sees it. */
export async function ringOf(
  bindings: AuthorityBindings,
  tenant: Tenant,
  now: number,
): Promise<RingKey[]> {
  const { results } = await bindings.DB.prepare(
    `SELECT kid, alg, state, since, retires_at AS retiresAt ${PUBLISHED}`,
  )
    .bind(tenant.id, now)
    .all<RingKey>();
  return results;
}

/**
 * Makes the next key the active one and returns its kid. `alg` asks for an algorithm. If the next
 * key has another one, a new key is made and signs at once; verifiers first see it when they meet
 * its first token.
 */
export async function rotateKeys(
  bindings: AuthorityBindings,
  tenant: Tenant,
  now: number,
  alg?: Alg,
): Promise<string> {
  const { DB } = bindings;
  const { keyEncryptionSecret, keyOverlapSeconds } = settingsFrom(bindings);
  const active = (await keyIn(DB, tenant, "active")) ?? (await startRing(bindings, tenant, now));
  let next = await nextKey(bindings, tenant, now);
  if (alg !== undefined && next.alg !== alg) {
    await DB.prepare("DELETE FROM signing_keys WHERE kid = ? AND state = 'next'")
      .bind(next.kid)
      .run();
    next = await nextKey(bindings, tenant, now, alg);
  }
  const following = await makeKey(
    isAlg(next.alg) ? next.alg : DEFAULT_ALG,
    tenant.id,
    keyEncryptionSecret,
  );
  // One transaction, which changes only the ring that was read: of two rotations at once, one
  // succeeds.
  await DB.batch([
    DB.prepare(
      `UPDATE signing_keys SET state = 'retired', since = ?3, retires_at = ?4, private_jwk = NULL
        WHERE kid = ?1 AND state = 'active'
          AND EXISTS (SELECT 1 FROM signing_keys WHERE kid = ?2 AND state = 'next')`,
    ).bind(active.kid, next.kid, now, now + keyOverlapSeconds),
    DB.prepare(
      `UPDATE signing_keys SET state = 'active', since = ?2 WHERE kid = ?1 AND state = 'next'
          AND NOT EXISTS (SELECT 1 FROM signing_keys WHERE tenant_id = ?3 AND state = 'active')`,
    ).bind(next.kid, now, tenant.id),
    insert(DB, tenant, following, "next", now),
  ]);
  return (await keyIn(DB, tenant, "active"))?.kid ?? next.kid;
}

/**
 * The work of the schedule: deletes retired keys whose overlap is over, and rotates when the active
 * key is old enough. Returns the kid of the new active key, or null without a rotation.
 */
export async function tendKeys(
  bindings: AuthorityBindings,
  tenant: Tenant,
  now: number,
): Promise<string | null> {
  await bindings.DB.prepare("DELETE FROM signing_keys WHERE tenant_id = ? AND retires_at <= ?")
    .bind(tenant.id, now)
    .run();
  const active = await keyIn(bindings.DB, tenant, "active");
  if (active === null || now - active.since < settingsFrom(bindings).keyRotationSeconds)
    return null;
  return rotateKeys(bindings, tenant, now);
}

const PUBLISHED = `FROM signing_keys
  WHERE tenant_id = ?1 AND (retires_at IS NULL OR retires_at > ?2) ORDER BY since, kid`;

function keyIn(db: D1Database, tenant: Tenant, state: "active" | "next"): Promise<RingRow | null> {
  return db
    .prepare(
      `SELECT kid, alg, public_jwk AS publicJwk, private_jwk AS sealedPrivateJwk, since
         FROM signing_keys WHERE tenant_id = ? AND state = ?`,
    )
    .bind(tenant.id, state)
    .first();
}

/** The next key. It is made if there is none. */
async function nextKey(
  bindings: AuthorityBindings,
  tenant: Tenant,
  now: number,
  alg: Alg = DEFAULT_ALG,
): Promise<RingRow> {
  const found = await keyIn(bindings.DB, tenant, "next");
  if (found !== null) return found;
  const made = await makeKey(alg, tenant.id, settingsFrom(bindings).keyEncryptionSecret);
  await insert(bindings.DB, tenant, made, "next", now).run();
  return (await keyIn(bindings.DB, tenant, "next")) ?? { ...made, since: now };
}

async function startRing(
  bindings: AuthorityBindings,
  tenant: Tenant,
  now: number,
): Promise<RingRow> {
  const { keyEncryptionSecret } = settingsFrom(bindings);
  const [first, second] = await Promise.all([
    makeKey(DEFAULT_ALG, tenant.id, keyEncryptionSecret),
    makeKey(DEFAULT_ALG, tenant.id, keyEncryptionSecret),
  ]);
  // Several first requests may get here at once. The table admits one active and one next key, and
  // all requests go on with those.
  await bindings.DB.batch([
    insert(bindings.DB, tenant, first, "active", now),
    insert(bindings.DB, tenant, second, "next", now),
  ]);
  const active = await keyIn(bindings.DB, tenant, "active");
  if (active === null) throw new Error("a signing key was stored and is not there");
  return active;
}

function insert(
  db: D1Database,
  tenant: Tenant,
  key: StoredKey,
  state: "active" | "next",
  now: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO signing_keys (kid, tenant_id, alg, public_jwk, private_jwk, state, since)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .bind(key.kid, tenant.id, key.alg, key.publicJwk, key.sealedPrivateJwk, state, now);
}
