// Access tokens: short-lived JWTs in the profile of RFC 9068. The API checks them alone, without asking here, so a
// session that is revoked still has the access token it was last given, for as long as that lives.

import { SignJWT } from "jose";
import type { SigningKey } from "./keys.ts";
import type { Grant } from "./refresh-tokens.ts";
import type { Settings } from "./settings.ts";

export function issueAccessToken(key: SigningKey, settings: Settings, grant: Grant, now: number): Promise<string> {
  return new SignJWT({ sid: grant.sessionId, client_id: settings.clientId, name: grant.account.name })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "at+jwt" })
    .setIssuer(settings.issuer)
    .setAudience(settings.audience)
    .setSubject(grant.account.id)
    .setIssuedAt(now)
    .setExpirationTime(now + settings.accessTokenSeconds)
    .setJti(crypto.randomUUID())
    .sign(key.privateKey);
}
