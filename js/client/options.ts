// Checks the options of `createTokenKeep` and adds the defaults.

import type { Keep as Engine } from "../../build/client/client.js";
import { absolute, bare, isRelative, listed, ownBase } from "./addresses.js";
import { invalid, membersOf, named, own, refuse, statuses } from "./checks.js";
import type { ProofSettings } from "./dpop.js";
import { type ReplySettings, readReply } from "./reply-options.js";
import type { DpopOptions, EndpointOptions, TokenKeepOptions } from "./types.js";

/** What the constructor of an engine takes beside its host. */
type EngineSettings =
  ConstructorParameters<typeof Engine> extends [unknown, ...infer Settings] ? Settings : never;

export interface Settings {
  readonly transport: (request: Request) => Promise<Response>;
  readonly refresh: Endpoint;
  readonly logout: Endpoint | undefined;
  /** The addresses of these. */
  readonly authority: readonly string[];
  readonly name: string;
  readonly csrf: TokenKeepOptions["csrf"];
  readonly sessionHint: TokenKeepOptions["sessionHint"];
  /** Each as `URL.origin` gives it. */
  readonly origins: readonly string[];
  readonly unauthorized: readonly number[];
  readonly console: boolean;
  readonly signInOrigins: readonly string[];
  readonly reply: ReplySettings;
  readonly noSession: readonly (number | "no-token")[];
  /** How proofs are made; false: tokens need none. */
  readonly dpop: ProofSettings | false;
  /** Whether to keep in step with other tabs. */
  readonly coordinate: boolean;
  readonly engine: EngineSettings;
}

export interface Endpoint {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | undefined;
  /** Of a logout: whether the access token goes along, and further answers that mean "done". */
  readonly authorization: boolean;
  readonly done: readonly (number | "redirect")[];
}

/**
 * Reads the options that any realm takes. The result holds copies, so nothing can change it
 * afterwards. Relative addresses count from `at`.
 */
export function readOptions(
  given: Omit<TokenKeepOptions, "host" | "transport">,
  at = ownBase(),
): Settings {
  const {
    refresh,
    logout,
    origins,
    // Numbers that JSON has no form for come from a page as null, which is none.
    leeway = 60,
    jitter = 10,
    defaultLifetime = 300,
    timeout = 10_000,
    backoff = {},
    tabs = "coordinate",
    name,
    signInOrigins,
    unauthorized,
    csrf,
    sessionHint,
    console = "warnings",
    reply,
    noSession,
    dpop = false,
    ...unread
  } = membersOf("options", given);
  refuse(unread);
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw invalid("name", "must be a text that is not empty");
  const { base = 1_000, max = 60_000, ...unreadBackoff } = membersOf("backoff", backoff);
  refuse(unreadBackoff, "backoff.");
  const { cookie, header, ...unreadCsrf } = own(csrf);
  const mirror = csrf && {
    cookie: named("csrf.cookie", cookie),
    header: named("csrf.header", header),
  };
  refuse(unreadCsrf, "csrf.");
  const { cookie: sign, ...unreadHint } = own(sessionHint);
  const hint = sessionHint && { cookie: named("sessionHint.cookie", sign) };
  refuse(unreadHint, "sessionHint.");
  const proofs = typeof dpop === "object" && dpop ? dpop : among("dpop", dpop, [true, false]);
  const {
    required = true,
    algorithm = "ES256",
    tokenEndpoint,
    key = "tab",
    ...unreadDpop
  } = own<DpopOptions>(proofs);
  refuse(unreadDpop, "dpop.");
  const renewal = endpoint("refresh", refresh, at);
  const leave = logout === undefined ? undefined : endpoint("logout", logout, at);
  const called = name ?? renewal.url;
  const coordinate = among("tabs", tabs, ["coordinate", "off"]) !== "off";
  return {
    transport: (request) => globalThis.fetch(request),
    refresh: renewal,
    logout: leave,
    authority: [renewal, leave].flatMap((one) => one?.url ?? []),
    csrf: mirror,
    sessionHint: hint,
    name: called,
    origins: listed("origins", origins),
    signInOrigins: listed("signInOrigins", signInOrigins ?? []),
    console: among("console", console, ["warnings", "off"]) !== "off",
    unauthorized: statuses<never>("unauthorized", unauthorized ?? [401], 400),
    reply: readReply(reply),
    noSession: statuses("noSession", noSession ?? [], 200, "no-token"),
    dpop: proofs && {
      keyAlgorithm: among("dpop.algorithm", algorithm, ["ES256", "Ed25519"]),
      namedEndpoint:
        tokenEndpoint === undefined
          ? tokenEndpoint
          : bare(absolute("dpop.tokenEndpoint", tokenEndpoint, at)),
      keptAs: among("dpop.key", key, ["tab", "origin"]) === "tab" ? undefined : called,
    },
    coordinate,
    engine: [
      time("leeway", leeway, 0) * 1000,
      time("jitter", jitter, 0) * 1000,
      time("defaultLifetime", defaultLifetime) * 1000,
      time("timeout", timeout),
      time("backoff.base", base),
      time("backoff.max", max),
      coordinate,
      logout !== undefined,
      leave?.authorization === true,
      !(among("dpop.required", required, [true, false]) && proofs),
      !!proofs,
    ],
  };
}

function among<T>(option: string, given: T, values: readonly T[]): T {
  if (!values.includes(given))
    throw invalid(option, `must be ${values.map((value) => JSON.stringify(value)).join(" or ")}`);
  return given;
}

function endpoint(
  option: string,
  given: string | URL | EndpointOptions,
  base: string | undefined,
): Endpoint {
  const {
    url,
    method = "POST",
    headers = {},
    body,
    authorization = false,
    done = [],
    ...unread
  } = own(typeof given === "string" || given instanceof URL ? { url: given } : given);
  refuse(unread, `${option}.`);
  if (typeof method !== "string") throw invalid(`${option}.method`, "must be a text");
  if (body !== undefined && typeof body !== "string")
    throw invalid(`${option}.body`, "must be a text");
  if (typeof authorization !== "boolean" || (authorization && option === "refresh"))
    throw invalid(`${option}.authorization`, "must be true or false, and is a logout's");
  const answers = statuses(`${option}.done`, done, 200, "redirect");
  const address = absolute(option, url, base);
  try {
    const all = new Headers({ Accept: "application/json", "X-Requested-With": "XMLHttpRequest" });
    for (const [name, value] of new Headers(headers)) all.set(name, value);
    // The platform checks method, headers and body.
    if (!isRelative(address)) new Request(address, { method, headers: all, body: body ?? null });
    return { url: address, method, headers: all, body, authorization, done: answers };
  } catch (cause) {
    throw invalid(option, "makes no request that can be sent", cause);
  }
}

/** Longer than any page lives, and small enough to be added to a moment. */
const LONGEST = 1e12;

/** `zero`: given where zero is one too. */
function time(option: string, given: number, zero?: 0): number {
  if (given !== zero && !(Number.isFinite(given) && given > 0))
    throw invalid(option, "must be a finite number above zero");
  return Math.min(given, LONGEST);
}
