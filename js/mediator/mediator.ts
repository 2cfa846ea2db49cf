// The mediator as a whole: which path is which endpoint, who may call it, and what of it fails how.

import type { ExecutionContextLike } from "../edge/result/verified.js";
import { answer, HEADERS, refusal, unavailable } from "./answers.js";
import { backchannelLogout } from "./backchannel.js";
import { callback } from "./callback.js";
import { isGuess, NAVIGATIONS, pagesOf, type Rules, refusedBy } from "./callers.js";
import { cookiesOf } from "./cookies.js";
import { end, ended, logout } from "./ending.js";
import { invalidOption } from "./error.js";
import type { LiveSessions } from "./sessions.js";
import { readSettings } from "./settings.js";
import { type Setup, setUp } from "./setup.js";
import { signIn } from "./sign-in.js";
import type { Mediator, MediatorOptions } from "./types.js";

type Context = ExecutionContextLike | null;

interface Endpoint {
  readonly method: "GET" | "POST";
  /** Who may call it; null: anybody, for the request itself says who it is. */
  readonly callers: Rules | null;
  answer(request: Request, context: Context): Promise<Response>;
}

/** Seconds until a call whose store failed is made again. */
const RETRY = 5;
/** Characters of an `Origin` that an event holds. */
const LONGEST_ORIGIN = 128;

/**
 * Makes the server contract of any OpenID provider: signs users in there, keeps the refresh token,
 * and answers the keep's refresh and logout. No I/O before the first request.
 *
 * ```ts
 * const mediator = createMediator({
 *   provider: { issuer: "https://login.example.com" },
 *   client: { id: "web", auth: { method: "client_secret_basic", secret } },
 *   url: "https://app.example.com/session",
 *   apps: ["https://app.example.com"],
 *   sessions: storedSessions(memorySessions(), { keys: [key] }),
 * });
 * export default { fetch: mediator.fetch };
 * ```
 *
 * @throws {MediatorError} config_invalid
 */
export function createMediator(options: MediatorOptions): Mediator {
  const setup = setUp(readSettings(options));
  const { settings, report } = setup;
  const { path, apps } = settings;
  const sessions = settings.sessions.open(setup);
  const pages = pagesOf(apps);
  const endpoints = endpointsOf(setup, sessions, pages);
  const handles = ({ url }: Request) => new URL(url).pathname.startsWith(`${path}/`);

  const respond = async (
    request: Request,
    context: Context,
    endpoint: Endpoint | undefined,
  ): Promise<Response> => {
    if (endpoint === undefined) return refusal(404, "not_found");
    const { method, callers } = endpoint;
    const isPreflight = callers === pages && request.method === "OPTIONS";
    if (request.method !== method && !isPreflight)
      return refusal(405, "method_not_allowed", { Allow: method });
    if (callers === NAVIGATIONS && isGuess(request)) return answer(204);
    const code = refusedBy(request, isPreflight ? { Origin: apps } : (callers ?? {}));
    if (code !== undefined) {
      const origin = request.headers.get("Origin")?.slice(0, LONGEST_ORIGIN);
      report("caller-refused", { code, ...(origin && { origin }) });
      return refusal(403, "forbidden");
    }
    if (!isPreflight) return endpoint.answer(request, context);
    return answer(204, [
      ["Access-Control-Allow-Methods", method],
      ["Access-Control-Allow-Headers", "X-Requested-With"],
      ["Access-Control-Max-Age", "600"],
    ]);
  };

  return {
    async fetch(request, given) {
      const { pathname } = new URL(request.url);
      const endpoint = handles(request)
        ? endpoints.get(pathname.slice(path.length + 1))
        : undefined;
      // Node's servers hand over something else in that place.
      const context = typeof given?.waitUntil === "function" ? given : null;
      const response = await respond(request, context, endpoint).catch(() => {
        report("unavailable", { code: "store" });
        return unavailable(RETRY);
      });
      const headers = [...HEADERS];
      if (endpoint?.callers === pages) {
        // Lets pages of these origins read the answer.
        const origin = request.headers.get("Origin") ?? "";
        headers.push(["Vary", "Origin"]);
        if (apps.includes(origin))
          headers.push(
            ["Access-Control-Allow-Origin", origin],
            ["Access-Control-Allow-Credentials", "true"],
            ["Access-Control-Expose-Headers", "Retry-After, Date"],
          );
      }
      for (const [name, value] of headers) response.headers.set(name, value);
      return response;
    },
    handles,
    async endSessions(subject) {
      if (sessions.endNamed === null) throw invalidOption("sessions", "must be stored");
      const count = await sessions.endNamed("sub", subject);
      report("logged-out-elsewhere", { subject });
      return count;
    },
  };
}

function endpointsOf(
  setup: Setup,
  sessions: LiveSessions,
  pages: Rules,
): ReadonlyMap<string, Endpoint> {
  const endpoint = (
    method: Endpoint["method"],
    callers: Endpoint["callers"],
    answer: Endpoint["answer"],
  ): Endpoint => ({ method, callers, answer });
  const endpoints = new Map([
    ["sign-in", endpoint("GET", NAVIGATIONS, (request) => signIn(request, setup, sessions))],
    [
      "callback",
      endpoint("GET", null, (request, context) => callback(request, setup, sessions, context)),
    ],
    [
      "refresh",
      endpoint("POST", pages, (request, context) => sessions.refresh(cookiesOf(request), context)),
    ],
    [
      "logout",
      endpoint("POST", pages, (request, context) => logout(request, setup, sessions, context)),
    ],
    ["end", endpoint("GET", NAVIGATIONS, (request) => end(request, setup))],
    ["ended", endpoint("GET", NAVIGATIONS, (request) => ended(request, setup))],
    [
      "user",
      endpoint("GET", pages, async (request) => {
        const held = await sessions.find(cookiesOf(request));
        if (held === null) return refusal(401, "invalid_grant");
        const { claims, startedAt } = held;
        const expiresAt = startedAt + setup.settings.absolute;
        return Response.json({ claims, session: { startedAt, expiresAt } });
      }),
    ],
  ]);
  if (sessions.endNamed !== null || setup.settings.revocation !== undefined)
    endpoints.set("backchannel-logout", endpoint("POST", null, backchannelLogout(setup, sessions)));
  return endpoints;
}
