// Sessions in a store. The cookie is a random text that never changes while the session lives: a
// refresh sets no cookie, and a late answer has nothing to overwrite. The store's key is its hash,
// and the record is sealed under the text and the secret together.
//
// Of all requests that want a new token at once, in whatever process, one takes the lease by
// compare-and-set and asks the provider; the others wait for what it stores. The provider's answer
// is stored before anybody is answered: a browser that has left costs nothing.

import { keepAlive } from "../../edge/keys/scope.js";
import { having, listOf, members, read, secret } from "../../shared/options.js";
import { digestOf, randomText } from "../../shared/sealing.js";
import { tokenAnswer, unavailable } from "../answers.js";
import type { Sent } from "../cookies.js";
import { invalidOption } from "../error.js";
import type { Renewable } from "../renewal.js";
import type { Held, LiveSessions, LiveSessionsMaker } from "../sessions.js";
import type { About, Setup } from "../setup.js";
import type { SessionRecord, SessionStore } from "../store-types.js";
import type { Secrets, Sessions } from "../types.js";

/** What a store has to do. */
const METHODS = ["create", "read", "replace", "delete", "deleteNamed"];
/** Milliseconds that a lease is longer than the call it guards. */
const LEASE_MARGIN = 5_000;
/** Milliseconds of a token's life without which it is not handed out again, or half its life. */
const LEAST_LEFT = 30_000;
/** How often what the provider gave is written, if the store fails. */
const WRITES = 3;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Sessions in a store: `memorySessions`, `d1Sessions`, `durableSessions`, `redisSessions` of
 * `tokenkeep/redis`, or one of your own. It serves every provider, also those whose refresh tokens
 * work once.
 *
 * @throws {MediatorError} config_invalid
 */
export function storedSessions(store: SessionStore, options: { keys: Secrets }): Sessions {
  const what = `a store with ${METHODS.join(", ")}. Workers KV is none: it is not consistent enough`;
  read(members({ store: having(what, ...METHODS) }), { store }, invalidOption);
  const { keys } = read(members({ keys: listOf(secret, 1) }), options, invalidOption);
  const sessions: LiveSessionsMaker = {
    kind: "stored",
    secrets: keys,
    knowsUse: true,
    open: (setup) => sessionsIn(store, setup),
  };
  return sessions;
}

