// Keeps tokens: what is awaited about them. entry.ts decides. On Workers a promise belongs to the
// request that made it, so only settled values pass between requests: a caller stamps the entry
// before it calls, and another one that finds a young stamp looks again after a while.

import { loadStore, loadUsers } from "../chunks.js";
import { keepAlive } from "../edge/keys/scope.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { EndpointFailure } from "../oauth/ask.js";
import {
  backoff,
  decide,
  dueAfter,
  type Entry,
  type Hold,
  type Issued,
  type Kept,
  newEntry,
} from "./entry.js";
import { ServiceTokenError } from "./error.js";
import { grantsOf } from "./grants.js";
import type { Settings, TargetSettings } from "./options.js";
import type { ServiceEvent } from "./types.js";
import type { User, Users } from "./users.js";

/** Who asks for tokens: all callers of a process, or those within one request. */
export interface Party {
  readonly context: ExecutionContextLike | null;
  /**
   * The attempts under way, which its callers share. Null where no promise may be shared, and no
   * work goes on once its caller has its answer.
   */
  readonly calls: Map<Entry, Promise<Kept>> | null;
}

/** A token that is wanted, and where it comes from. */
export interface Wish {
  readonly entry: Entry;
  obtain(party: Party): Promise<Issued>;
}

/** What a call of one caller to one origin needs. */
export interface Lender {
  /**
   * A token that is alive.
   *
   * @param refused an API refused this one: another is wanted
   */
  take(refused?: Kept): Promise<Kept>;
  /** The latest token of those that `take` gives. */
  latest(): Kept | null;
  /** Tells that an API refuses a token that has only just come. */
  rejected(refused: Kept): void;
  readonly now: Nature["now"];
}

/** Clocks and chance, which the tests bring along. */
export interface Nature {
  /** Milliseconds; never set by anybody, where there is such a clock. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export function keeperOf(settings: Settings, { now, random }: Nature) {
  const { client, clock, onEvent, shared, targets, timeout } = settings;
  const ask = grantsOf(settings, now);
  /** The endpoint asked to be left alone (`Retry-After`): a rule for all tokens. */
  let pause: Hold | null = null;
  let users: Users | undefined;
  let closed = false;

  const stopIfClosed = () => {
    if (closed) throw new ServiceTokenError("closed");
  };

  /** @param refused a token that an API refused: another one is wanted */
  const take = async (wish: Wish, party: Party, refused?: Kept): Promise<Kept> => {
    const { entry } = wish;
    const began = now();
    for (;;) {
      stopIfClosed();
      const { hold } = entry;
      const kept = entry.kept === refused ? null : entry.kept;
      const decision = decide({ kept, hold }, pause, now(), random);
      if (typeof decision === "object") throw remembered(decision);
      if (decision === "use") return kept as Kept;
      if (decision === "renew") {
        const renewal = call(wish, party);
        // Where nothing keeps it alive, this caller waits for it.
        return party.calls ? (kept as Kept) : renewal.catch(() => kept as Kept);
      }
      const isOther = typeof decision === "number" && !party.calls?.has(entry);
      if (!isOther || now() - began >= timeout) return call(wish, party);
      await new Promise((resolve) => setTimeout(resolve, decision));
    }
  };

  /** The attempt that is under way for these callers, or a new one. */
  const call = (wish: Wish, party: Party): Promise<Kept> => {
    const { calls, context } = party;
    const { entry } = wish;
    const known = calls?.get(entry);
    if (known) return known;
    const work = attempt(wish, party).finally(() => calls?.delete(entry));
    calls?.set(entry, work);
    keepAlive(context, work);
    return work;
  };

