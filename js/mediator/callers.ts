// Who may call what: the pages of the application those endpoints that work by the session's
// cookie, and a browser's own navigations those that redirect. All is decided before anything is
// read.

import { answer, refusal } from "./answers.js";

/**
 * Null where a page of these origins makes the call, and no form or image of another site
 * (RFC 10017 section 6.1.3.3); else what it gets.
 */
export function refuseForgery(request: Request, apps: readonly string[]): Response | null {
  const { headers } = request;
  const origin = headers.get("Origin");
  const site = headers.get("Sec-Fetch-Site");
  const mode = headers.get("Sec-Fetch-Mode");
  const isOwn =
    headers.get("X-Requested-With") === "XMLHttpRequest" &&
    (origin === null || apps.includes(origin)) &&
    site !== "cross-site" &&
    (mode === null || mode === "cors" || mode === "same-origin");
  return isOwn ? null : refusal(403, "forbidden");
}

/** Null where the browser goes to the address itself; else what it gets. */
export function refuseOther({ headers }: Request): Response | null {
  const purpose = ["Sec-Purpose", "Purpose", "X-Moz"].map((name) => headers.get(name) ?? "");
  if (purpose.some((one) => /prefetch|prerender/i.test(one))) return answer(204);
  const mode = headers.get("Sec-Fetch-Mode") ?? "navigate";
  const destination = headers.get("Sec-Fetch-Dest") ?? "document";
  return mode === "navigate" && destination === "document" ? null : refusal(403, "forbidden");
}

/** Lets pages of these origins read the answer. */
export function shared(response: Response, request: Request, apps: readonly string[]): Response {
  const origin = request.headers.get("Origin");
  response.headers.set("Vary", "Origin");
  if (origin === null || !apps.includes(origin)) return response;
  response.headers.set("Access-Control-Allow-Origin", origin);
  response.headers.set("Access-Control-Allow-Credentials", "true");
  response.headers.set("Access-Control-Expose-Headers", "Retry-After, Date");
  return response;
}

/** The answer to a preflight. */
export function preflight(request: Request, method: string, apps: readonly string[]): Response {
  const origin = request.headers.get("Origin") ?? "";
  if (!apps.includes(origin)) return refusal(403, "forbidden");
  const headers = {
    "Access-Control-Allow-Methods": method,
    "Access-Control-Allow-Headers": "X-Requested-With",
    "Access-Control-Max-Age": "600",
  };
  return shared(answer(204, null, { headers }), request, apps);
}
