// Revocation by token, session and user, over whatever keeps the entries. Tokens are named by
// `jti`, never by their text: an ECDSA signature has a valid twin, so one token has two texts.

import { invalidOption, reading } from "../options/invalid.js";
import { ownMembers } from "../options/own.js";
import { functionIfGiven } from "../options/read.js";
import type { RevocationStore, RevocationSubject, Revoker } from "../options/store-types.js";

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

export interface Entries {
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
    async isRevoked(subject: RevocationSubject) {
      const { asked, issued } = reading("subject", () => {
        const { issuer, jti, sid, sub, iat } = subject;
        const named = (kind: keyof typeof names, name: string | null) =>
          name === null ? null : names[kind](issuer, name);
        return {
          asked: [named("token", jti), named("session", sid), named("user", sub)],
          issued: typeof iat === "number" ? Math.floor(iat) : Number.NEGATIVE_INFINITY,
        };
      });
      const [token, session, user = null] = await Promise.all(
        asked.map(async (name) => (name === null ? null : entries.get(name))),
      );
      if (token !== null || session !== null) return true;
      // Without `iat` nobody can say that the token is newer. A second is cut off as a whole, for
      // most authorities write no fractions.
      return user !== null && !(issued > user.made);
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
export function lasting(entry: Entry, other: Entry | null): Entry {
  if (other === null || Number.isNaN(other.made)) return entry;
  return {
    made: Math.max(entry.made, other.made),
    until: Math.max(entry.until, other.until),
  };
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

export function clockOf(given: (() => number) | undefined): () => number {
  functionIfGiven("clock", given);
  return given ?? (() => Date.now());
}

/** Answers of the store that one isolate remembers at most. */
const MOST_REMEMBERED = 10_000;
/** Puts an entry last; the first goes when there are too many. */
export function putNewest<T>(entries: Map<string, T>, name: string, entry: T): void {
  entries.delete(name);
  entries.set(name, entry);
  const oldest = entries.keys().next();
  if (entries.size > MOST_REMEMBERED && oldest.done !== true) entries.delete(oldest.value);
}
