// The endpoint to which a provider posts logout tokens (OpenID Connect Back-Channel Logout 1.0,
// sections 2.5 and 2.8). The signature is the proof of who asks: no cookie counts, and no origin.

import { bodyOf } from "../edge/keys/fetch.js";
import { silence } from "../edge/options/own.js";
import { VerifyError } from "../edge/request/error.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { type LogoutOptions, type LogoutToken, readSettings, type Settings } from "./verify.js";

/** Of the form. A logout token has a kilobyte. */
const MOST_BYTES = 16_384;

const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/**
 * Makes the endpoint of the address that the provider knows as `backchannel_logout_uri`. It answers
 * 200 when the logout is done, 400 to a token or a request that is not good, and 503 when keys, a
 * store or `onLogout` failed: the provider may send the token again. It never throws.
 *
 * Without `revoker` and `onLogout` it verifies alone: a logout is answered with 200, and ends
 * nothing.
 *
 * ```ts
 * const receiveLogout = logoutReceiver({
 *   issuers: { ...issuer, audience: "the-client-id" },
 *   revoker: kvRevocation(env.REVOKED),
 *   ttl: 3_600,
 * });
 * ```
 *
 * @throws {VerifyError} config_invalid
 */
export function logoutReceiver(
  options: LogoutOptions,
): (request: Request, ctx?: ExecutionContextLike) => Promise<Response> {
  const settings = readSettings(options);

  return async (request, ctx) => {
    if (request.method !== "POST") return refusal(405);
    let token: string;
    try {
      token = await tokenOf(request);
    } catch (cause) {
      const error = cause instanceof VerifyError ? cause : new VerifyError("request.malformed");
      tell(settings, error, null);
      return refusal(error.code === "request.too_large" ? 413 : 400);
    }
    let logout: LogoutToken | null = null;
    try {
      logout = await settings.verify(token, ctx);
      await carryOut(settings, logout);
    } catch (cause) {
      const isRefusal = logout === null && cause instanceof VerifyError;
      const error = isRefusal ? cause : new VerifyError("revocation.unavailable", { cause });
      // The verifier tells of those that it refuses.
      if (!isRefusal) tell(settings, error, logout);
      return error.status < 500 ? refusal(400) : error.response();
    }
    return new Response(null, { headers: NO_STORE });
  };
}

const NO_STORE = { "Cache-Control": "no-store" };

/** Section 2.8. Says nothing of what is wrong: that is for `onEvent`. */
function refusal(status: number): Response {
  const headers = { ...NO_STORE, ...(status === 405 ? { Allow: "POST" } : {}) };
  return Response.json({ error: "invalid_request" }, { status, headers });
}

/** @throws {VerifyError} request.malformed, request.too_large */
async function tokenOf(request: Request): Promise<string> {
  if (!FORM.test(request.headers.get("Content-Type") ?? ""))
    throw new VerifyError("request.malformed");
  const body = await bodyOf(request, "request", MOST_BYTES);
  // Other fields are allowed, and of no interest.
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const [token, another] = form.getAll("logout_token");
  if (token === undefined || another !== undefined) throw new VerifyError("request.malformed");
  return token;
}

/** Sent again it does the same again, and ends nothing that began since. */
async function carryOut(
  { revoker, reach, ttl, onLogout }: Settings,
  logout: LogoutToken,
): Promise<void> {
  const { issuer, sub, sid, iat } = logout;
  const isOfSession = sid !== null && (sub === null || reach === "session");
  if (isOfSession) await revoker?.revokeSession(issuer, sid, ttl);
  // Up to `iat`, not up to now: the user may have signed in anew while the token was on its way.
  else if (sub !== null) await revoker?.revokeUser(issuer, sub, ttl, iat);
  await onLogout?.(logout);
}

function tell({ onEvent }: Settings, error: VerifyError, logout: LogoutToken | null): void {
  const { code, category } = error;
  const { issuer = null, tenant = null } = logout ?? {};
  // Listening changes nothing, whether it fails now or later.
  try {
    silence(onEvent?.({ type: "refused", code, category, issuer, tenant }));
  } catch {
    return;
  }
}
