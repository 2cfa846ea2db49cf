// The sessions of a fake keep: what of the snapshot changes when something happens to it.

import type { TokenKeepError } from "../client/error.js";
import type { Session, SignedOutReason } from "../client/types.js";

/** Milliseconds that a fake token lasts. Nothing happens when it ends. */
const LIFETIME = 900_000;
/** Milliseconds until the next try after a failure, as the session tells it. */
const RETRY = 1_000;

const healthy = { refreshing: false, degraded: false, retryAt: null, error: null } as const;

/** Members of replies that are tokens, which no session shows. */
const TOKENS = [
  "access_token",
  "accessToken",
  "refresh_token",
  "refreshToken",
  "id_token",
  "idToken",
];

/** There is a new token. */
export function begun(generation: number, claims: Session["claims"]): Partial<Session> {
  return {
    ...healthy,
    status: "authenticated",
    generation,
    expiresAt: Date.now() + LIFETIME,
    claims: claims === null ? null : Object.freeze({ ...claims }),
    reason: null,
  };
}

/** Nobody is signed in. */
export function ended(reason: SignedOutReason): Partial<Session> {
  return {
    ...healthy,
    ...replied({}),
    status: "anonymous",
    expiresAt: null,
    claims: null,
    reason,
  };
}

/** A refresh failed, and the session stands. */
export function failed(error: TokenKeepError): Partial<Session> {
  const members = { degraded: true, retryAt: Date.now() + RETRY, error };
  return members;
}

/** What a reply said beside the token. */
export function replied(members: Readonly<Record<string, unknown>>): Partial<Session> {
  const rest = Object.entries(members).filter(([name]) => !TOKENS.includes(name));
  const reply = rest.length === 0 ? null : Object.freeze(Object.fromEntries(rest));
  const said: object = { reply };
  return said;
}
