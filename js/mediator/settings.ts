// The options of `createMediator`, checked and completed. Only their own members are read, and
// copied: nothing can change them afterwards.

import { ownCopy } from "../edge/options/own.js";
import type { Algorithm } from "../edge/options/types.js";
import { clientOf } from "../oauth/client.js";
import { invalidOption } from "./error.js";
import {
  address,
  callable,
  flag,
  having,
  listOf,
  matching,
  members,
  number,
  optional,
  type Read,
  text,
  word,
} from "./options.js";
import type { LiveSessionsMaker } from "./sessions.js";
import type { MediatorOptions, ProviderMetadata, ProviderOptions } from "./types.js";

export type Settings = ReturnType<typeof readSettings>;

/** Parameters of the authorization request that are the mediator's. */
const RESERVED =
  /^(client_id|redirect_uri|response_type|response_mode|scope|state|nonce|code_challenge.*|request|request_uri|resource)$/;

/** Every option is in the table, and nothing else is. */
type Table<Options> = { readonly [Name in keyof Options]-?: Read<unknown> };
type Option<Name extends keyof MediatorOptions> = NonNullable<MediatorOptions[Name]>;

const issuer: Read<string> = (given, ...rest) => {
  address(text(given, ...rest), ...rest);
  return given as string;
};

const origin: Read<string> = (given, option, invalid) => {
  const { origin } = address(given, option, invalid);
  if (origin !== given) throw invalid(option, "must hold origins, without a path or a slash");
  return origin;
};

const parameters: Read<Record<string, string>> = (given, option, invalid) => {
  const own = Object.entries(Object(given));
  for (const [name, value] of own)
    if (RESERVED.test(name) || typeof value !== "string")
      throw invalid(`${option}.${name}`, "is not one that you may set");
  return Object.fromEntries(own) as Record<string, string>;
};

const MOST_SECONDS = 31_536_000;

/** @throws {MediatorError} config_invalid */
export function readSettings(given: MediatorOptions) {
  const { provider, client, url, lifetime, cookie, fetch, ...others } = members({
    provider: members({
      issuer,
      discovery: optional(ownCopy, "oidc") as Read<"oidc" | "oauth2" | ProviderMetadata>,
      scope: optional(text, "openid"),
      resource: optional((one, ...rest) => listOf(text)([one].flat(), ...rest), []),
      parameters: optional(parameters, {}),
      pushed: word("auto", "always", "never"),
      algorithms: optional(
        listOf(matching(/^(?!HS|none)./i, "must be of signatures by private keys")),
        ["RS256", "PS256", "ES256", "EdDSA"],
      ) as Read<readonly Algorithm[]>,
    } satisfies Table<ProviderOptions>),
    client: (client) => client as MediatorOptions["client"],
    url: address,
    apps: listOf(origin),
    sessions: having<LiveSessionsMaker>("open", "must be `storedSessions` or `sealedCookies`"),
    name: optional(
      matching(/^\w{1,32}$/, "must be 1 to 32 letters, digits or underscores"),
      "tokenkeep",
    ),
    lifetime: members({
      idle: optional(number(0, 60, MOST_SECONDS), undefined),
      absolute: number(604_800, 60, MOST_SECONDS),
    } satisfies Table<Option<"lifetime">>),
    reuse: number(20, 0, 60),
    claims: optional(listOf(text), ["sub", "name", "email", "picture"]),
    userInfo: optional(flag, false),
    admit: optional(callable<Option<"admit">>, undefined),
    revocation: optional(having<Option<"revocation">>("isRevoked"), undefined),
    cookie: members({ scope: word("host", "mediator") } satisfies Table<Option<"cookie">>),
    timeout: number(10_000, 1_000, 60_000),
    fetch: optional(callable<Option<"fetch">>, undefined),
    clock: optional(callable<Option<"clock">>, Date.now),
    onEvent: optional(callable<Option<"onEvent">>, undefined),
  } satisfies Table<MediatorOptions>)(given, "", invalidOption);
  const { issuer: name, discovery, scope } = provider;
  const { idle = 86_400, absolute } = lifetime;
  if (discovery !== "oidc" && discovery !== "oauth2" && Object(discovery).issuer !== name)
    throw invalidOption("provider.discovery", "must be a kind, or metadata of the same issuer");
  const [first, ...rest] = others.apps;
  if (first === undefined) throw invalidOption("apps", "must not be empty");
  if (url.search !== "" || url.hash !== "")
    throw invalidOption("url", "must have no query and no fragment");
  if (lifetime.idle !== undefined && !others.sessions.knowsUse)
    throw invalidOption("lifetime.idle", "can't be kept by cookies that never change");
  const path = url.pathname.replace(/\/+$/, "");
  return {
    ...others,
    ...clientOf(client, invalidOption, others.clock),
    provider: {
      ...provider,
      scope: [...new Set(["openid", ...scope.split(" ")])].join(" ").trim(),
    },
    apps: [first, ...rest] as const,
    /** Without a slash at its end. */
    url: url.origin + path,
    /** "" for the root of a host. */
    path,
    scope: cookie.scope,
    /** Milliseconds, as the next two. */
    idle: idle * 1000,
    absolute: absolute * 1000,
    reuse: others.reuse * 1000,
    // Called without `this`: the platform's fetch takes none but its own.
    fetch: (input: string, init: RequestInit) => (fetch ?? globalThis.fetch)(input, init),
  };
}
