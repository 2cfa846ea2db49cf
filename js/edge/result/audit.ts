// What an audit log says of a token: flat, with no token in it.

import { reading } from "../options/invalid.js";
import { actorsOf } from "./actors.js";
import { subjectOf, valueAt } from "./claim-paths.js";
import { issuerOf } from "./outcome.js";
import type { AuditRecord, Verified } from "./verified.js";

/**
 * What an audit log wants to know of a token: flat, without the token, safe to log. `client`:
 * `client_id` or `azp`. `tokenId` and `session`: `jti` and `sid`, or what the issuer's `claimPaths`
 * name. `actors`: their subjects, the current one first; one of another issuer than the token's
 * stands behind its issuer and a space.
 */
export function auditOf(auth: Verified): AuditRecord {
  return reading("auth", () => recordOf(auth));
}

function recordOf(auth: Verified): AuditRecord {
  const { claims, issuer, tenant } = auth;
  const text = (name: string): string | null => {
    const value = valueAt(claims, [name]);
    return typeof value === "string" ? value : null;
  };
  // The paths of a Verified that was made by hand are not known.
  const settings = issuerOf(auth)?.settings;
  const { sub, sid, jti } = settings
    ? subjectOf(claims, settings, true)
    : { sub: text("sub"), sid: text("sid"), jti: text("jti") };
  return {
    issuer,
    subject: sub,
    client: text("client_id") ?? text("azp"),
    actors: actorsOf(claims).map((actor) =>
      actor.issuer === null || actor.issuer === issuer
        ? actor.subject
        : `${actor.issuer} ${actor.subject}`,
    ),
    tokenId: jti,
    session: sid,
    scopes: [...(auth.scopes ?? [])],
    tenant: tenant ?? null,
  };
}
