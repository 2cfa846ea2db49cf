// The mediator as a whole: which path is which endpoint, who may call it, and what of it fails how.

import { loadBackchannel } from "../chunks.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { answer, HEADERS, refusal, unavailable } from "./answers.js";
import { callback } from "./callback.js";
import { isGuess, refusedBy, rulesOf } from "./callers.js";
import { cookiesOf } from "./cookies.js";
import { end, ended, logout } from "./ending.js";
import { invalidOption } from "./error.js";
import { readSettings } from "./settings.js";
import { type Live, setUp } from "./setup.js";
import { signIn } from "./sign-in.js";
import type { Mediator, MediatorOptions } from "./types.js";

/** Answers the calls of an endpoint. */
type Answer = (
  request: Request,
  live: Live,
  context: ExecutionContextLike | null,
) => Promise<Response>;

type Endpoint = readonly [
  method: "GET" | "POST",
  callers: keyof ReturnType<typeof rulesOf>,
  answer: Answer,
];

const refresh: Answer = (request, { sessions }, context) =>
  sessions.refresh(cookiesOf(request), context);

const user: Answer = async (request, { sessions, settings }) => {
  const held = await sessions.find(cookiesOf(request));
  if (held === null) return refusal(401, "invalid_grant");
  const { claims, startedAt } = held;
  const expiresAt = startedAt + settings.absolute;
  return Response.json({ claims, session: { startedAt, expiresAt } });
};

const backchannelLogout: Answer = async (request, live, context) => {
  const { sessions, settings } = live;
  // Nothing could be ended.
  if (sessions.endNamed === null && settings.revocation === undefined)
    return refusal(404, "not_found");
  const { receiverFor } = await loadBackchannel();
  live.receive ??= receiverFor(live);
  return live.receive(request, context ?? undefined);
};

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  __proto__: null as never,
  "sign-in": ["GET", "navigations", signIn],
  callback: ["GET", "anybody", callback],
  refresh: ["POST", "pages", refresh],
  logout: ["POST", "pages", logout],
  end: ["GET", "navigations", end],
  ended: ["GET", "navigations", ended],
  user: ["GET", "pages", user],
  "backchannel-logout": ["POST", "anybody", backchannelLogout],
};

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
  const live: Live = { ...setup, sessions };
  const rules = rulesOf(apps);
  const handles = ({ url }: Request) => new URL(url).pathname.startsWith(`${path}/`);

  const respond = async (
    request: Request,
    endpoint: Endpoint | undefined,
    context: ExecutionContextLike | null,
  ): Promise<Response> => {
    if (endpoint === undefined) return refusal(404, "not_found");
    const [method, callers, run] = endpoint;
    const isPreflight = callers === "pages" && request.method === "OPTIONS";
    if (request.method !== method && !isPreflight)
      return refusal(405, "method_not_allowed", { Allow: method });
    if (callers === "navigations" && isGuess(request)) return answer(204);
    const code = refusedBy(request, isPreflight ? { Origin: apps } : rules[callers]);
    if (code !== undefined) {
      const origin = request.headers.get("Origin")?.slice(0, LONGEST_ORIGIN);
      report("caller-refused", { code, ...(origin && { origin }) });
      return refusal(403, "forbidden");
    }
    if (!isPreflight) return run(request, live, context);
    return answer(204, [
      ["Access-Control-Allow-Methods", method],
      ["Access-Control-Allow-Headers", "X-Requested-With"],
      ["Access-Control-Max-Age", "600"],
    ]);
  };

  return {
    handles,
    async fetch(request, given) {
      const { pathname } = new URL(request.url);
      const endpoint = handles(request) ? ENDPOINTS[pathname.slice(path.length + 1)] : undefined;
      // Node's servers hand over something else in that place.
      const context = typeof given?.waitUntil === "function" ? given : null;
      const response = await respond(request, endpoint, context).catch(() => {
        report("unavailable", { code: "store" });
        return unavailable(RETRY);
      });
      const origin = request.headers.get("Origin") ?? "";
      const headers = [...HEADERS];
      if (endpoint?.[1] === "pages") headers.push(["Vary", "Origin"]);
      // Lets pages of these origins read the answer.
      if (endpoint?.[1] === "pages" && apps.includes(origin))
        headers.push(
          ["Access-Control-Allow-Origin", origin],
          ["Access-Control-Allow-Credentials", "true"],
          ["Access-Control-Expose-Headers", "Retry-After, Date"],
        );
      for (const [name, value] of headers) response.headers.set(name, value);
      return response;
    },
    async endSessions(subject) {
      if (sessions.endNamed === null) throw invalidOption("sessions", "must be stored");
      const count = await sessions.endNamed("sub", subject);
      report("logged-out-elsewhere", { subject });
      return count;
    },
  };
}
