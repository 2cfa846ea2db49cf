// The options of `createMediator`, checked and completed. Only their own members are read, and
// copied: nothing can change them afterwards.

import { ownCopy } from "../edge/options/own.js";
import type { Algorithm } from "../edge/options/types.js";
import { client } from "../oauth/client.js";
import {
  address,
  type Check,
  callable,
  flag,
  listOf,
  members,
  must,
  number,
  oneOf,
  optional,
  read,
  tableOf,
  text,
} from "../options.js";
import { invalidOption } from "./error.js";
import type { LiveSessionsMaker } from "./sessions.js";
import type { MediatorOptions, ProviderMetadata, ProviderOptions } from "./types.js";

export type Settings = ReturnType<typeof readSettings>;

/** Every option is in the table, and nothing else is. */
type Table<Options> = { readonly [Name in keyof Options]-?: Check<unknown> };
type Option<Name extends keyof MediatorOptions> = NonNullable<MediatorOptions[Name]>;

/** Parameters of the authorization request that are the mediator's. */
const RESERVED =
  /^(client_id|redirect_uri|response_type|response_mode|scope|state|nonce|code_challenge.*|request|request_uri|resource)$/;

const having = <T>(method: string, what: string) =>
  must<T>(what, (given) => typeof Object(given)[method] === "function");

const matching = <T extends string>(pattern: RegExp, what: string) =>
  must<T>(what, (given) => typeof given === "string" && pattern.test(given));

const app: Check<string> = (given, fail) =>
  address(given, fail).origin === given ? given : fail("must hold origins, without a slash");

/** Seconds. */
const lifetime = () => optional(number(60, 31_536_000));

/** Made when it is used, as the next one: a bundler leaves out functions that nobody calls. */
const providerTable = () =>
  members({
    // Compared to the letter.
    issuer: (given, fail) => address(text(given, fail), fail) && String(given),
    discovery: optional(ownCopy as Check<"oidc" | "oauth2" | ProviderMetadata>, "oidc"),
    scope: optional(text, "openid"),
    resource: optional((given, fail) => listOf(text)([given].flat(), fail), []),
    parameters: optional(
      tableOf((given, fail, name) =>
        RESERVED.test(name) ? fail("is not one that you may set") : text(given, fail),
      ),
      [],
    ),
    pushed: optional(oneOf("auto", "always", "never"), "auto"),
    algorithms: optional(
      listOf(
        matching<Algorithm>(
          /^([RPE]S(256|384|512)|EdDSA|Ed25519)$/,
          "of signatures by private keys",
        ),
        1,
      ),
      ["RS256", "PS256", "ES256", "EdDSA"],
    ),
  } satisfies Table<ProviderOptions>);

const table = () =>
  members({
    provider: providerTable(),
    client,
    url: address,
    apps: listOf(app, 1),
    sessions: having<LiveSessionsMaker>("open", "what `storedSessions` or `sealedCookies` gives"),
    name: optional(matching(/^\w{1,32}$/, "1 to 32 letters, digits or underscores"), "tokenkeep"),
    lifetime: optional(
      members({ idle: lifetime(), absolute: lifetime() } satisfies Table<Option<"lifetime">>),
      { idle: undefined, absolute: undefined },
    ),
    reuse: optional(number(0, 60), 20),
    claims: optional(listOf(text), ["sub", "name", "email", "picture"]),
    userInfo: optional(flag, false),
    admit: optional(callable<Option<"admit">>()),
    revocation: optional(having<Option<"revocation">>("isRevoked", "a store of revocations")),
    cookie: optional(
      members({ scope: optional(oneOf("host", "mediator"), "host") } satisfies Table<
        Option<"cookie">
      >),
      { scope: "host" },
    ),
    timeout: optional(number(1_000, 60_000), 10_000),
    fetch: optional(callable<Option<"fetch">>(), (input, init) => globalThis.fetch(input, init)),
    clock: optional(callable<Option<"clock">>(), () => Date.now()),
    onEvent: optional(callable<Option<"onEvent">>()),
  } satisfies Table<MediatorOptions>);

/** @throws {MediatorError} config_invalid */
export function readSettings(given: MediatorOptions) {
  const options = read(table(), given, invalidOption);
  const { provider, client, url, apps, sessions, lifetime, cookie, clock, reuse } = options;
  const { issuer, discovery, scope } = provider;
  if (discovery !== "oidc" && discovery !== "oauth2" && Object(discovery).issuer !== issuer)
    throw invalidOption("provider.discovery", "must be a kind, or metadata of the same issuer");
  if (url.search !== "") throw invalidOption("url", "must have no query");
  if (lifetime.idle !== undefined && !sessions.knowsUse)
    throw invalidOption("lifetime.idle", "can't be kept by cookies that never change");
  const { idle = 86_400, absolute = 604_800 } = lifetime;
  const path = url.pathname.replace(/\/+$/, "");
  const scopes = new Set(["openid", ...scope.split(" ")]);
  scopes.delete("");
  return {
    ...options,
    ...client(clock),
    provider: { ...provider, scope: [...scopes].join(" ") },
    apps: apps as readonly [string, ...string[]],
    /** Without a slash at its end. */
    url: url.origin + path,
    /** "" for the root of a host. */
    path,
    scope: cookie.scope,
    /** Milliseconds, as the next two. */
    idle: idle * 1000,
    absolute: absolute * 1000,
    reuse: reuse * 1000,
  };
}
