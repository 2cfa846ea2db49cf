// Checks the options of `createTokenKeep` and adds the defaults.

import type { EngineSettings } from "../../build/client/client.js";
import { absolute, isRelative, listed, ownBase } from "./addresses.js";
import { invalid, isWorker, named, own, statuses } from "./checks.js";
import type { ProofSettings } from "./dpop.js";
import { type ReplySettings, readReply } from "./reply-options.js";
import type { DpopOptions, EndpointOptions, TokenKeepOptions } from "./types.js";

export interface Settings {
  readonly transport: (request: Request) => Promise<Response>;
  readonly refresh: Endpoint;
  readonly logout: Endpoint | undefined;
  readonly name: string;
  readonly csrf: TokenKeepOptions["csrf"];
  readonly sessionHint: TokenKeepOptions["sessionHint"];
  /** Each as `URL.origin` gives it. */
  readonly origins: readonly string[];
  readonly unauthorized: readonly number[];
  readonly console: boolean;
  readonly host: NonNullable<TokenKeepOptions["host"]>;
  readonly signInOrigins: readonly string[];
  readonly reply: ReplySettings;
  readonly noSession: readonly (number | "no-token")[];
  /** How proofs are made; false: tokens need none. */
  readonly dpop: ProofSettings | false;
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
 * Reads the options. The result holds copies, so nothing can change it afterwards. Relative
 * addresses count from `at`.
 */
export function readOptions(given: TokenKeepOptions, at = ownBase()): Settings {
  if (typeof given !== "object" || given === null) throw invalid("options", "must be an object");
  const {
    refresh,
    logout,
    origins,
    leeway,
    jitter,
    defaultLifetime,
    timeout,
    backoff,
    tabs,
    name,
    host = "page",
    signInOrigins,
    unauthorized,
    csrf,
    sessionHint,
    console,
    reply,
    noSession,
    dpop = false,
    transport,
    ...unknown
  } = own(given);
  for (const key of Object.keys(unknown)) throw invalid(key, "is no option of createTokenKeep");
  if (host !== "page" && !isWorker(host)) throw invalid("host", "must be a worker");
  if (transport !== undefined && (host !== "page" || typeof transport !== "function"))
    throw invalid("transport", "must be a function, in a page");
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw invalid("name", "must be a text that is not empty");
  if (typeof backoff !== "object" && backoff !== undefined)
    throw invalid("backoff", "must be an object");
  const { base, max } = own(backoff ?? {});
  const mirror = csrf && own(csrf);
  const hint = sessionHint && own(sessionHint);
  const proofs = typeof dpop === "object" && dpop ? own(dpop) : among("dpop", dpop, [true, false]);
  const {
    required = true,
    algorithm = "ES256",
    tokenEndpoint,
    key = "tab",
  } = Object(proofs) as DpopOptions;
  const renewal = endpoint("refresh", refresh, at);
  const leave = logout === undefined ? undefined : endpoint("logout", logout, at);
  return {
    transport: transport ?? ((request) => globalThis.fetch(request)),
    refresh: renewal,
    logout: leave,
    csrf: mirror && {
      cookie: named("csrf.cookie", mirror.cookie),
      header: named("csrf.header", mirror.header),
    },
    sessionHint: hint && { cookie: named("sessionHint.cookie", hint.cookie) },
    name: name ?? renewal.url,
    origins: listed("origins", origins),
    host,
    signInOrigins: listed("signInOrigins", signInOrigins ?? []),
    console: isOn("console", console, "warnings"),
    unauthorized: statuses<never>("unauthorized", unauthorized ?? [401], 400),
    reply: readReply(reply),
    noSession: statuses("noSession", noSession ?? [], 200, "no-token"),
    dpop: proofs && {
      algorithm: among("dpop.algorithm", algorithm, ["ES256", "Ed25519"]),
      tokenEndpoint:
        tokenEndpoint === undefined
          ? tokenEndpoint
          : absolute("dpop.tokenEndpoint", tokenEndpoint, at),
      keptAs:
        among("dpop.key", key, ["tab", "origin"]) === "tab" ? undefined : (name ?? renewal.url),
    },
    engine: {
      leeway: (leeway === 0 ? 0 : time("leeway", leeway, 60)) * 1000,
      jitter: (jitter === 0 ? 0 : time("jitter", jitter, 10)) * 1000,
      defaultLifetime: time("defaultLifetime", defaultLifetime, 300) * 1000,
      timeout: time("timeout", timeout, 10_000),
      backoffBase: time("backoff.base", base, 1000),
      backoffMax: time("backoff.max", max, 60_000),
      coordinate: isOn("tabs", tabs, "coordinate"),
      tellsLogout: logout !== undefined,
      authorizesLogout: leave?.authorization === true,
      takesBearer: !(among("dpop.required", required, [true, false]) && proofs),
      takesDpop: !!proofs,
    },
  };
}

/** Whether an option that may be "off" is what it is by default. */
function isOn(option: string, given: string | undefined, standard: string): boolean {
  return among(option, given === undefined ? standard : given, [standard, "off"]) !== "off";
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
  } = own(typeof given === "string" || given instanceof URL ? { url: given } : (given ?? {}));
  if (typeof method !== "string") throw invalid(`${option}.method`, "must be a text");
  if (body !== undefined && typeof body !== "string")
    throw invalid(`${option}.body`, "must be a text");
  if (typeof authorization !== "boolean" || (authorization && option === "refresh"))
    throw invalid(`${option}.authorization`, "must be true or false, and is a logout's");
  const answers = statuses(`${option}.done`, done, 200, "redirect");
  const address = absolute(option, url, base);
  try {
    const all = new Headers({ Accept: "application/json", "X-Requested-With": "XMLHttpRequest" });
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    // The platform checks method, headers and body.
    if (!isRelative(address))
      new Request(address, { method, headers: all, ...(body === undefined ? {} : { body }) });
    return { url: address, method, headers: all, body, authorization, done: answers };
  } catch (cause) {
    throw invalid(option, "makes no request that can be sent", cause);
  }
}

/** Longer than any page lives, and small enough to be added to a moment. */
const LONGEST = 1e12;

function time(option: string, given: number | undefined, standard: number): number {
  const value = given ?? standard;
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
    throw invalid(option, "must be a finite number above zero");
  return Math.min(value, LONGEST);
}
