// Serves the built page, and /config.json, under a Content-Security-Policy that allows exactly what
// the page needs.

export interface Env {
  /** The static files of the built page. */
  readonly ASSETS: { fetch(request: Request): Promise<Response> };
  readonly AUTHORITY_ORIGIN: string;
  readonly API_ORIGIN: string;
  /**
   * The second tenant's path at both servers, as in "/tenants/south"; none, and the page shows one
   * tenant only.
   */
  readonly SOUTH?: string;
  /** "on" where both servers offer their demo controls. */
  readonly DEMO?: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return guarded(new Response(null, { status: 405, headers: { Allow: "GET, HEAD" } }), env);
    }
    if (new URL(request.url).pathname === "/config.json") {
      const config = {
        authority: env.AUTHORITY_ORIGIN,
        api: env.API_ORIGIN,
        south: env.SOUTH ?? null,
        demo: env.DEMO === "on",
      };
      return guarded(Response.json(config), env);
    }
    return guarded(await env.ASSETS.fetch(request), env);
  },
};

/** The same answer with the page's security headers. */
function guarded(response: Response, env: Env): Response {
  const headers = new Headers(response.headers);
  headers.set("Content-Security-Policy", contentSecurityPolicy(env));
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
  headers.set("Cache-Control", "no-cache");
  return new Response(response.body, {
    status: response.status,
    statusText: response.statusText,
    headers,
  });
}

function contentSecurityPolicy({ AUTHORITY_ORIGIN, API_ORIGIN }: Env): string {
  return [
    "default-src 'none'",
    // WebAssembly is compiled in the page; no other kind of evaluation is.
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${AUTHORITY_ORIGIN} ${API_ORIGIN}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // No sink that turns a string into code or markup may be used at all.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}
