// The options of `createMediator`, checked and completed. Only their own members are read, and
// copied: nothing can change them afterwards.

import { ownCopy } from "../edge/options/own.js";
import type { Algorithm } from "../edge/options/types.js";
import { invalidOption } from "./error.js";
import type { LiveSessionsMaker } from "./sessions.js";
import type { MediatorOptions, ProviderMetadata, ProviderOptions } from "./types.js";

export interface Settings {
  readonly provider: ProviderSettings;
  readonly client: MediatorOptions["client"];
  /** Without a slash at its end. */
  readonly url: string;
  /** The path of `url`: "" for the root of a host. */
  readonly path: string;
  readonly apps: readonly [string, ...string[]];
  readonly sessions: LiveSessionsMaker;
  readonly name: string;
  /** Milliseconds. */
  readonly idle: number;
  readonly absolute: number;
  readonly reuse: number;
  readonly timeout: number;
  readonly claims: readonly string[];
  readonly userInfo: boolean;
  readonly admit: MediatorOptions["admit"];
  readonly revocation: MediatorOptions["revocation"];
  readonly scope: "host" | "mediator";
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly clock: () => number;
  readonly onEvent: NonNullable<MediatorOptions["onEvent"]>;
}

export interface ProviderSettings {
  readonly issuer: string;
  readonly discovery: "oidc" | "oauth2" | ProviderMetadata;
  readonly scope: string;
  readonly resource: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly pushed: NonNullable<ProviderOptions["pushed"]>;
  readonly algorithms: readonly Algorithm[];
}

const KNOWN = [
  "provider",
  "client",
  "url",
  "apps",
  "sessions",
  "name",
  "lifetime",
  "reuse",
  "claims",
  "userInfo",
  "admit",
  "revocation",
  "cookie",
  "timeout",
  "fetch",
  "clock",
  "onEvent",
] as const satisfies (keyof MediatorOptions)[];

const KNOWN_OF_PROVIDER = [
  "issuer",
  "discovery",
  "scope",
  "resource",
  "parameters",
  "pushed",
  "algorithms",
] as const satisfies (keyof ProviderOptions)[];

/** Parameters of the authorization request that are the mediator's. */
const RESERVED =
  /^(client_id|redirect_uri|response_type|response_mode|scope|state|nonce|code_challenge.*|request|request_uri|resource)$/;

export function readSettings(given: MediatorOptions): Settings {
  const options = members("options", given, KNOWN);
  const { sessions, admit, revocation, fetch, clock, onEvent, userInfo = false } = options;
  const { name = "tokenkeep", claims = ["sub", "name", "email", "picture"] } = options;
  const lifetime = members("lifetime", options.lifetime ?? {}, ["idle", "absolute"]);
  const { scope = "host" } = members("cookie", options.cookie ?? {}, ["scope"]);
  for (const [what, value] of Object.entries({ admit, fetch, clock, onEvent }))
    if (value !== undefined && typeof value !== "function")
      throw invalidOption(what, "must be a function");
  if (typeof (sessions as Partial<LiveSessionsMaker> | undefined)?.open !== "function")
    throw invalidOption("sessions", "must be what `storedSessions` or `sealedCookies` gives");
  if (lifetime.idle !== undefined && !(sessions as LiveSessionsMaker).knowsUse)
    throw invalidOption("lifetime.idle", "can't be kept by cookies that never change");
  if (revocation !== undefined && typeof revocation?.isRevoked !== "function")
    throw invalidOption("revocation", "must have a method isRevoked");
  if (typeof name !== "string" || !/^\w{1,32}$/.test(name))
    throw invalidOption("name", "must be 1 to 32 letters, digits or underscores");
  if (scope !== "host" && scope !== "mediator")
    throw invalidOption("cookie.scope", 'must be "host" or "mediator"');
  if (typeof userInfo !== "boolean") throw invalidOption("userInfo", "must be true or false");
  const url = address("url", String(options.url));
  if (url.search !== "" || url.hash !== "")
    throw invalidOption("url", "must have no query and no fragment");
  const path = url.pathname.replace(/\/+$/, "");
  return {
    provider: readProvider(options.provider),
    client: options.client,
    url: url.origin + path,
    path,
    apps: readApps(options.apps),
    sessions: sessions as LiveSessionsMaker,
    name,
    idle: number("lifetime.idle", lifetime.idle, 86_400, 60, 31_536_000) * 1000,
    absolute: number("lifetime.absolute", lifetime.absolute, 604_800, 60, 31_536_000) * 1000,
    reuse: number("reuse", options.reuse, 20, 0, 60) * 1000,
    timeout: number("timeout", options.timeout, 10_000, 1_000, 60_000),
    claims: texts("claims", claims),
    userInfo,
    admit,
    revocation,
    scope,
    // Called without `this`: the platform's fetch takes none but its own.
    fetch: (input, init) => (fetch ?? globalThis.fetch).call(undefined, input, init),
    clock: clock ?? Date.now,
    onEvent: onEvent ?? (() => undefined),
  };
}