function sessionsIn(store: SessionStore, setup: Setup): LiveSessions {
  const { idle, absolute, reuse, timeout, clock, provider, report, cookies, sealing } = setup;
  const { limited, over, renew, revokedOf } = setup;
  const cookie = cookies.session();

  /** The place of the session of this id, which is the cookie. */
  const placeOf = async (id: string) => {
    const key = await digestOf(id);
    return {
      key,
      /** What is in the store; null where nothing is, or a secret that is gone sealed it. */
      async read() {
        const record = await store.read(key);
        if (record === null || record.expiresAt <= clock()) return null;
        const held = await sealing.open<Held>(record.sealed, "session", key, id);
        return held && { record, held };
      },
      seal: (held: Held) => sealing.seal(held, "session", key, id),
    };
  };
  type Place = Awaited<ReturnType<typeof placeOf>>;
  const placeIn = async (sent: Sent) => {
    const id = cookie.in(sent);
    return /^[\w-]{43}$/.test(id) ? placeOf(id) : null;
  };

  /** When a session ends if nobody uses it from now on. */
  const expiryOf = ({ startedAt }: Held) => Math.min(clock() + idle, startedAt + absolute);

  /** The answer with the token that is held; null where it is not to be handed out again. */
  const repeat = ({ accessToken, expiresIn, obtainedAt, refreshToken }: Held) => {
    const age = clock() - obtainedAt;
    const life = (expiresIn ?? Number.POSITIVE_INFINITY) * 1000;
    const left = life - age;
    const isGood =
      refreshToken === null
        ? left > 0
        : age >= 0 && age < reuse && left >= Math.min(LEAST_LEFT, life / 2);
    return isGood ? tokenAnswer(accessToken, expiresIn && Math.floor(left / 1000)) : null;
  };

  /** Renews a session whose lease is ours. Null: somebody else has changed it meanwhile. */
  const renewLeased = async (
    { key, seal }: Place,
    leased: SessionRecord,
    held: Renewable,
    about: About,
  ): Promise<Response | null> => {
    const { held: next, wait, answer, event, code } = await renew(held, about);
    const record: SessionRecord = {
      ...leased,
      version: leased.version + 1,
      sealed: next === null ? leased.sealed : await seal(next),
      lease: null,
      retryAt: wait === undefined ? null : clock() + wait * 1000,
      // An end is a change too, so that what somebody else has stored since stays.
      expiresAt: next === null ? clock() : expiryOf(next),
    };
    if (!(await persist(key, leased.version, record))) {
      // It ended meanwhile, and nothing revives it; or the lease ended, and somebody took it over.
      if (next !== null && (await store.read(key)) === null)
        await provider.revoke(next.refreshToken, about);
      return null;
    }
    if (next === null) await store.delete(key);
    report(event, { ...about, code });
    return answer;
  };

  const persist = async (key: string, version: number, record: SessionRecord) => {
    for (let write = 1; ; write += 1) {
      try {
        return await store.replace(key, version, record);
      } catch (error) {
        if (write === WRITES) throw error;
        await pause(100 * write);
      }
    }
  };

  const keyOf = async (sent: Sent) => (await placeIn(sent))?.key ?? null;

  return {
    keyOf,
    areCookies: false,

    async begin(held, sent, replaces) {
      const id = randomText();
      const { key, seal } = await placeOf(id);
      const { subject, sid, startedAt } = held;
      const named = [sealing.names("sub", subject), ...(sid ? [sealing.names("sid", sid)] : [])];
      await store.create(key, {
        version: 1,
        sealed: await seal(held),
        lease: null,
        retryAt: null,
        names: (await Promise.all(named)).map(([name = ""]) => name),
        startedAt,
        expiresAt: expiryOf(held),
      });
      // A Strict cookie comes along where the provider asked the user nothing.
      for (const old of new Set([replaces, await keyOf(sent)]))
        if (old !== null) await store.delete(old).catch(() => undefined);
      return { key, cookies: [cookie.set(id, absolute / 1000)] };
    },

    async refresh(sent, context) {
      const place = await placeIn(sent);
      if (place === null) return over();
      const { key } = place;
      const refused = limited(key);
      if (refused !== null) return refused;
      const since = performance.now();
      for (;;) {
        const found = await place.read();
        if (found === null) {
          report("refused", { key });
          return over();
        }
        const { record, held } = found;
        const { refreshToken, subject } = held;
        const about = { key, subject };
        const revoked = await revokedOf(held);
        const repeated = revoked === null ? repeat(held) : null;
        if (repeated !== null) {
          report("repeated", about);
          return repeated;
        }
        if (revoked === "session" || refreshToken === null) {
          await store.delete(key);
          report(revoked === "session" ? "logged-out-elsewhere" : "refused", about);
          return over();
        }
        const now = clock();
        const { version, lease, retryAt } = record;
        if (retryAt !== null && retryAt > now) return unavailable((retryAt - now) / 1000);
        if (lease !== null && lease > now) {
          if (performance.now() - since > timeout) return unavailable(1);
          await pause(100 + Math.random() * 150);
          continue;
        }
        // Not within the lease, which is for one call.
        await provider.metadata();
        const leased = {
          ...record,
          version: version + 1,
          lease: clock() + timeout + LEASE_MARGIN,
        };
        if (!(await store.replace(key, version, leased))) continue;
        const renewing = renewLeased(place, leased, { ...held, refreshToken }, about);
        keepAlive(context, renewing);
        const answer = await renewing;
        if (answer !== null) return answer;
      }
    },

    async end(sent) {
      const place = await placeIn(sent);
      const held = (await place?.read())?.held ?? null;
      if (place) await store.delete(place.key);
      return { cookies: [cookie.set()], held, key: place?.key ?? null };
    },

    async find(sent) {
      return (await (await placeIn(sent))?.read())?.held ?? null;
    },

    /** By all secrets: the name may have been made with an earlier one. */
    async endNamed(kind, value, startedUpTo) {
      let count = 0;
      for (const name of await sealing.names(kind, value))
        count += await store.deleteNamed(name, startedUpTo);
      return count;
    },
  };
}
