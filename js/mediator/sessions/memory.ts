// Sessions in the memory of one process: for development, tests, and servers of one process whose
// users may sign in again when it starts anew.

import { invalidOption } from "../error.js";
import type { SessionRecord, SessionStore } from "../store-types.js";

/**
 * Sessions in the memory of this process. They are gone when it ends.
 *
 * @param options.max sessions at most, default 100 000: past it nobody can sign in, and nobody is
 *   forgotten
 */
export function memorySessions(options: { max?: number } = {}): SessionStore {
  const { max = 100_000 } = options;
  if (!Number.isInteger(max) || max < 1) throw invalidOption("max", "must be a whole number");
  const records = new Map<string, SessionRecord>();
  const living = (key: string) => {
    const record = records.get(key);
    if (record === undefined || record.expiresAt > Date.now()) return record;
    records.delete(key);
    return undefined;
  };
  return {
    async create(key, record) {
      if (records.size >= max) for (const old of records.keys()) living(old);
      if (records.size >= max) throw new Error("There are as many sessions as may be.");
      records.set(key, { ...record });
    },
    async read(key) {
      const record = living(key);
      return record === undefined ? null : { ...record };
    },
    async replace(key, version, record) {
      if (living(key)?.version !== version) return false;
      records.set(key, { ...record });
      return true;
    },
    async delete(key) {
      records.delete(key);
    },
    async deleteNamed(name, startedUpTo = Number.POSITIVE_INFINITY) {
      let count = 0;
      for (const [key, { names, startedAt }] of records)
        if (names.includes(name) && startedAt <= startedUpTo && records.delete(key)) count += 1;
      return count;
    },
  };
}
