// What Workers KV offers of itself, in memory: for the tests of stores and revocation.

import type { KeyValue } from "../edge/options/store-types.js";

/** The least seconds that Workers KV keeps a value. */
const LEAST_TTL = 60;

/** A namespace of Workers KV that a test can look into. */
export interface MemoryKv extends KeyValue {
  /** The keys whose values have not expired. */
  keys(): readonly string[];
}

/**
 * A namespace of Workers KV in memory. Values expire by `clock` (milliseconds since the epoch,
 * default `Date.now`). Like KV it refuses to keep a value for less than a minute.
 *
 * ```ts
 * let now = Date.now();
 * const revocation = kvRevocation(memoryKv({ clock: () => now }), { clock: () => now });
 * now += 3_600_000;
 * ```
 */
export function memoryKv(options: { clock?: () => number } = {}): MemoryKv {
  const { clock = Date.now } = options;
  const entries = new Map<string, { readonly value: string; readonly until: number }>();
  const living = (key: string) => {
    const entry = entries.get(key);
    return entry !== undefined && clock() < entry.until ? entry : null;
  };
  return {
    get: async (key) => living(key)?.value ?? null,
    async put(key, value, { expirationTtl } = {}) {
      if (expirationTtl !== undefined && !(expirationTtl >= LEAST_TTL))
        throw new RangeError(`KV keeps a value for ${LEAST_TTL} seconds or longer.`);
      const until = expirationTtl === undefined ? Infinity : clock() + expirationTtl * 1000;
      entries.set(key, { value, until });
    },
    delete: async (key) => void entries.delete(key),
    keys: () => [...entries.keys()].filter((key) => living(key) !== null),
  };
}
