// Which pages may call the two servers, and which calls no page of theirs can have sent.

/** Exact: no patterns. */
export function allowedOrigins({ ALLOWED_ORIGINS }: { ALLOWED_ORIGINS: string }): string[] {
  return ALLOWED_ORIGINS.split(",").map((origin) => origin.trim());
}

/**
 * True when the browser says that another site, an origin outside the list, or something other than
 * a script's fetch sent this.
 */
export function isForeign({ headers }: Request, allowed: readonly string[]): boolean {
  if (headers.get("Sec-Fetch-Site") === "cross-site") return true;
  const mode = headers.get("Sec-Fetch-Mode");
  if (mode !== null && mode !== "cors" && mode !== "same-origin") return true;
  const origin = headers.get("Origin");
  // Browsers put an Origin on every POST; a caller without one is no browser and carries nobody's
  // cookies.
  return origin !== null && !allowed.includes(origin);
}
