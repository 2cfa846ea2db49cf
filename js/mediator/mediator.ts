// The mediator as a whole: which path is which endpoint, who may call it, and what of it fails how.

import type { ExecutionContextLike } from "../edge/result/verified.js";
import { Sealing } from "../sealing.js";
import { answer, refusal, unavailable } from "./answers.js";
import { backchannelLogout } from "./backchannel.js";
import { callback } from "./callback.js";
import { preflight, refuseForgery, refuseOther, shared } from "./callers.js";
import { Cookies, cookiesOf } from "./cookies.js";
import { end, ended, logout } from "./ending.js";
import { invalidOption } from "./error.js";
import { Provider } from "./provider.js";
import type { LiveSessions } from "./sessions.js";
import { readSettings } from "./settings.js";
import { reporter, type Setup } from "./setup.js";
import { signIn } from "./sign-in.js";
import type { Mediator, MediatorOptions } from "./types.js";

type Context = ExecutionContextLike | null;

interface Endpoint {
  readonly method: "GET" | "POST";
  /** A page calls it; the others a browser goes to, or the provider calls. */
  readonly isOfPages: boolean;
  answer(request: Request, context: Context): Promise<Response>;
}

/** Seconds until a call whose store failed is made again. */
const RETRY = 5;

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
  const settings = readSettings(options);
  const { name, scope, path, provider, client, apps } = settings;
  const setup: Setup = {
    settings,
    provider: new Provider(settings),
    sealing: new Sealing(settings.sessions.secrets, [name, provider.issuer, client.id]),
    cookies: new Cookies({ name, scope, path }),
    report: reporter(settings),
  };
  const sessions = settings.sessions.open(setup);
  const endpoints = endpointsOf(setup, sessions);

  const respond = async (request: Request, context: Context): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const endpoint = pathname.startsWith(`${path}/`)
      ? endpoints.get(pathname.slice(path.length + 1))
      : undefined;
    if (endpoint === undefined) return refusal(404, "not_found");
    const { method, isOfPages } = endpoint;
    if (isOfPages && request.method === "OPTIONS") return preflight(request, method, apps);
    if (request.method !== method)
      return refusal(405, "method_not_allowed", { headers: { Allow: method } });
    if (!isOfPages) return endpoint.answer(request, context);
    const refused = refuseForgery(request, apps);
    if (refused !== null) return shared(refused, request, apps);
    return shared(await endpoint.answer(request, context).catch(() => fail()), request, apps);
  };
  const fail = (): Response => {
    setup.report("unavailable", { code: "store" });
    return unavailable(RETRY);
  };

  return {
    // Node's servers hand over something else in that place.
    fetch: (request, context) =>
      respond(request, typeof context?.waitUntil === "function" ? context : null).catch(fail),
    handles: (request) => new URL(request.url).pathname.startsWith(`${path}/`),
    async endSessions(subject) {
      if (sessions.endNamed === null) throw invalidOption("sessions", "must be stored");
      const count = await sessions.endNamed("sub", subject);
      setup.report("logged-out-elsewhere", { subject });
      return count;
    },
  };
}

function endpointsOf(setup: Setup, sessions: LiveSessions): ReadonlyMap<string, Endpoint> {
  const { provider, report } = setup;
  const revoke = async (refreshToken: string | null, key: string | null, subject?: string) => {
    if (refreshToken === null) return;
    const about = subject === undefined ? { key } : { key, subject };
    try {
      if (!(await provider.revoke(refreshToken)))
        report("revocation-failed", { ...about, code: "no_endpoint" });
    } catch {
      report("revocation-failed", about);
    }
  };
  const visited = (visit: (request: Request, context: Context) => Promise<Response>): Endpoint => ({
    method: "GET",
    isOfPages: false,
    answer: async (request, context) => refuseOther(request) ?? visit(request, context),
  });
  return new Map<string, Endpoint>([
    ["sign-in", visited((request) => signIn(request, setup, sessions))],
    [
      "callback",
      {
        method: "GET",
        isOfPages: false,
        answer: (request, context) =>
          callback(request, setup, sessions, (refreshToken) => {
            const revoked = revoke(refreshToken, null);
            context?.waitUntil(revoked);
          }),
      },
    ],
    [
      "refresh",
      {
        method: "POST",
        isOfPages: true,
        answer: async (request, context) => {
          const refreshed = await sessions.refresh(cookiesOf(request), context);
          if (refreshed.kind === "over") return refusal(401, refreshed.error);
          if (refreshed.kind === "trouble")
            return unavailable(refreshed.retryAfter, refreshed.status);
          const { accessToken: access_token, expiresIn, cookies } = refreshed;
          const life = expiresIn === null ? {} : { expires_in: expiresIn };
          return answer(200, { access_token, ...life, token_type: "Bearer" }, { cookies });
        },
      },
    ],
    [
      "logout",
      {
        method: "POST",
        isOfPages: true,
        answer: (request, context) =>
          logout(request, setup, sessions, context, ({ held, key }) =>
            revoke(held?.refreshToken ?? null, key, held?.subject),
          ),
      },
    ],
    ...(sessions.endNamed === null && setup.settings.revocation === undefined
      ? []
      : [
          [
            "backchannel-logout",
            { method: "POST", isOfPages: false, answer: backchannelLogout(setup, sessions) },
          ] as const,
        ]),
    ["end", visited((request) => end(request, setup))],
    ["ended", visited((request) => ended(request, setup))],
    [
      "user",
      {
        method: "GET",
        isOfPages: true,
        answer: async (request) => {
          const found = await sessions.find(cookiesOf(request));
          if (found === null) return refusal(401, "invalid_grant");
          const { held, endsAt } = found;
          const session = { startedAt: held.startedAt, expiresAt: endsAt };
          return answer(200, { claims: held.claims, session });
        },
      },
    ],
  ]);
}
