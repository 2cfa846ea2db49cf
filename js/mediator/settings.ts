// The options of `createMediator`, checked and completed. Only their own members are read, and
// copied: nothing can change them afterwards.

import type { AuthorizationServer } from "oauth4webapi";
import type { Algorithm } from "../edge/options/types.js";
import { client } from "../oauth/client.js";
import {
  address,
  type Check,
  callable,
  flag,
  having,
  listOf,
  members,
  must,
  number,
  object,
  oneOf,
  optional,
  read,
  tableOf,
  text,
} from "../shared/options.js";
import { invalidOption } from "./error.js";
import type { LiveSessionsMaker } from "./sessions.js";
import type { MediatorOptions, ProviderOptions } from "./types.js";

export type Settings = ReturnType<typeof readSettings>;

/** Every option is in the table, and nothing else is. */
type Table<Options> = { readonly [Name in keyof Options]-?: Check<unknown> };
type Option<Name extends keyof MediatorOptions> = NonNullable<MediatorOptions[Name]>;

/** Parameters of the authorization request that are the mediator's. */
const RESERVED =
  /^(client_id|redirect_uri|response_(type|mode)|scope|state|nonce|code_challenge.*|request(_uri)?|resource)$/;

const matching = <T extends string>(pattern: RegExp, what: string) =>
  must<T>(what, (given) => typeof given === "string" && pattern.test(given));

/** Seconds, as whole milliseconds. */
const seconds =
  (least: number, most: number): Check<number> =>
  (given, fail) =>
    Math.round(number(least, most)(given, fail) * 1000);

/** A kind, or the metadata itself: what JSON has a form for. */
const discovery: Check<"oidc" | "oauth2" | AuthorizationServer> = (given, fail) =>
  typeof given === "string"
    ? oneOf("oidc", "oauth2")(given, fail)
    : JSON.parse(JSON.stringify(object(given, fail)));

/** With `openid`. */
const scope: Check<string> = (given, fail) =>
  [...new Set(`openid ${text(given, fail)}`.match(/\S+/g))].join(" ");

const app: Check<string> = (given, fail) =>
  address(given, fail).origin === given ? given : fail("must hold origins");

/** With a slash at its end. */
const base: Check<string> = (given, fail) => {
  const { origin, pathname, search } = address(given, fail);
  return search === "" ? `${origin}${pathname.replace(/\/*$/, "/")}` : fail("must have no query");
};

/** Made when it is used, as the next one: a bundler leaves out functions that nobody calls. */
const providerTable = () =>
  members({
    // Compared to the letter.
    issuer: (given, fail) => address(text(given, fail), fail) && String(given),
    discovery: optional(discovery, "oidc"),
    scope: optional(scope, "openid"),
    resource: optional((given, fail) => listOf(text)([given].flat(), fail), []),
    parameters: optional(
      tableOf((given, fail, name) =>
        RESERVED.test(name) ? fail("is reserved") : text(given, fail),
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
    url: base,
    apps: listOf(app, 1) as Check<readonly [string, ...string[]]>,
    sessions: having<LiveSessionsMaker>("what `storedSessions` or `sealedCookies` gives", "open"),
    name: optional(matching(/^\w{1,32}$/, "1 to 32 letters, digits or underscores"), "tokenkeep"),
    lifetime: optional(
      members({
        idle: optional(seconds(1, 31_536_000)),
        absolute: optional(seconds(1, 31_536_000)),
      } satisfies Table<Option<"lifetime">>),
      {} as never,
    ),
    reuse: optional(seconds(0, 60), 20_000),
    claims: optional(listOf(text), ["sub", "name", "email", "picture"]),
    userInfo: optional(flag, false),
    admit: optional(callable<Option<"admit">>(), () => true),
    revocation: optional(
      having<Option<"revocation">>(
        "a store of revocations",
        "isRevoked",
        "revokeSession",
        "revokeUser",
      ),
    ),
    cookie: optional(
      members({ scope: optional(oneOf("host", "mediator")) } satisfies Table<Option<"cookie">>),
      {} as never,
    ),
    timeout: optional(number(1, 60_000), 10_000),
    fetch: optional(callable<Option<"fetch">>(), (input, init) => globalThis.fetch(input, init)),
    clock: optional(callable<Option<"clock">>(), () => Date.now()),
    onEvent: optional(callable<Option<"onEvent">>(), () => undefined),
  } satisfies Table<MediatorOptions>);

/**
 * All of them in one object, those of the provider and of the client too.
 *
 * @throws {MediatorError} config_invalid
 */
export function readSettings(given: MediatorOptions) {
  const { provider, client, lifetime, cookie, ...others } = read(table(), given, invalidOption);
  const { issuer, discovery } = provider;
  const { idle, absolute = 604_800_000 } = lifetime;
  const { url, sessions, clock } = others;
  if (typeof discovery !== "string" && discovery.issuer !== issuer)
    throw invalidOption("provider.discovery", "must be of the same issuer");
  if (idle && !sessions.knowsUse)
    throw invalidOption("lifetime.idle", "can't be kept by cookies that never change");
  return {
    ...provider,
    ...others,
    ...client(clock),
    idle: idle ?? 86_400_000,
    absolute,
    /** Whether the session's cookie goes to the whole host. */
    isOfHost: cookie.scope !== "mediator",
    /** It has a slash at its end, as `url` has. */
    path: new URL(url).pathname,
  };
}
