// Checks the options of `createTokenKeep` and adds the defaults.

import type { EngineSettings } from "../../build/client/client.js";
import { invalid, named, own, statuses } from "./checks.js";
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

/** Reads the options. The result holds copies, so nothing can change it afterwards. */
export function readOptions(given: TokenKeepOptions): Settings {
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
  if (host !== "page") throw invalid("host", 'must be "page": other hosts are not built yet');
  if (transport !== undefined && typeof transport !== "function")
    throw invalid("transport", "must be a function");
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw invalid("name", "must be a text that is not empty");
  if (typeof backoff !== "object" && backoff !== undefined)
    throw invalid("backoff", "must be an object");
  const { base, max } = own(backoff ?? {});
  const mirror = csrf && own(csrf);
  const hint = sessionHint && own(sessionHint);
  const proofs = typeof dpop === "object" && dpop ? own(dpop) : among("dpop", dpop, [true, false]);
  const { required = true, algorithm = "ES256", tokenEndpoint } = Object(proofs) as DpopOptions;
  const renewal = endpoint("refresh", refresh);
  const leave = logout === undefined ? undefined : endpoint("logout", logout);
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
    origins: listed(origins),
    console: isOn("console", console, "warnings"),
    unauthorized: statuses<never>("unauthorized", unauthorized ?? [401], 400),
    reply: readReply(reply),
    noSession: statuses("noSession", noSession ?? [], 200, "no-token"),
    dpop: proofs && {
      algorithm: among("dpop.algorithm", algorithm, ["ES256", "Ed25519"]),
      tokenEndpoint:
        tokenEndpoint === undefined ? tokenEndpoint : absolute("dpop.tokenEndpoint", tokenEndpoint),
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
  return among(option, given ?? standard, [standard, "off"]) !== "off";
}

function among<T>(option: string, given: T, values: readonly T[]): T {
  if (!values.includes(given))
    throw invalid(option, `must be ${values.map((value) => JSON.stringify(value)).join(" or ")}`);
  return given;
}

function endpoint(option: string, given: string | URL | EndpointOptions): Endpoint {
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
  const address = absolute(option, url);
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

/**
 * The address as `fetch` would resolve it: against the document's base, in a worker against the
 * worker's own address. On a server there is neither, and a relative address stays as it is: a keep
 * that only renders sends nothing.
 */
function absolute(option: string, url: string | URL): string {
  if (typeof url !== "string" && !(url instanceof URL)) throw invalid(option, "must be a URL");
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  let address: URL;
  try {
    address = new URL(url, base);
  } catch (cause) {
    if (base === undefined && typeof url === "string" && isRelative(url)) return url;
    throw invalid(option, "is no URL", cause);
  }
  if (address.protocol !== "https:" && address.protocol !== "http:")
    throw invalid(option, "must be an https: or http: URL");
  if (address.username !== "" || address.password !== "")
    throw invalid(option, "must hold no user name or password");
  address.hash = "";
  return address.href;
}

function isRelative(url: string): boolean {
  return /^[./]/.test(url);
}

/** The listed origins, each as `URL.origin` writes it. */
function listed(given: readonly string[] | undefined): readonly string[] {
  if (given === undefined) {
    // In a `srcdoc` frame `location.origin` is "null".
    const own = globalThis.origin ?? globalThis.location?.origin;
    return own === undefined || own === "null" ? [] : [own];
  }
  if (!Array.isArray(given)) throw invalid("origins", "must be a list");
  return given.map((entry: unknown) => {
    const url = typeof entry === "string" && URL.canParse(entry) ? new URL(entry) : null;
    const plain =
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      url.pathname === "/" &&
      url.search + url.hash + url.username + url.password === "";
    if (!plain || /[*?#@\\\s]/.test(entry as string))
      throw invalid("origins", `must hold origins such as "https://api.example.com"`);
    return url.origin;
  });
}

/** Longer than any page lives, and small enough to be added to a moment. */
const LONGEST = 1e12;

function time(option: string, given: number | undefined, standard: number): number {
  const value = given ?? standard;
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
    throw invalid(option, "must be a finite number above zero");
  return Math.min(value, LONGEST);
}
