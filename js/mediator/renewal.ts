// Renewing a session at the provider, wherever the session lives. Only the provider's word about
// this session ends it: a wrong secret, a provider that is down or slow, and an answer that nobody
// understands never sign anybody out.

import type { EndpointFailure } from "../oauth/ask.js";
import { refusal, tokenAnswer, unavailable } from "./answers.js";
import { meaningOf } from "./meaning.js";
import type { Provider } from "./provider.js";
import type { Held } from "./sessions.js";
import type { Settings } from "./settings.js";
import type { About } from "./setup.js";
import type { MediatorEvent } from "./types.js";

/** A session that can be renewed. */
export type Renewable = Held & { readonly refreshToken: string };

/** What came of it. */
export interface Renewal {
  /** The session from now on; null: it is over. */
  readonly held: Held | null;
  /** Seconds until the provider may be asked again. */
  readonly wait?: number;
  /** What the page is told. */
  readonly answer: Response;
  /** What the log is told. */
  readonly event: MediatorEvent["type"];
  readonly code: string | null;
}

/** The answer where there is no session. */
const over = (error = "invalid_grant") => refusal(401, error);

const MOST_PER_MINUTE = 20;
const MINUTE = 60_000;
/** Sessions that are counted. Past it all begin anew. */
const MOST_SESSIONS = 10_000;

/** What the kinds of sessions have in common. */
export function renewalsOf({ clock, issuer, revocation }: Settings, provider: Provider) {
  /** Refreshes in this process, by session, until the end of a minute. */
  const counts = new Map<string, number>();
  let end = 0;

  return {
    over,

    /** The answer for a session that asks too often. */
    limited(key: string): Response | null {
      const left = end - clock();
      if (left <= 0 || left > MINUTE || counts.size > MOST_SESSIONS) {
        counts.clear();
        end = clock() + MINUTE;
      }
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count > MOST_PER_MINUTE ? unavailable(left / 1000, 429) : null;
    },

    /**
     * What the revocations say of a session. "session": it is over. "tokens": what it obtained
     * already is not good, and the provider says whether it goes on.
     */
    async revokedOf({ subject: sub, sid, obtainedAt }: Held): Promise<"session" | "tokens" | null> {
      const asked = { issuer, jti: null, sid: null, sub: null, iat: null };
      if (sid !== null && (await revocation?.isRevoked({ ...asked, sid }))) return "session";
      const iat = Math.floor(obtainedAt / 1000);
      return (await revocation?.isRevoked({ ...asked, sub, iat })) ? "tokens" : null;
    },

    /** Asks for a new token. */
    async renew(held: Renewable, about: About): Promise<Renewal> {
      let next: Held = held;
      try {
        const tokens = await provider.refresh(held);
        // The new refresh token counts whatever the ID token is.
        next = { ...held, refreshToken: tokens.refreshToken };
        let { idToken } = held;
        if (tokens.idToken !== idToken) {
          const claims = await provider
            .claimsOf(tokens.idToken)
            .catch((failure: EndpointFailure) => {
              if (failure.kind === "malformed") throw failure;
              // Without keys the connection to the provider has proven the rest of the answer.
              return null;
            });
          // OpenID Connect Core 1.0 section 12.2.
          if (claims !== null && claims.sub !== held.subject) {
            await provider.revoke(tokens.refreshToken, about);
            return { held: null, answer: over(), event: "refused", code: "subject" };
          }
          if (claims !== null) idToken = tokens.idToken;
        }
        const answer = tokenAnswer(tokens.accessToken, tokens.expiresIn);
        return { held: { ...held, ...tokens, idToken }, answer, event: "refreshed", code: null };
      } catch (failure) {
        const meaning = meaningOf(failure);
        const { event, code } = meaning;
        if (event !== "refused") return { held: next, ...meaning };
        const answer = over(code === "invalid_grant" ? code : "login_required");
        return { held: null, answer, event, code };
      }
    },
  };
}
