// Who acts for the user of a token: `act` and `may_act` (RFC 8693 sections 4.1 and 4.4), read by
// the token's own members alone.

import { reading } from "../options/invalid.js";
import { valueAt } from "./claim-paths.js";
import type { Actor, Claims, Verified } from "./verified.js";

/** A longer chain counts as none. */
const MOST_ACTORS = 8;

/** Whether somebody acts for the user, whatever `act` holds. */
export function isDelegated(claims: Claims): boolean {
  return Object.hasOwn(claims, "act");
}

/** The actors of a token, the current one first. None where any part of `act` is no actor. */
export function actorsOf(claims: Claims): readonly Actor[] {
  const actors: Actor[] = [];
  for (let from = claims; isDelegated(from); ) {
    const actor = actorFrom(from["act"]);
    if (actor === null || actors.length === MOST_ACTORS) return [];
    actors.push(actor);
    from = actor.claims as Claims;
  }
  return actors;
}

/**
 * Whether the user's token names this actor in `may_act` (RFC 8693 section 4.4): for whoever
 * exchanges tokens. An issuer that is not named, there or here, is that of the user's token.
 */
export function mayAct(
  subjectToken: Verified,
  actor: { readonly issuer?: string; readonly subject: string },
): boolean {
  return reading("may_act", () => {
    const { claims } = subjectToken;
    const named = actorFrom(valueAt(claims, ["may_act"]));
    const home = valueAt(claims, ["iss"]);
    return (
      named !== null &&
      named.subject === actor.subject &&
      (named.issuer ?? home) === (actor.issuer ?? home)
    );
  });
}

/** An object with a text `sub` that is not empty, and a text `iss` if it has one. */
function actorFrom(act: unknown): Actor | null {
  if (typeof act !== "object" || act === null || Array.isArray(act)) return null;
  const claims = act as Claims;
  const [subject, issuer = null] = ["sub", "iss"].map((name) => valueAt(claims, [name]));
  if (typeof subject !== "string" || subject === "") return null;
  return issuer === null || typeof issuer === "string" ? { subject, issuer, claims } : null;
}