function readProvider(given: ProviderOptions): ProviderSettings {
  const options = members("provider", given, KNOWN_OF_PROVIDER);
  const { issuer, discovery = "oidc", scope = "openid", resource = [], pushed = "auto" } = options;
  const { algorithms = ["RS256", "PS256", "ES256", "EdDSA"] } = options;
  address("provider.issuer", issuer);
  if (discovery !== "oidc" && discovery !== "oauth2" && Object(discovery).issuer !== issuer)
    throw invalidOption(
      "provider.discovery",
      'must be "oidc", "oauth2", or metadata of the same issuer',
    );
  if (typeof scope !== "string") throw invalidOption("provider.scope", "must be a text");
  if (!["auto", "always", "never"].includes(pushed))
    throw invalidOption("provider.pushed", 'must be "auto", "always" or "never"');
  const parameters = { ...ownCopy(options.parameters ?? {}) };
  for (const [name, value] of Object.entries(parameters))
    if (RESERVED.test(name) || typeof value !== "string")
      throw invalidOption(`provider.parameters.${name}`, "is not one that you may set");
  if (texts("provider.algorithms", algorithms).some((name) => /^(HS|none)/i.test(name)))
    throw invalidOption("provider.algorithms", "must be of signatures by private keys");
  const scopes = scope.split(" ").filter((one) => one !== "");
  return {
    issuer,
    discovery: ownCopy(discovery),
    scope: [...(scopes.includes("openid") ? [] : ["openid"]), ...scopes].join(" "),
    resource: texts("provider.resource", typeof resource === "string" ? [resource] : resource),
    parameters,
    pushed,
    algorithms: [...algorithms],
  };
}

function readApps(given: readonly string[]): readonly [string, ...string[]] {
  const [first, ...rest] = texts("apps", given).map((app) => {
    if (address("apps", app).origin !== app)
      throw invalidOption("apps", "must hold origins, without a path or a slash");
    return app;
  });
  if (first === undefined) throw invalidOption("apps", "must not be empty");
  return [first, ...rest];
}

/** https, or http on this machine. */
function address(option: string, text: string): URL {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : null;
  const local = /^(localhost|(.*\.)localhost|127(\.\d+){3}|\[::1\])$/;
  if (
    url === null ||
    !(url.protocol === "https:" || (url.protocol === "http:" && local.test(url.hostname))) ||
    url.username !== "" ||
    url.password !== ""
  )
    throw invalidOption(option, "must be an https address, or http on this machine");
  return url;
}

/** The own members of an object of options. */
function members<T extends object>(where: string, given: T, known: readonly (keyof T)[]): T {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalidOption(where, "must be an object");
  const read = {} as T;
  for (const name of Object.keys(given) as (keyof T)[]) {
    if (!known.includes(name)) throw invalidOption(`${where}.${String(name)}`, "is no option");
    read[name] = given[name];
  }
  return read;
}

function texts(option: string, given: unknown): readonly string[] {
  const list = Array.isArray(given) ? Array.from<unknown>(given) : null;
  if (list === null || !list.every((one) => typeof one === "string" && one !== ""))
    throw invalidOption(option, "must be a list of texts that are not empty");
  return list as string[];
}

function number(
  option: string,
  given: unknown,
  usual: number,
  least: number,
  most: number,
): number {
  if (given === undefined) return usual;
  if (typeof given !== "number" || !(given >= least && given <= most))
    throw invalidOption(option, `must be a number from ${least} to ${most}`);
  return given;
}
