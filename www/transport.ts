// What the three Workers say about https.

/**
 * Tells a browser that came by https to stay with it for two years (RFC 6797). Over http the header
 * has no place (section 7.2), and a server on localhost stays as it is.
 */
export function stayOnHttps(request: Request, headers: Headers): void {
  if (new URL(request.url).protocol === "https:")
    headers.set("Strict-Transport-Security", "max-age=63072000");
}
