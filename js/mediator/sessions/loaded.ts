// A store of which the code is loaded with its first call.

import type { SessionStore } from "../store-types.js";

/** What a store has to do. */
export const METHODS = ["create", "read", "replace", "delete", "deleteNamed"] as const;

export function loadedStore(load: () => Promise<SessionStore>): SessionStore {
  const loaded = (method: keyof SessionStore) => [
    method,
    async (...given: never[]) =>
      ((await load())[method] as (...given: never[]) => unknown)(...given),
  ];
  return Object.fromEntries(METHODS.map(loaded));
}