  const attempt = async ({ entry, obtain }: Wish, party: Party): Promise<Kept> => {
    // Before anything is awaited: others see that somebody asks.
    const hold: Hold = { at: now(), wait: timeout, error: null };
    entry.hold = hold;
    const generation = (entry.generation += 1);
    const granted = entry.kept ? "renewed" : "granted";
    try {
      const issued = await obtain(party);
      stopIfClosed();
      const kept = {
        ...issued,
        generation,
        receivedAt: now() - (clock() - issued.obtainedAt),
        dueAfter: dueAfter(issued.lifetime, settings, random),
      };
      // A later attempt may have ended before this one.
      if ((entry.kept?.generation ?? 0) < generation) entry.kept = kept;
      if (entry.hold === hold) entry.hold = null;
      entry.troubles = 0;
      tell(entry, issued.from ?? granted, generation, now() - hold.at);
      return kept;
    } catch (thrown) {
      const error = failed(entry, hold, thrown);
      tell(entry, "failed", generation, now() - hold.at, error.code);
      throw error;
    }
  };

  /** Remembers a failure, unless a later attempt knows better. */
  const failed = (entry: Entry, hold: Hold, thrown: unknown): ServiceTokenError => {
    const error = errorOf(thrown, entry);
    const { retryable, retryAfter = 0 } = error;
    const holdFor = (wait: number): Hold => ({ at: now(), wait, error });
    const asked = retryAfter * 1000;
    // An error of this class comes from the attempt for an actor's token, which has set the pause.
    if (asked && thrown !== error) pause = holdFor(asked);
    if (entry.hold !== hold) return error;
    entry.troubles = retryable ? entry.troubles + 1 : 0;
    entry.hold = holdFor(retryable ? Math.max(asked, backoff(entry.troubles)) : entry.refusedFor);
    return remembered(entry.hold);
  };

  /** The error for a failure that is remembered. */
  const remembered = ({ error, at, wait }: Hold): ServiceTokenError => {
    const retryAfter = Math.ceil((at + wait - now()) / 1000);
    const { code, message, retryable } = error as ServiceTokenError;
    return new ServiceTokenError(code, { ...error, ...(retryable && { retryAfter }) }, message);
  };

  /** What `onEvent` throws changes nothing. */
  const tell = (
    { subject, target }: Entry,
    type: ServiceEvent["type"],
    generation: number,
    ms = 0,
    code: ServiceEvent["code"] = null,
  ) => {
    const actor = client.client_id;
    const event = { type, target: target.origin, subject, actor, generation, ms, code };
    (async () => onEvent?.(event))().catch(() => undefined);
  };

  const ownOf = (target: TargetSettings): Wish => {
    const entry = newEntry(target, "token_refused", null);
    const grant = () => ask("client_credentials", target.parameters);
    return {
      entry,
      obtain: shared
        ? async (party) => {
            const { sharing } = await loadStore();
            return sharing(settings, shared, random)(entry, party, grant);
          }
        : grant,
    };
  };
  const own = new Map(targets.map(([origin, target]) => [origin, ownOf(target)]));

  return {
    /** @throws {ServiceTokenError} origin_not_listed */
    lend(origin: string, party: Party, user?: User): Lender {
      stopIfClosed();
      const listed = own.get(origin);
      if (!listed) throw new ServiceTokenError("origin_not_listed");
      let wish = listed;
      return {
        async take(refused) {
          if (user) {
            const { usersOf } = await loadUsers();
            users ??= usersOf(settings, now, ask, take, ServiceTokenError);
            wish = await users(listed, user);
          }
          return take(wish, party, refused);
        },
        latest: () => wish.entry.kept,
        rejected: ({ generation }) => tell(wish.entry, "rejected-fresh-token", generation),
        now,
      };
    },
    /** Forgets all. */
    close() {
      closed = true;
      users = undefined;
      own.clear();
    },
  };
}

/** What a caller is told, by what a grant failed with. */
function errorOf(thrown: unknown, { refusal }: Entry): ServiceTokenError {
  if (thrown instanceof ServiceTokenError) return thrown;
  // What else was thrown is of a function of the options. Its text may hold a token.
  if (!(thrown instanceof EndpointFailure) || thrown.kind === "misconfigured")
    return new ServiceTokenError();
  const { kind, status, error, retryAfter } = thrown;
  const answered = status && { status };
  if (kind === "refused")
    return new ServiceTokenError(refusal, { ...answered, ...(error && { error }) });
  return new ServiceTokenError(kind === "unavailable" ? "token_unreachable" : `token_${kind}`, {
    ...answered,
    retryAfter: retryAfter ?? 0,
  });
}
