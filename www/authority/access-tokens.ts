// Access tokens: short-lived JWTs in the profile of RFC 9068. The API verifies them by itself and
// reads revocations in KV (revocation.ts). It never asks the authority about a token.

import { SignJWT } from "jose";
import type { Tenant } from "../tenants.ts";
import type { Session } from "./sessions.ts";
import type { SigningKey } from "./signing-keys.ts";

export interface AccessToken {
  token: string;
  expiresIn: number;
}

export async function issueAccessToken(
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
  // No token outlives its session.
  const expiresIn = Math.min(lifetime, session.expiresAt - now);
  const token = await new SignJWT({
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
  })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "at+jwt" })
    .setIssuer(tenant.issuer)
    .setAudience(tenant.audience)
    .setSubject(account.id)
    .setIssuedAt(now)
    .setExpirationTime(now + expiresIn)
    .setJti(crypto.randomUUID())
    .sign(key.privateKey);
  return { token, expiresIn };
}
