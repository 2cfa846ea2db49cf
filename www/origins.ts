// The origins whose pages may call the two servers, and how a call from elsewhere is told.

/** The origins of the list. They are compared exactly. */
export function allowedOrigins({ ALLOWED_ORIGINS }: { ALLOWED_ORIGINS: string }): string[] {
  return ALLOWED_ORIGINS.split(",").map((origin) => origin.trim());
}

/**
 * True when the browser says that the call comes from another site, from an origin outside the
 * list, or from something other than a script's fetch.
 */
export function isForeign({ headers }: Request, allowed: readonly string[]): boolean {
  if (headers.get("Sec-Fetch-Site") === "cross-site") return true;
  const mode = headers.get("Sec-Fetch-Mode");
  if (mode !== null && mode !== "cors" && mode !== "same-origin") return true;
  const origin = headers.get("Origin");
  // Browsers put an Origin on every POST. A caller without one is no browser and has no user's
  // cookies.
  return origin !== null && !allowed.includes(origin);
}
