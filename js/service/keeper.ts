// Keeps tokens: what is awaited about them. entry.ts decides. On Workers a promise belongs to the
// request that made it, so only settled values pass between requests: a caller stamps the entry
// before it calls, and another one that finds a young stamp looks again after a while.

import { loadStore, loadUsers } from "../chunks.js";
import { keepAlive } from "../edge/keys/scope.js";
import { isPromise } from "../edge/options/own.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import {
  backoff,
  decide,
  dueAfter,
  type Entry,
  type Held,
  type Hold,
  lifetimeOf,
  newEntry,
} from "./entry.js";
import { ServiceTokenError } from "./error.js";
import { grantsOf } from "./grants.js";
import type { Settings, TargetSettings } from "./options.js";
import type { SharedToken, SharedTokens } from "./shared.js";
import type { ServiceEvent } from "./types.js";
import type { User, Users, UsersWish } from "./users.js";

/** Who asks for tokens: all callers of a process, or those within one request. */
export interface Party {
  readonly context: ExecutionContextLike | null;
  /**
   * The attempts under way, which its callers share. Null where no promise may be shared, and no
   * work goes on once its caller has its answer.
   */
  readonly calls: Map<Entry, Promise<Held>> | null;
}

/** One caller's wish for a token. */
interface Wish extends UsersWish {
  readonly target: TargetSettings;
  readonly party: Party;
  /** Shares it with other isolates, if the options say so. */
  readonly isOwn: boolean;
}

/** What a call of one caller to one origin needs. */
export interface Lender {
  /** A token that is alive: at once if it is there. */
  take(): Held | Promise<Held>;
  /** Another token than the one that an API refused; null for none. */
  renewed(refused: Held): Promise<Held | null>;
  /** Tells that an API refuses a token that has only just come. */
  rejected(refused: Held): Promise<void>;
}

/** A token that is refused when it is younger than this is not renewed: it is not its age. */
const FRESH = 10_000;
/** How long a refusal is remembered. */
const REFUSAL = 30_000;

/** Clocks and chance, which the tests bring along. */
export interface Nature {
  /** Milliseconds; never set by anybody, where there is such a clock. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export function keeperOf(settings: Settings, { now, random }: Nature) {
  const { client, clock, jitter, leeway, onEvent, shared, targets, timeout } = settings;
  const grants = grantsOf(settings, now);
  const own = new Map(Array.from(targets.values(), (target) => [target, newEntry()]));
  let store: SharedTokens | undefined;
  let users: Users | undefined;
  let closed = false;

  const stopIfClosed = () => {
    if (closed) throw new ServiceTokenError("closed");
  };

  const take = (wish: Wish, refused?: Held, began = now()): Held | Promise<Held> => {
    stopIfClosed();
    const { entry, party } = wish;
    const { hold } = entry;
    const held = entry.held === refused ? null : entry.held;
    const decision = decide({ held, hold }, grants.pause(), now(), random);
    if (typeof decision === "object") throw remembered(decision, now());
    if (held !== null && decision === "use") return held;
    if (held !== null && decision === "use-and-renew") {
      const renewal = call(wish);
      // Where nothing keeps it alive, this caller waits for it.
      return party.calls ? held : renewal.catch(() => held);
    }
    const isOther = typeof decision === "number" && !party.calls?.has(entry);
    if (!isOther || now() - began >= timeout) return call(wish);
    const later = new Promise((resolve) => setTimeout(resolve, decision));
    return later.then(() => take(wish, refused, began));
  };

  /** The attempt that is under way for these callers, or a new one. */
  const call = (wish: Wish): Promise<Held> => {
    const { entry, party } = wish;
    const { calls, context } = party;
    const known = calls?.get(entry);
    if (known) return known;
    // Before anything is awaited: others see that somebody asks.
    const hold = { at: now(), wait: timeout, error: null };
    entry.hold = hold;
    entry.generation += 1;
    const work = attempt(wish, hold, entry.generation).finally(() => calls?.delete(entry));
    calls?.set(entry, work);
    keepAlive(context, work);
    return work;
  };

