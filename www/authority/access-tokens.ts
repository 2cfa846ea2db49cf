// Access tokens: short-lived JWTs in the profile of RFC 9068. The API verifies them by itself and
// reads revocations in KV (revocation.ts). It never asks the authority about a token.

import { type JWTPayload, SignJWT } from "jose";
import type { Tenant } from "../tenants.ts";
import { encryptFor } from "./encryption.ts";
import type { Session } from "./sessions.ts";
import type { AuthorityBindings } from "./settings.ts";
import type { SigningKey } from "./signing-keys.ts";

export interface AccessToken {
  token: string;
  expiresIn: number;
}

/** Signs a token, and encrypts it where its audience has keys for that. Times are in seconds. */
export async function signAccessToken(
  bindings: AuthorityBindings,
  key: SigningKey,
  {
    issuer,
    audience,
    subject,
    now,
    expiresIn,
  }: {
    issuer: string;
    audience: string;
    subject: string;
    now: number;
    expiresIn: number;
  },
  claims: JWTPayload,
): Promise<string> {
  const signed = await new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "at+jwt" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(now)
    .setExpirationTime(now + expiresIn)
    .setJti(crypto.randomUUID())
    .sign(key.privateKey);
  return encryptFor(bindings, audience, signed);
}

/** A token of a session, for its user. */
export async function issueAccessToken(
  bindings: AuthorityBindings,
  key: SigningKey,
  {
    tenant,
    session,
    clientId,
    lifetime,
    mayAct,
    boundTo,
    now,
  }: {
    tenant: Tenant;
    session: Session;
    clientId: string;
    lifetime: number;
    /** Who may act for the user (RFC 8693 section 4.4). */
    mayAct: { may_act?: { sub: string } };
    /** The thumbprint of the key whose proofs the token needs (RFC 9449 section 6.1). */
    boundTo?: string | undefined;
    now: number;
  },
): Promise<AccessToken> {
  const { account, steppedUpAt } = session;
  const { issuer, audience } = tenant;
  // No token outlives its session.
  const expiresIn = Math.min(lifetime, session.expiresAt - now);
  const about = { issuer, audience, subject: account.id, now, expiresIn };
  const token = await signAccessToken(bindings, key, about, {
    client_id: clientId,
    sid: session.id,
    name: account.name,
    roles: account.roles,
    // The strength and the time of the authentication (RFC 9470, RFC 8176).
    acr: steppedUpAt === null ? "pwd" : "mfa",
    amr: steppedUpAt === null ? ["pwd"] : ["pwd", "otp"],
    auth_time: steppedUpAt ?? session.startedAt,
    ...mayAct,
    ...(boundTo === undefined ? {} : { cnf: { jkt: boundTo } }),
  });
  return { token, expiresIn };
}
