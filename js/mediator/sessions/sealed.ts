// `sealedCookies`: the option that keeps sessions in the browser, sealed, with no store at all.

import { invalidOption } from "../error.js";
import { type LiveSessionsMaker, readSecrets } from "../sessions.js";
import type { Secrets, Sessions } from "../types.js";
import { SealedSessions } from "./in-cookies.js";

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
  const { keys, rotation } = options ?? {};
  if (rotation !== "none" && rotation !== "sliding")
    throw invalidOption("rotation", 'must be "none" or "sliding"');
  const sessions: LiveSessionsMaker = {
    kind: "sealed",
    secrets: readSecrets(keys),
    // A cookie that never changes does not say when it was used.
    knowsUse: rotation === "sliding",
    open: (setup) => new SealedSessions(rotation === "sliding", setup),
  };
  return sessions;
}
