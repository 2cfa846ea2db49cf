// Serves the built page, and /config.json, under a Content-Security-Policy that allows exactly what
// the page needs.

import { stayOnHttps } from "../transport.ts";

export interface Env {
  /** The static files of the built page. */
  readonly ASSETS: { fetch(request: Request): Promise<Response> };
  readonly AUTHORITY_ORIGIN: string;
  readonly API_ORIGIN: string;
  /**
   * The second tenant's path at both servers, for example "/tenants/south". Without it the page
   * shows one tenant only.
   */
  readonly SOUTH?: string;
  /** Answers /session on this origin: the second way to sign in. */
  readonly MEDIATOR?: { fetch(request: Request): Promise<Response> };
  /** "on" where both servers offer their demo controls. */
  readonly DEMO?: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    // It sets its own headers.
    if (env.MEDIATOR !== undefined && new URL(request.url).pathname.startsWith("/session/"))
      return env.MEDIATOR.fetch(request);
    const { body, status, statusText, headers: own } = await answerTo(request, env);
    const headers = new Headers(own);
    headers.set("Content-Security-Policy", contentSecurityPolicy(env));
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set(
      "Permissions-Policy",
      "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    headers.set("Cache-Control", "no-cache");
    stayOnHttps(request, headers);
    return new Response(body, { status, statusText, headers });
  },
};

async function answerTo(request: Request, env: Env): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD")
    return new Response(null, { status: 405, headers: { Allow: "GET, HEAD" } });
  if (new URL(request.url).pathname !== "/config.json") return env.ASSETS.fetch(request);
  return Response.json({
    authority: env.AUTHORITY_ORIGIN,
    api: env.API_ORIGIN,
    south: env.SOUTH ?? null,
    provider: env.MEDIATOR !== undefined,
    demo: env.DEMO === "on",
  });
}

function contentSecurityPolicy({ AUTHORITY_ORIGIN, API_ORIGIN }: Env): string {
  return [
    "default-src 'none'",
    // The page compiles WebAssembly and evaluates nothing else.
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${AUTHORITY_ORIGIN} ${API_ORIGIN}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Forbids every sink that turns a string into code or markup.
    "require-trusted-types-for 'script'",
    // The one address of a worker, which www/app/host-panel.ts makes.
    "trusted-types token-worker",
  ].join("; ");
}
