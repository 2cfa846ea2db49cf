// The mediator as a whole: which path is which endpoint, who may call it, and what of it fails how.

import { loadBackchannel } from "../chunks.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { answer, HEADERS, refusal } from "./answers.js";
import { callback } from "./callback.js";
import {
  anybody,
  type Callers,
  isGuess,
  navigations,
  pages,
  refusedBy,
  sharing,
} from "./callers.js";
import { cookiesOf } from "./cookies.js";
import { end, ended } from "./ending.js";
import { invalidOption } from "./error.js";
import { logout } from "./logout.js";
import { meaningOf } from "./meaning.js";
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

type Endpoint = readonly [method: "GET" | "POST", callers: Callers, answer: Answer];

const refresh: Answer = (request, { sessions }, context) =>
  sessions.refresh(cookiesOf(request), context);

const user: Answer = async (request, { sessions, absolute, over }) => {
  const held = await sessions.find(cookiesOf(request));
  if (held === null) return over();
  const { claims, startedAt } = held;
  const expiresAt = startedAt + absolute;
  return Response.json({ claims, session: { startedAt, expiresAt } });
};

const backchannelLogout: Answer = async (request, live, context) => {
  // Nothing could be ended.
  if (live.sessions.endNamed === null && live.revocation === undefined)
    return refusal(404, "not_found");
  const { receiverFor } = await loadBackchannel();
  live.receive ??= receiverFor(live);
  return live.receive(request, context ?? undefined);
};

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  __proto__: null as never,
  "sign-in": ["GET", navigations, signIn],
  callback: ["GET", anybody, callback],
  refresh: ["POST", pages, refresh],
  logout: ["POST", pages, logout],
  end: ["GET", navigations, end],
  ended: ["GET", navigations, ended],
  user: ["GET", pages, user],
  "backchannel-logout": ["POST", anybody, backchannelLogout],
};

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
  const { path, apps, report } = setup;
  let live: Live | undefined;
  const opened = async (): Promise<Live> => {
    const sessions = await setup.sessions.open(setup);
    return (live ??= { ...setup, sessions });
  };

  const respond = async (
    request: Request,
    endpoint: Endpoint | undefined,
    context: ExecutionContextLike | null,
  ): Promise<Response> => {
    if (endpoint === undefined) return refusal(404, "not_found");
    const [method, callers, run] = endpoint;
    const isPreflight = callers === pages && request.method === "OPTIONS";
    if (request.method !== method && !isPreflight)
      return refusal(405, "method_not_allowed", { Allow: method });
    if (callers === navigations && isGuess(request)) return answer(204);
    const code = refusedBy(request, isPreflight ? { Origin: apps } : callers(apps));
    if (code !== undefined) {
      const origin = request.headers.get("Origin")?.slice(0, LONGEST_ORIGIN);
      report("caller-refused", { code, ...(origin && { origin }) });
      return refusal(403, "forbidden");
    }
    return isPreflight ? answer(204) : run(request, await opened(), context);
  };

  return {
    handles: ({ url }) => new URL(url).pathname.startsWith(path),
    async fetch(request, context) {
      const { pathname } = new URL(request.url);
      const endpoint = ENDPOINTS[pathname.startsWith(path) ? pathname.slice(path.length) : ""];
      const response = await respond(request, endpoint, context ?? null).catch((thrown) => {
        const { event, code, answer } = meaningOf(thrown);
        report(event, { code });
        return answer;
      });
      const headers = [...HEADERS];
      if (endpoint?.[1] === pages) headers.push(...sharing(request, endpoint[0], apps));
      for (const [name, value] of headers) response.headers.set(name, value);
      return response;
    },
    async endSessions(subject) {
      const { sessions } = await opened();
      if (sessions.endNamed === null) throw invalidOption("sessions", "must be stored");
      const count = await sessions.endNamed("sub", subject);
      report("logged-out-elsewhere", { subject });
      return count;
    },
  };
}
