// Revocations in Workers KV, and in the memory of one process.

import { digestOf } from "../keys/stores.js";
import { invalidOption } from "../options/invalid.js";
import { integer, methodsIn, number, readMembers } from "../options/read.js";
import type { KeyValue, RevocationStore, Revoker } from "../options/store-types.js";
import { clockOf, type Entry, entryOf, lasting, putNewest, revocationOver } from "./revoked.js";

/**
 * Seconds that KV takes at most to tell all places of a write; also the shortest time that it keeps
 * anything.
 */
const KV_DELAY = 60;

const KNOWN_OF_KV: readonly string[] = ["prefix", "cacheTtl", "clock"];
const KNOWN_OF_MEMORY: readonly string[] = ["max", "clock"];

/**
 * Revocations in KV with a TTL, and an isolate-local memory of answers (`cacheTtl` seconds, default
 * 30, 0 for none).
 */
export function kvRevocation(
  kv: KeyValue,
  options: { prefix?: string; cacheTtl?: number; clock?: () => number } = {},
): RevocationStore & Revoker {
  const given = readMembers("options", options, KNOWN_OF_KV);
  const { prefix = "tokenkeep:revoked:" } = given;
  if (typeof prefix !== "string") throw invalidOption("prefix", "must be a text");
  methodsIn("kv", kv, "get", "put");
  const cacheTtl = number("cacheTtl", given.cacheTtl, 30, 0, Number.MAX_SAFE_INTEGER);
  const clock = clockOf(given.clock);
  const remembered = new Map<
    string,
    { readonly entry: Entry | null; readonly from: number; readonly until: number }
  >();
  /** What this isolate has written: KV may go on answering what stood there before. */
  const written = new Map<string, Entry>();
  // However long the names are, KV's keys are short.
  const keyOf = async (name: string) => prefix + (await digestOf([name]));
  const remember = (name: string, entry: Entry | null, seconds: number) => {
    if (cacheTtl <= 0) return;
    const from = clock();
    putNewest(remembered, name, { entry, from, until: from + seconds * 1000 });
  };
  const read = async (name: string) => entryOf(await kv.get(await keyOf(name)));
  const writtenOf = (name: string) => {
    const entry = written.get(name);
    return entry !== undefined && clock() < entry.until * 1000 ? entry : null;
  };
  return revocationOver(
    {
      async get(name) {
        const known = remembered.get(name);
        const now = clock();
        if (known !== undefined && now >= known.from && now < known.until) return known.entry;
        const found = await read(name);
        const newer = remembered.get(name);
        // Revoked while KV was asked, or asked twice: what stands revoked for one stands revoked.
        if (newer !== undefined && newer !== known && newer.entry !== null)
          return found === null ? newer.entry : lasting(newer.entry, found);
        const own = writtenOf(name);
        const entry = found === null ? own : lasting(found, own);
        remember(name, entry, cacheTtl);
        return entry;
      },
      async put(name, given) {
        // At once, so that another revocation that is under way knows of this one.
        putNewest(written, name, lasting(given, writtenOf(name)));
        const found = await read(name);
        const entry = lasting(lasting(given, writtenOf(name)), found);
        putNewest(written, name, entry);
        await kv.put(await keyOf(name), JSON.stringify(entry), {
          expirationTtl: Math.max(KV_DELAY, Math.ceil(entry.until - clock() / 1000)),
        });
        remember(name, lasting(entry, writtenOf(name)), Math.max(cacheTtl, KV_DELAY));
      },
    },
    clock,
  );
}

/**
 * Past `max` entries (default 100 000) only expired ones are dropped; if none is, revoking throws:
 * it never forgets silently.
 */
export function memoryRevocation(
  options: { max?: number; clock?: () => number } = {},
): RevocationStore & Revoker {
  const given = readMembers("options", options, KNOWN_OF_MEMORY);
  const max = integer("max", given.max, 100_000, 1, Number.MAX_SAFE_INTEGER);
  const clock = clockOf(given.clock);
  const entries = new Map<string, Entry>();
  const standing = (name: string) => {
    const entry = entries.get(name);
    return entry !== undefined && stands(entry) ? entry : null;
  };
  const stands = ({ until }: Entry) => clock() < until * 1000;
  return revocationOver(
    {
      get: standing,
      put(name, given) {
        if (!entries.has(name) && entries.size >= max) {
          for (const [other, entry] of entries) if (!stands(entry)) entries.delete(other);
          if (entries.size >= max) throw new RangeError("The memory of revocations is full.");
        }
        entries.set(name, lasting(given, standing(name)));
      },
    },
    clock,
  );
}
