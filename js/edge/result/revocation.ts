// Revocation by token, session and user. Tokens are named by `jti`, never by their text: an ECDSA
// signature has a twin, and a second spelling of a token would slip past its hash (so base64url is
// taken in its one canonical form as well).

import { digestOf } from "../keys/stores.js";
import type {
  KeyValue,
  RevocationStore,
  RevocationSubject,
  Revoker,
} from "../options/store-types.js";

/** Under which names a subject may stand revoked. */
const names = {
  token: (issuer: string, jti: string) => JSON.stringify(["token", issuer, jti]),
  session: (issuer: string, sid: string) => JSON.stringify(["session", issuer, sid]),
  user: (issuer: string, sub: string) => JSON.stringify(["user", issuer, sub]),
};

/** Moments in seconds since the epoch. */
interface Entry {
  /** When it was made; of a user's tokens those issued up to then are refused. */
  readonly made: number;
  /** How long it stands. */
  readonly until: number;
}

interface Entries {
  /**
   * The entry, or null. One that can't be read says that something stands revoked, and not since
   * when.
   */
  get(name: string): Entry | null | Promise<Entry | null>;
  put(name: string, entry: Entry): void | Promise<void>;
}

function revocationOver(entries: Entries, clock: () => number): RevocationStore & Revoker {
  const now = () => clock() / 1000;
  const revoke = async (
    kind: keyof typeof names,
    issuer: string,
    name: string,
    lifetime: number,
  ) => {
    if (typeof issuer !== "string" || typeof name !== "string")
      throw new TypeError(`What names a ${kind} must be a text.`);
    if (typeof lifetime !== "number" || !Number.isFinite(lifetime) || lifetime <= 0)
      throw new RangeError(`The revocation of a ${kind} needs a finite time to stand.`);
    const made = now();
    await entries.put(names[kind](issuer, name), { made, until: made + lifetime });
  };
  return {
    async isRevoked({ issuer, jti, sid, sub, iat }: RevocationSubject) {
      const entry = async (kind: keyof typeof names, name: string | null) =>
        name === null ? null : entries.get(names[kind](issuer, name));
      const [token, session, user] = await Promise.all([
        entry("token", jti),
        entry("session", sid),
        entry("user", sub),
      ]);
      if (token !== null || session !== null) return true;
      // Without `iat` nobody can say that the token is newer.
      return user !== null && !(iat !== null && iat > user.made);
    },
    // Slack on `exp` can be ten minutes; the entry has to outlive it.
    revokeToken: async (issuer, jti, expiresAt) =>
      revoke(
        "token",
        issuer,
        jti,
        typeof expiresAt === "number" ? Math.max(0, expiresAt - now()) + 600 : Number.NaN,
      ),
    revokeSession: (issuer, sid, ttlSeconds) => revoke("session", issuer, sid, ttlSeconds),
    revokeUser: (issuer, sub, ttlSeconds) => revoke("user", issuer, sub, ttlSeconds),
  };
}

/** A second revocation never ends before the first. */
function lasting(entry: Entry, before: Entry | null): Entry {
  return before !== null && before.until > entry.until
    ? { made: entry.made, until: before.until }
    : entry;
}

/** Answers of the store that one isolate remembers at most. */
const MOST_REMEMBERED = 10_000;
/**
 * Seconds that KV takes at most to tell all places of a write; also the shortest time that it keeps
 * anything.
 */
const KV_DELAY = 60;

/**
 * Revocations in KV with a TTL, and an isolate-local memory of answers (`cacheTtl` seconds, default
 * 30, 0 for none).
 */
export function kvRevocation(
  kv: KeyValue,
  {
    prefix = "tokenkeep:revoked:",
    cacheTtl = 30,
    clock = () => Date.now(),
  }: { prefix?: string; cacheTtl?: number; clock?: () => number } = {},
): RevocationStore & Revoker {
  const remembered = new Map<
    string,
    { readonly entry: Entry | null; readonly from: number; readonly until: number }
  >();
  // However long the names are, KV's keys are short.
  const keyOf = async (name: string) => prefix + (await digestOf([name]));
  const remember = (name: string, entry: Entry | null, seconds: number) => {
    if (cacheTtl <= 0) return;
    const from = clock();
    remembered.delete(name);
    remembered.set(name, { entry, from, until: from + seconds * 1000 });
    const oldest = remembered.keys().next();
    if (remembered.size > MOST_REMEMBERED && oldest.done !== true) remembered.delete(oldest.value);
  };
  const read = async (name: string) => entryOf(await kv.get(await keyOf(name)));
  return revocationOver(
    {
      async get(name) {
        const known = remembered.get(name);
        const now = clock();
        if (known !== undefined && now >= known.from && now < known.until) return known.entry;
        const found = await read(name);
        const newer = remembered.get(name);
        // Revoked while KV was asked: what it said is older.
        if (newer !== undefined && newer !== known) return newer.entry;
        remember(name, found, cacheTtl);
        return found;
      },
      async put(name, given) {
        const entry = lasting(given, await read(name));
        await kv.put(await keyOf(name), JSON.stringify(entry), {
          expirationTtl: Math.max(KV_DELAY, Math.ceil(entry.until - entry.made)),
        });
        remember(name, entry, Math.max(cacheTtl, KV_DELAY));
      },
    },
    clock,
  );
}

function entryOf(text: string | null): Entry | null {
  if (text === null) return null;
  try {
    const { made, until } = JSON.parse(text) as Partial<Entry>;
    return { made: Number(made), until: Number(until) };
  } catch {
    return { made: Number.NaN, until: Number.NaN };
  }
}

/**
 * Past `max` entries (default 100 000) only expired ones are dropped; if none is, revoking throws:
 * it never forgets silently.
 */
export function memoryRevocation({
  max = 100_000,
  clock = () => Date.now(),
}: {
  max?: number;
  clock?: () => number;
} = {}): RevocationStore & Revoker {
  const entries = new Map<string, Entry>();
  const stands = ({ until }: Entry) => clock() < until * 1000;
  return revocationOver(
    {
      get(name) {
        const entry = entries.get(name);
        return entry !== undefined && stands(entry) ? entry : null;
      },
      put(name, given) {
        if (!entries.has(name) && entries.size >= max) {
          for (const [other, entry] of entries) if (!stands(entry)) entries.delete(other);
          if (entries.size >= max) throw new RangeError("The memory of revocations is full.");
        }
        entries.set(name, lasting(given, entries.get(name) ?? null));
      },
    },
    clock,
  );
}
