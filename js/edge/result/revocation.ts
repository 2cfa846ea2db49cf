// Revocation by token, session and user. Tokens are named by `jti`, never by their text: an ECDSA
// signature has a valid twin, so one token has two texts.

import { digestOf } from "../keys/stores.js";
import { invalidOption } from "../options/invalid.js";
import { ownMembers } from "../options/own.js";
import { functionIfGiven, integer, number, readMembers } from "../options/read.js";
import type {
  KeyValue,
  RevocationStore,
  RevocationSubject,
  Revoker,
} from "../options/store-types.js";

/** The names under which a token, a session or a user stands revoked. */
const names = {
  token: (issuer: string, jti: string) => JSON.stringify(["token", issuer, jti]),
  session: (issuer: string, sid: string) => JSON.stringify(["session", issuer, sid]),
  user: (issuer: string, sub: string) => JSON.stringify(["user", issuer, sub]),
};

/** Moments in seconds since the epoch. */
export interface Entry {
  /** When it was made. Of a user's tokens those issued up to then are refused. */
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

export function revocationOver(entries: Entries, clock: () => number): RevocationStore & Revoker {
  const now = () => clock() / 1000;
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
      // Without `iat` nobody can say that the token is newer. A second is cut off as a whole, for
      // most authorities write no fractions.
      return user !== null && !(iat !== null && Math.floor(iat) > user.made);
    },
    async revokeToken(issuer, jti, expiresAt) {
      const made = now();
      const until = Math.max(made, moment("expiresAt", expiresAt)) + MOST_SLACK;
      await entries.put(names.token(text("issuer", issuer), text("jti", jti)), { made, until });
    },
    async revokeSession(issuer, sid, ttlSeconds) {
      const made = now();
      const until = made + lifetime(ttlSeconds);
      await entries.put(names.session(text("issuer", issuer), text("sid", sid)), { made, until });
    },
    async revokeUser(issuer, sub, ttlSeconds, issuedUpTo) {
      const made = issuedUpTo === undefined ? now() : moment("issuedUpTo", issuedUpTo);
      const until = now() + lifetime(ttlSeconds);
      await entries.put(names.user(text("issuer", issuer), text("sub", sub)), { made, until });
    },
  };
}

/** Seconds: the most slack on `exp` that a verifier can have. A revocation has to outlive it. */
const MOST_SLACK = 600;

function text(option: string, given: unknown): string {
  if (typeof given !== "string" || given === "")
    throw invalidOption(option, "must be a text that is not empty");
  return given;
}

function moment(option: string, given: unknown): number {
  if (typeof given !== "number" || !Number.isFinite(given) || given < 0)
    throw invalidOption(option, "must be a finite number of seconds since the epoch");
  return given;
}

function lifetime(given: unknown): number {
  if (typeof given !== "number" || !Number.isFinite(given) || given <= 0)
    throw invalidOption("ttlSeconds", "must be a finite number of seconds above zero");
  return given;
}

/**
 * Of two revocations under one name the later cut-off, for as long as the longer of the two stands:
 * neither ends before its time, nor cuts off less.
 */
function lasting(entry: Entry, other: Entry | null): Entry {
  if (other === null || Number.isNaN(other.made)) return entry;
  return {
    made: Math.max(entry.made, other.made),
    until: Math.max(entry.until, other.until),
  };
}

/** Answers of the store that one isolate remembers at most. */
const MOST_REMEMBERED = 10_000;
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

/** Puts an entry last; the first goes when there are too many. */
export function putNewest<T>(entries: Map<string, T>, name: string, entry: T): void {
  entries.delete(name);
  entries.set(name, entry);
  const oldest = entries.keys().next();
  if (entries.size > MOST_REMEMBERED && oldest.done !== true) entries.delete(oldest.value);
}

export function clockOf(given: (() => number) | undefined): () => number {
  functionIfGiven("clock", given);
  return given ?? (() => Date.now());
}

export function entryOf(text: string | null): Entry | null {
  if (text === null) return null;
  try {
    const { made, until } = ownMembers(JSON.parse(text) as Partial<Entry>, ["made", "until"]);
    return { made: Number(made), until: Number(until) };
  } catch {
    return { made: Number.NaN, until: Number.NaN };
  }
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
