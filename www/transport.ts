// https, for the three Workers.

/**
 * Tells a browser that came by https to stay with it for two years (RFC 6797). Over http the header
 * has no meaning (section 8.1) and is left out.
 */
export function stayOnHttps(request: Request, headers: Headers): void {
  if (new URL(request.url).protocol === "https:")
    headers.set("Strict-Transport-Security", "max-age=63072000");
}
