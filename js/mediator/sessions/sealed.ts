// Sessions in sealed cookies, as an application asks for them. How they work is loaded with the
// first request.

import { loadSealed } from "../../chunks.js";
import { listOf, members, oneOf, read, secret } from "../../shared/options.js";
import { invalidOption } from "../error.js";
import type { LiveSessionsMaker } from "../sessions.js";
import type { Secrets, Sessions } from "../types.js";

/** What `sealedCookies` takes. */
export interface SealedCookiesOptions {
  keys: Secrets;
  /**
   * What the provider does with refresh tokens. "none": it gives no new ones. "sliding": each
   * answer has a new one, and the old one stays good. Those that work once need `storedSessions`.
   */
  rotation: "none" | "sliding";
}

/**
 * Sessions in up to three cookies, sealed. Nobody can end such a session but the provider: a logout
 * deletes the cookies and revokes the refresh token, and a copy of the cookies is worth what that
 * token is. Each refresh asks the provider.
 *
 * @throws {MediatorError} config_invalid
 */
export function sealedCookies(options: SealedCookiesOptions): Sessions {
  const table = { keys: listOf(secret, 1), rotation: oneOf("none", "sliding") };
  const { keys, rotation } = read(members(table), options, invalidOption);
  const slides = rotation === "sliding";
  const sessions: LiveSessionsMaker = {
    kind: "sealed",
    secrets: keys,
    // A cookie that never changes does not say when it was used.
    knowsUse: slides,
    open: async (setup) => (await loadSealed()).cookieSessions(slides, setup),
  };
  return sessions;
}