  const attempt = async (wish: Wish, hold: Hold, generation: number): Promise<Held> => {
    const { entry, target, party, isOwn } = wish;
    const { held: before } = entry;
    const told = (type: ServiceEvent["type"], code: ServiceEvent["code"] = null) =>
      tell(type, wish, generation, now() - hold.at, code);
    const heldOf = ({ token, lifetime, obtainedAt }: SharedToken): Held => ({
      token,
      lifetime,
      obtainedAt,
      generation,
      receivedAt: now() - (clock() - obtainedAt),
      dueAfter: dueAfter(lifetime, { leeway, jitter }, random),
    });
    const keep = (type: ServiceEvent["type"], held: Held) => {
      stopIfClosed();
      // A later attempt may have ended before this one.
      if ((entry.held?.generation ?? 0) < generation) entry.held = held;
      if (entry.hold === hold) entry.hold = null;
      entry.troubles = 0;
      told(type);
      return held;
    };
    try {
      const sharing =
        shared && isOwn && (store ??= (await loadStore()).sharedTokens(settings, shared));
      const found = sharing && (await sharing.read(target));
      // The store may lag, and have the very token that an API refused.
      if (found && found.obtainedAt > (before?.obtainedAt ?? 0)) {
        const held = heldOf(found);
        if (now() - held.receivedAt < held.dueAfter) return keep("shared", held);
      }
      const actor = !isOwn && target.actor ? await take(ownOf(target, party)) : undefined;
      const { access_token: token, expires_in } = await wish.grant(actor?.token);
      const obtainedAt = clock();
      const lifetime = Math.min(lifetimeOf(expires_in, lifetimeIn(token)), wish.until - obtainedAt);
      const held = heldOf({ token, lifetime, obtainedAt });
      keep(before === null ? "granted" : "renewed", held);
      const written = sharing ? sharing.write(target, held) : undefined;
      if (!party.calls) await written;
      else if (written) keepAlive(party.context, written);
      return held;
    } catch (thrown) {
      const error = failed(wish, hold, thrown);
      told("failed", error.code);
      throw error;
    }
  };

  /** Remembers a failure, unless a later attempt knows better. */
  const failed = ({ entry }: Wish, hold: Hold, thrown: unknown): ServiceTokenError => {
    // What else was thrown is of a function of the options. Its text may hold a token.
    const error = thrown instanceof ServiceTokenError ? thrown : new ServiceTokenError();
    const { code, retryable, retryAfter = 0 } = error;
    if (entry.hold !== hold || code === "closed") return error;
    entry.troubles = retryable ? entry.troubles + 1 : 0;
    // Nothing but another token of the user mends these.
    const isForGood =
      code === "exchange_refused" && /^invalid_(grant|request)$/.test(error.error ?? "");
    const refusal = isForGood ? Infinity : REFUSAL;
    const wait = retryable ? Math.max(retryAfter * 1000, backoff(entry.troubles)) : refusal;
    entry.hold = { at: now(), wait, error };
    return remembered(entry.hold, now());
  };

  const ownOf = (target: TargetSettings, party: Party): Wish => ({
    entry: own.get(target) as Entry,
    target,
    party,
    isOwn: true,
    until: Infinity,
    grant: () => grants.ask("client_credentials", target.parameters, "token_refused"),
  });

  /** What `onEvent` throws changes nothing. */
  const tell = (
    type: ServiceEvent["type"],
    { entry, target }: Wish,
    generation: number,
    ms: number,
    code: ServiceEvent["code"] = null,
  ) => {
    const { subject } = entry;
    const actor = client.client_id;
    const event = { type, target: target.origin, subject, actor, generation, ms, code };
    (async () => onEvent?.(event))().catch(() => undefined);
  };

  return {
    lend(target: TargetSettings, user: User | null, party: Party): Lender {
      let made: Promise<Wish> | undefined;
      const load = async (user: User): Promise<Wish> => {
        users ??= (await loadUsers()).usersOf(settings, now, grants, ServiceTokenError);
        return { ...(await users.wishFor(target, user)), target, party, isOwn: false };
      };
      const wish = () => (user === null ? ownOf(target, party) : (made ??= load(user)));
      const rejected = async ({ generation }: Held) =>
        tell("rejected-fresh-token", await wish(), generation, 0);
      return {
        take() {
          const one = wish();
          return isPromise(one) ? one.then((known) => take(known)) : take(one);
        },
        async renewed(refused) {
          const one = await wish();
          const { held } = one.entry;
          if ((held ?? refused) === refused && now() - refused.receivedAt < FRESH)
            return rejected(refused).then(() => null);
          try {
            return await take(one, refused);
          } catch {
            return null;
          }
        },
        rejected,
      };
    },
    /** Forgets all. */
    close() {
      closed = true;
      for (const entry of own.values()) entry.held = null;
      users?.forget();
    },
  };
}

/** The error for a failure that is remembered. */
function remembered({ error, at, wait }: Hold, now: number): ServiceTokenError {
  const retryAfter = Math.max(1, Math.ceil((at + wait - now) / 1000));
  const { code, message, retryable } = error as ServiceTokenError;
  return new ServiceTokenError(code, { ...error, ...(retryable && { retryAfter }) }, message);
}

/** Seconds from `iat` to `exp` of a token that is a JWT; null where it does not tell. */
function lifetimeIn(token: string): number | null {
  try {
    const [, payload = ""] = token.split(".");
    const { exp, iat } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return exp - iat;
  } catch {
    return null;
  }
}
