// The options of `createServiceTokens`, checked and copied: nothing can change them afterwards.

import type { KeyValue } from "../edge/options/store-types.js";
import { client } from "../oauth/client.js";
import {
  address,
  type Check,
  callable,
  type Fail,
  flag,
  having,
  type Invalid,
  isText,
  listOf,
  members,
  must,
  number,
  optional,
  read,
  secret,
  tableOf,
  text,
} from "../shared/options.js";
import { ServiceTokenError } from "./error.js";
import { RESERVED } from "./reserved.js";
import type { ServiceOptions, Target } from "./types.js";

export type Parameters = readonly (readonly [name: string, value: string])[];

const readTarget = members({
  audience: optional(text),
  resource: optional<readonly string[]>((given, fail) => listOf(text)([given].flat(), fail), []),
  scopes: optional(
    listOf(must<string>("scopes", (given) => isText(given) && !/\s/.test(given as string))),
    [],
  ),
  user: optional(
    must<NonNullable<Target["user"]>>(
      "exchange, refuse or a function",
      (given) => typeof given === "function" || ["exchange", "refuse"].includes(given as string),
    ),
    "exchange",
  ),
  actor: optional(flag, false),
  parameters: optional(
    tableOf((given, fail, name) =>
      RESERVED.test(name) || typeof given !== "string" ? fail("is reserved, or no text") : given,
    ),
    [],
  ),
});

function target(given: unknown, fail: Fail, origin: string) {
  // What is no URL has no origin.
  if (!/^https?:/.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin)
    fail("must be an origin");
  const { audience = "", resource, scopes, parameters, user, actor } = readTarget(given, fail);
  if (actor && user !== "exchange") fail("needs an exchange", "actor");
  if (audience && resource.length > 0) fail("has both `audience` and `resource`");
  const asked: Parameters = [
    ["audience", audience],
    ...resource.map((one) => ["resource", one] as const),
    ["scope", scopes.join(" ")],
    ...parameters,
  ];
  // RFC 6749 section 3.2: without a value it is as if it were not sent.
  return { origin, parameters: asked.filter(([, value]) => value), scopes, user, actor };
}

export type TargetSettings = ReturnType<typeof target>;

/** In milliseconds. */
const seconds =
  (usual: number): Check<number> =>
  (given, fail) =>
    1000 * optional(number(0, 86_400), usual)(given, fail);

const OPTIONS = members({
  // Compared to the letter.
  issuer: (given, fail) => address(given, fail) && String(given),
  tokenEndpoint: optional(address),
  client,
  targets(given, fail) {
    const targets = tableOf(target)(given, fail);
    return targets.length > 0 ? targets : fail("is empty");
  },
  shared: optional(
    members({
      store: having<KeyValue>("a store with get and put", "get", "put"),
      keys: listOf(secret, 1),
    }),
  ),
  size: optional(number(1, 1_000_000), 1_000),
  timeout: optional(number(1, 60_000), 5_000),
  leeway: seconds(60),
  jitter: seconds(10),
  fetch: optional(callable<NonNullable<ServiceOptions["fetch"]>>(), (input, init) =>
    globalThis.fetch(input, init),
  ),
  transport: optional(callable<NonNullable<ServiceOptions["transport"]>>()),
  clock: optional(callable<NonNullable<ServiceOptions["clock"]>>(), () => Date.now()),
  onEvent: optional(callable<NonNullable<ServiceOptions["onEvent"]>>()),
} satisfies Record<keyof ServiceOptions, Check<unknown>>);

const invalid: Invalid = (option, problem) =>
  new ServiceTokenError("config_invalid", {}, `\`${option}\` ${problem}.`);

export type Settings = ReturnType<typeof readOptions>;

/** All times in milliseconds. */
export function readOptions(given: ServiceOptions) {
  const options = read(OPTIONS, given, invalid);
  return { ...options, ...options.client(options.clock) };
}
