// What the provider's answer to a refresh means. Only the provider's word about this session ends
// it: a wrong secret, a provider that is down or slow, and an answer that nobody understands never
// sign anybody out.

import { VerifyError } from "../edge/request/error.js";
import type { EndpointFailure } from "../oauth/ask.js";
import type { Provider } from "./provider.js";
import type { Refreshed } from "./sessions.js";

/** Seconds until the provider is asked again, if it did not say. */
const RETRY = 5;
/** The same where it refuses the mediator: people have to mend that. */
const RETRY_MISCONFIGURED = 60;
/** The user has to come back to the provider's page (OpenID Connect Core 1.0 section 3.1.2.6). */
const USER_NEEDED = ["interaction_required", "login_required", "consent_required"];

type Over = Extract<Refreshed, { kind: "over" }>;
type Trouble = Extract<Refreshed, { kind: "trouble" }>;

/** Null where the answer to a refresh token does not end the session. */
export function overOf({ kind, error }: EndpointFailure): Over | null {
  if (kind !== "refused" || error === null) return null;
  if (error === "invalid_grant") return { kind: "over", error };
  return USER_NEEDED.includes(error) ? { kind: "over", error: "login_required" } : null;
}

/** What the page is told of any other failure. */
export function troubleOf({ kind, status, retryAfter }: EndpointFailure): Trouble {
  return kind === "refused" || kind === "misconfigured"
    ? { kind: "trouble", status: 503, retryAfter: RETRY_MISCONFIGURED }
    : {
        kind: "trouble",
        status: status === 429 ? 429 : 503,
        retryAfter: Math.max(1, retryAfter ?? RETRY),
      };
}

/**
 * The ID token of a refresh (OpenID Connect Core 1.0 section 12.2). "unknown": there is none, or
 * the keys can't be had; the connection to the provider has proven the rest of the answer.
 */
export async function judge(
  idToken: string | null,
  subject: string,
  provider: Provider,
): Promise<"good" | "unknown" | "malformed" | "other subject"> {
  if (idToken === null) return "unknown";
  try {
    const { sub } = await provider.idTokenClaims(idToken);
    return sub === subject ? "good" : "other subject";
  } catch (error) {
    return error instanceof VerifyError && error.status < 500 ? "malformed" : "unknown";
  }
}
