// Renewing a session at the provider, wherever the session lives. Only the provider's word about
// this session ends it: a wrong secret, a provider that is down or slow, and an answer that nobody
// understands never sign anybody out.

import { VerifyError } from "../../edge/request/error.js";
import type { EndpointFailure } from "../../oauth/ask.js";
import { refusal, tokenAnswer, unavailable } from "../answers.js";
import { meaningOf } from "../failed.js";
import type { Held, Tokens } from "../sessions.js";
import type { Settings } from "../settings.js";
import type { About, Setup } from "../setup.js";
import type { MediatorEvent } from "../types.js";

/** Seconds until the provider is asked again after an ID token that is no good. */
const RETRY = 5;

/** A session that can be renewed. */
export type Renewable = Held & { readonly refreshToken: string };

/** What came of it. */
export interface Renewal {
  /** The session from now on; null: it is over. */
  readonly held: Renewable | null;
  /** Seconds until the provider may be asked again. */
  readonly wait?: number;
  /** What the page is told. */
  readonly answer: Response;
  /** What the log is told. */
  readonly event: MediatorEvent["type"];
  readonly code?: string | null;
}

/** The answer where there is no session. */
export const over = (error = "invalid_grant") => refusal(401, error);

/** Asks for a new token. */
export async function renew(held: Renewable, about: About, { provider }: Setup): Promise<Renewal> {
  let tokens: Tokens;
  try {
    tokens = await provider.refresh(held.refreshToken);
  } catch (failure) {
    return renewalOf(failure as EndpointFailure, held);
  }
  const refreshToken = tokens.refreshToken ?? held.refreshToken;
  let { idToken } = held;
  try {
    // OpenID Connect Core 1.0 section 12.2.
    if (tokens.idToken !== null) {
      const { sub } = await provider.idTokenClaims(tokens.idToken);
      if (sub !== held.subject) {
        await provider.revoke(refreshToken, about);
        return { held: null, answer: over(), event: "refused", code: "subject" };
      }
      idToken = tokens.idToken;
    }
  } catch (error) {
    // Without keys the connection to the provider has proven the rest of the answer.
    if (error instanceof VerifyError && error.status < 500) {
      const wait = { wait: RETRY, answer: unavailable(RETRY) };
      return {
        held: { ...held, refreshToken },
        ...wait,
        event: "provider-answer",
        code: "id_token",
      };
    }
  }
  const answer = tokenAnswer(tokens.accessToken, tokens.expiresIn);
  return { held: { ...held, ...tokens, refreshToken, idToken }, answer, event: "refreshed" };
}

/** What ends a session, and what the page is told (OpenID Connect Core 1.0 section 3.1.2.6). */
const OVER: Readonly<Record<string, string>> = {
  __proto__: null as never,
  invalid_grant: "invalid_grant",
  interaction_required: "login_required",
  login_required: "login_required",
  consent_required: "login_required",
};

function renewalOf(failure: EndpointFailure, held: Renewable): Renewal {
  const { kind, error: code } = failure;
  const error = kind === "refused" ? OVER[code ?? ""] : undefined;
  if (error !== undefined) return { held: null, answer: over(error), event: "refused", code };
  return { held, ...meaningOf(failure), code };
}

/**
 * What the revocations say of a session. "session": it is over. "tokens": what it obtained already
 * is not good, and the provider says whether it goes on.
 */
export async function revokedOf(
  { subject: sub, sid, obtainedAt }: Held,
  { revocation, provider: { issuer } }: Settings,
): Promise<"session" | "tokens" | null> {
  const asked = { issuer, jti: null, sid: null, sub: null, iat: null };
  if (sid !== null && (await revocation?.isRevoked({ ...asked, sid }))) return "session";
  const iat = Math.floor(obtainedAt / 1000);
  return (await revocation?.isRevoked({ ...asked, sub, iat })) ? "tokens" : null;
}

const MOST_PER_MINUTE = 20;
const MINUTE = 60_000;
/** Sessions that are counted. Past it the one is forgotten that asked longest ago. */
const MOST_SESSIONS = 10_000;

/** Counts refreshes in this process: gives the seconds that a session has to wait, or 0. */
export function refreshLimiter({ clock }: Settings): (key: string) => number {
  const counts = new Map<string, { count: number; readonly since: number }>();
  return (key) => {
    const now = clock();
    const known = counts.get(key);
    const isCurrent = known !== undefined && now >= known.since && now - known.since < MINUTE;
    const current = isCurrent ? known : { count: 0, since: now };
    counts.delete(key);
    counts.set(key, current);
    const [oldest = ""] = counts.keys();
    if (counts.size > MOST_SESSIONS) counts.delete(oldest);
    current.count += 1;
    return current.count > MOST_PER_MINUTE ? (current.since + MINUTE - now) / 1000 : 0;
  };
}
