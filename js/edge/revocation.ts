// Revocation by token, session and user. Tokens are named by `jti`, never by their text: an ECDSA signature has a twin, and a
// second spelling of a token would slip past its hash (so base64url is taken in its one canonical form as well).

import { digestOf } from "./shared-store.js";
import type { KeyValue, RevocationStore, RevocationSubject, Revoker } from "./store-types.js";

/** Under which names a subject may stand revoked. A user's entry holds the moment up to which tokens are refused, in seconds. */
const names = {
  token: (issuer: string, jti: string) => JSON.stringify(["token", issuer, jti]),
  session: (issuer: string, sid: string) => JSON.stringify(["session", issuer, sid]),
  user: (issuer: string, sub: string) => JSON.stringify(["user", issuer, sub]),
};

interface Entries {
  /** The entry's text, or null. */
  get(name: string): string | null | Promise<string | null>;
  put(name: string, text: string, ttlSeconds: number): void | Promise<void>;
}

function revocationOver(entries: Entries, clock: () => number): RevocationStore & Revoker {
  const now = () => clock() / 1000;
  return {
    async isRevoked({ issuer, jti, sid, sub, iat }: RevocationSubject) {
      const entry = async (name: string | null) => (name === null ? null : entries.get(name));
      const [token, session, user] = await Promise.all([
        entry(jti === null ? null : names.token(issuer, jti)),
        entry(sid === null ? null : names.session(issuer, sid)),
        entry(sub === null ? null : names.user(issuer, sub)),
      ]);
      if (token !== null || session !== null) return true;
      // Without `iat` nobody can say that the token is newer.
      return user !== null && !(iat !== null && iat > Number(user));
    },
    async revokeToken(issuer, jti, expiresAt) {
      // Slack on `exp` can be ten minutes; the entry has to outlive it.
      await entries.put(names.token(issuer, jti), "1", Math.max(0, expiresAt - now()) + 600);
    },
    async revokeSession(issuer, sid, ttlSeconds) {
      await entries.put(names.session(issuer, sid), "1", ttlSeconds);
    },
    async revokeUser(issuer, sub, ttlSeconds) {
      await entries.put(names.user(issuer, sub), String(now()), ttlSeconds);
    },
  };
}

/** Answers of the store that one isolate remembers at most. */
const MOST_REMEMBERED = 10_000;

/** Revocations in KV with a TTL, and an isolate-local memory of answers (`cacheTtl` seconds, default 30, 0 for none). */
export function kvRevocation(
  kv: KeyValue,
  { prefix = "tokenkeep:revoked:", cacheTtl = 30, clock = () => Date.now() }: { prefix?: string; cacheTtl?: number; clock?: () => number } = {},
): RevocationStore & Revoker {
  const remembered = new Map<string, { readonly text: string | null; readonly until: number }>();
  // However long the names are, KV's keys are short.
  const keyOf = async (name: string) => prefix + (await digestOf([name]));
  const remember = (name: string, text: string | null) => {
    if (cacheTtl <= 0) return;
    remembered.delete(name);
    remembered.set(name, { text, until: clock() + cacheTtl * 1000 });
    const oldest = remembered.keys().next();
    if (remembered.size > MOST_REMEMBERED && oldest.done !== true) remembered.delete(oldest.value);
  };
  return revocationOver(
    {
      get(name) {
        const known = remembered.get(name);
        if (known !== undefined && clock() < known.until) return known.text;
        return keyOf(name)
          .then((key) => kv.get(key))
          .then((text) => {
            remember(name, text);
            return text;
          });
      },
      async put(name, text, ttlSeconds) {
        await kv.put(await keyOf(name), text, { expirationTtl: Math.max(60, Math.ceil(ttlSeconds)) });
        remember(name, text);
      },
    },
    clock,
  );
}

/** Past `max` entries (default 100 000) only expired ones are dropped; if none is, revoking throws: it never forgets silently. */
export function memoryRevocation({ max = 100_000, clock = () => Date.now() }: { max?: number; clock?: () => number } = {}): RevocationStore & Revoker {
  const entries = new Map<string, { readonly text: string; readonly until: number }>();
  return revocationOver(
    {
      get(name) {
        const entry = entries.get(name);
        return entry !== undefined && clock() < entry.until ? entry.text : null;
      },
      put(name, text, ttlSeconds) {
        if (!entries.has(name) && entries.size >= max) {
          for (const [other, { until }] of entries) if (until <= clock()) entries.delete(other);
          if (entries.size >= max) throw new RangeError("The memory of revocations is full.");
        }
        // A second revocation never ends before the first.
        const until = Math.max(clock() + ttlSeconds * 1000, entries.get(name)?.until ?? 0);
        entries.set(name, { text, until });
      },
    },
    clock,
  );
}
