// The signing keys: one active key, made on first use, and the key set that verifiers fetch.
// The private key lies in D1 as a plain JWK: whoever can read the database can sign tokens. Encrypt it with a secret
// from the environment before this guards anything of value.

import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";

const ALG = "ES256";

export interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
}

/** The active key, read each time: one row beside the work of a refresh, and a rotation is seen at once by every isolate. */
export async function signingKey(db: D1Database, now: number): Promise<SigningKey> {
  const row = (await activeKey(db)) ?? (await makeActiveKey(db, now));
  const privateKey = await importJWK(JSON.parse(row.private_jwk) as JWK, row.alg);
  if (privateKey instanceof Uint8Array) throw new Error("a signing key must not be symmetric");
  return { kid: row.kid, alg: row.alg, privateKey };
}

/** The public halves: of the active key, of the next one early, and of retired ones while tokens of theirs may live. */
export async function publishedKeys(db: D1Database, now: number): Promise<JWK[]> {
  // A verifier that asks before the first sign-in must not remember an empty set.
  if (!(await activeKey(db))) await makeActiveKey(db, now);
  const { results } = await db.prepare("SELECT public_jwk FROM signing_keys ORDER BY created_at").all<{ public_jwk: string }>();
  return results.map((row) => JSON.parse(row.public_jwk) as JWK);
}

interface KeyRow {
  kid: string;
  alg: string;
  private_jwk: string;
}

function activeKey(db: D1Database): Promise<KeyRow | null> {
  return db.prepare("SELECT kid, alg, private_jwk FROM signing_keys WHERE state = 'active'").first<KeyRow>();
}

async function makeActiveKey(db: D1Database, now: number): Promise<KeyRow> {
  const { publicKey, privateKey } = await generateKeyPair(ALG, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const publicJwk = JSON.stringify({ ...jwk, kid, alg: ALG, use: "sig" });
  // Two first requests may both get here; the table admits one active key, and both then go on with that one.
  await db
    .prepare(
      `INSERT INTO signing_keys (kid, alg, public_jwk, private_jwk, state, created_at) VALUES (?, ?, ?, ?, 'active', ?)
       ON CONFLICT DO NOTHING`,
    )
    .bind(kid, ALG, publicJwk, JSON.stringify(await exportJWK(privateKey)), now)
    .run();
  const active = await activeKey(db);
  if (!active) throw new Error("a signing key was stored and is not there");
  return active;
}
