// The options of `createServiceTokens`, checked and copied: nothing can change them afterwards.

import { ownCopy, ownMembers } from "../edge/options/own.js";
import type { KeyValue } from "../edge/options/store-types.js";
import { clientOf, type KnownClient } from "../oauth/client.js";
import { invalid } from "./error.js";
import type { Secrets, ServiceEvent, ServiceOptions, Target } from "./types.js";

export interface TargetSettings {
  readonly origin: string;
  /** The parameters of a token request that say what the token is for. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly scopes: readonly string[];
  readonly user: NonNullable<Target["user"]>;
  readonly actor: boolean;
}

export interface SharedSettings {
  readonly store: KeyValue;
  readonly keys: readonly Uint8Array<ArrayBuffer>[];
}

/** All times in milliseconds. */
export interface Settings extends KnownClient {
  readonly issuer: string;
  /** Null: by discovery. */
  readonly tokenEndpoint: string | null;
  readonly allowHttp: boolean;
  readonly targets: ReadonlyMap<string, TargetSettings>;
  readonly shared: SharedSettings | undefined;
  readonly size: number;
  readonly timeout: number;
  readonly lead: { readonly leeway: number; readonly jitter: number };
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly transport: ((request: Request) => Promise<Response>) | null;
  readonly clock: () => number;
  readonly tell: (event: ServiceEvent) => void;
}

const KNOWN = [
  "issuer",
  "tokenEndpoint",
  "client",
  "targets",
  "shared",
  "size",
  "timeout",
  "leeway",
  "jitter",
  "fetch",
  "transport",
  "clock",
  "onEvent",
] satisfies (keyof ServiceOptions)[];
const KNOWN_OF_TARGET = [
  "audience",
  "resource",
  "scopes",
  "user",
  "actor",
  "parameters",
] satisfies (keyof Target)[];

/** The parameters that the grants, and the client's authentication, set themselves. */
const RESERVED =
  /^(grant_type|client_(id|secret|assertion(_type)?)|(subject|actor)_token(_type)?|requested_token_type|audience|resource|scope)$/;
/** Of these the client's authentication alone, which no other grant may change. */
export const AUTHENTICATES = /^(grant_type|client_(id|secret|assertion(_type)?))$/;

export function readOptions(given: ServiceOptions): Settings {
  const options = members("options", given, KNOWN);
  const { issuer, tokenEndpoint, targets, transport, onEvent } = options;
  for (const name of ["fetch", "transport", "clock", "onEvent"] as const)
    if (options[name] !== undefined && typeof options[name] !== "function")
      throw invalid(name, "must be a function");
  const endpoints = [address("issuer", issuer)];
  if (tokenEndpoint !== undefined) endpoints.push(address("tokenEndpoint", tokenEndpoint));
  const table = Object.entries(members("targets", targets)).map(([origin, target]) => {
    // What is no URL has no origin.
    if (!URL.canParse(origin) || new URL(origin).origin !== origin || !/^https?:/.test(origin))
      throw invalid(`targets.${origin}`, "must be an origin, such as https://api.example.com");
    return [origin, readTarget(origin, target)] as const;
  });
  if (table.length === 0) throw invalid("targets", "must name an origin");
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const clock = options.clock ?? (() => Date.now());
  return {
    ...clientOf(members("client", options.client, ["id", "auth"]), invalid, clock),
    issuer,
    tokenEndpoint: endpoints[1]?.href ?? null,
    allowHttp: endpoints.some(({ protocol }) => protocol === "http:"),
    targets: new Map(table),
    shared: readShared(options.shared),
    size: number("size", options.size, 1_000, 1, 1_000_000),
    timeout: number("timeout", options.timeout, 5_000, 1, 60_000),
    lead: {
      leeway: number("leeway", options.leeway, 60, 0, 86_400) * 1000,
      jitter: number("jitter", options.jitter, 10, 0, 86_400) * 1000,
    },
    // Called without `this`: the platform's fetch takes none but its own.
    fetch: (input, init) => fetch.call(undefined, input, init),
    transport: transport === undefined ? null : (request) => transport.call(undefined, request),
    clock: () => clock.call(undefined),
    tell(event) {
      try {
        onEvent?.call(undefined, event);
      } catch {
        return;
      }
    },
  };
}

function readTarget(origin: string, given: Target): TargetSettings {
  const where = `targets.${origin}`;
  const target = members(where, given, KNOWN_OF_TARGET);
  const { audience, resource, scopes = [], user = "exchange", actor = false } = target;
  if (user !== "exchange" && user !== "refuse" && typeof user !== "function")
    throw invalid(`${where}.user`, 'must be "exchange", "refuse" or a function');
  if (typeof actor !== "boolean" || (actor && user !== "exchange"))
    throw invalid(`${where}.actor`, "must be true or false, and goes with an exchange alone");
  if (audience !== undefined && resource !== undefined)
    throw invalid(where, "can't have both `audience` and `resource`");
  const more = Object.entries(members(`${where}.parameters`, target.parameters ?? {}));
  for (const [name, value] of more)
    if (RESERVED.test(name) || typeof value !== "string")
      throw invalid(`${where}.parameters.${name}`, "is set by the grant, or is no text");
  const audiences = audience === undefined ? [] : [audience];
  const resources =
    resource === undefined ? [] : typeof resource === "string" ? [resource] : resource;
  const asked = texts(`${where}.scopes`, scopes);
  if (asked.some((scope) => /\s/.test(scope)))
    throw invalid(`${where}.scopes`, "must be a list of scopes, one a text");
  return {
    origin,
    parameters: [
      ...texts(`${where}.audience`, audiences).map((one) => ["audience", one] as const),
      ...texts(`${where}.resource`, resources).map((one) => ["resource", one] as const),
      ...(asked.length === 0 ? [] : [["scope", asked.join(" ")] as const]),
      ...more,
    ],
    scopes: asked,
    user,
    actor,
  };
}

function readShared(given: ServiceOptions["shared"]): SharedSettings | undefined {
  if (given === undefined) return undefined;
  const { store, keys } = members("shared", given, ["store", "keys"]);
  if (typeof store?.get !== "function" || typeof store.put !== "function")
    throw invalid("shared.store", "must have the methods get and put");
  return { store, keys: readSecrets("shared.keys", keys) };
}

/** Copies: their bytes can't be changed afterwards. */
function readSecrets(name: string, given: Secrets): readonly Uint8Array<ArrayBuffer>[] {
  const list = Array.isArray(given) ? Array.from<unknown>(given) : [];
  const bytes = list.map((one) =>
    typeof one === "string"
      ? new TextEncoder().encode(one)
      : one instanceof Uint8Array
        ? new Uint8Array(one)
        : new Uint8Array(),
  );
  if (bytes.length === 0 || bytes.some(({ length }) => length < 32))
    throw invalid(name, "must be a list of secrets of 32 bytes or more");
  return bytes;
}

/** The own members of an object; with `known`, none but these. */
function members<T extends object>(where: string, given: T, known?: readonly string[]): T {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalid(where, "must be an object");
  const odd = known && Object.keys(given).find((key) => !known.includes(key));
  if (odd !== undefined)
    throw invalid(where === "options" ? odd : `${where}.${odd}`, "is no option");
  return known === undefined ? ownCopy(given) : ownMembers(given, known);
}

function texts(name: string, given: unknown): readonly string[] {
  const list = Array.isArray(given) ? Array.from<unknown>(given) : [""];
  if (!list.every((one): one is string => typeof one === "string" && one !== ""))
    throw invalid(name, "must be a text, or a list of texts, that is not empty");
  return list;
}

function number(name: string, given: unknown, usual: number, least: number, most: number): number {
  const value = given === undefined ? usual : given;
  if (typeof value !== "number" || !(value >= least && value <= most))
    throw invalid(name, `must be a number from ${least} to ${most}`);
  return value;
}

/** https:, or http: on this machine. */
function address(name: string, given: string | URL): URL {
  const text = typeof given === "string" || given instanceof URL ? String(given) : "";
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHere = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url === null || !(url.protocol === "https:" || (isHere && url.protocol === "http:")))
    throw invalid(name, "must be an https: URL");
  if (url.username !== "" || url.password !== "" || url.hash !== "")
    throw invalid(name, "must have no user name and no fragment");
  return url;
}
