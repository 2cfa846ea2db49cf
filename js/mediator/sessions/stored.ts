// `storedSessions`: the option that puts sessions into a store.

import { invalidOption } from "../error.js";
import { type LiveSessionsMaker, readSecrets } from "../sessions.js";
import type { SessionStore } from "../store-types.js";
import type { Secrets, Sessions } from "../types.js";
import { StoredSessions } from "./in-store.js";

const METHODS = ["create", "read", "replace", "delete", "deleteNamed"] as const;

/**
 * Sessions in a store: `memorySessions`, `d1Sessions`, `durableSessions`, `redisSessions` of
 * `tokenkeep/redis`, or one of your own. It serves every provider, also those whose refresh tokens
 * work once.
 *
 * @throws {MediatorError} config_invalid
 */
export function storedSessions(store: SessionStore, options: { keys: Secrets }): Sessions {
  const given = Object(store) as Record<string, unknown>;
  if (typeof given["getWithMetadata"] === "function")
    throw invalidOption(
      "store",
      "must not be Workers KV: it is not consistent enough, and refresh tokens would be used twice",
    );
  const missing = METHODS.find((name) => typeof given[name] !== "function");
  if (missing !== undefined) throw invalidOption("store", `must have a method ${missing}`);
  const secrets = readSecrets(options?.keys);
  const sessions: LiveSessionsMaker = {
    kind: "stored",
    secrets,
    knowsUse: true,
    open: (setup) => new StoredSessions(store, setup),
  };
  return sessions;
}
