// Keeps tokens: what is awaited about them. entry.ts decides. On Workers a promise belongs to the
// request that made it, so only settled values pass between requests: a caller stamps the entry
// before it calls, and another one that finds a young stamp looks again after a while.

import { decodeBase64url } from "../base64url.js";
import { keepAlive } from "../edge/keys/scope.js";
import { ownMembers } from "../edge/options/own.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import {
  backoff,
  decide,
  dueAfter,
  type Endpoint,
  type Entry,
  type Failure,
  type Held,
  lifetimeOf,
} from "./entry.js";
import { ServiceTokenError } from "./error.js";
import { Grants, type Subject, troubleOf } from "./grants.js";
import type { Settings, TargetSettings } from "./options.js";
import { digestOf, SharedTokens } from "./shared.js";
import type { ServiceEvent } from "./types.js";

/** Who asks for a token. */
export interface Party {
  readonly context: ExecutionContextLike | null;
  /** What callers may share a promise through; null for none. */
  readonly scope: object | null;
  /** Whether work goes on when the caller has its answer. */
  readonly lasting: boolean;
}

/** For whom a token is. `user`: null for the service itself. */
export interface Wanted {
  readonly target: TargetSettings;
  readonly user: Subject | null;
}

/** A token that is refused when it is younger than this is not renewed: it is not its age. */
const FRESH = 10_000;
/** How often, at most, the entries are searched for tokens that have expired. */
const SWEEP = 1_000;

/** Clocks and chance, which the tests bring along. */
export interface Nature {
  /** Milliseconds; never set by anybody, where there is such a clock. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export class Keeper {
  readonly #settings: Settings;
  readonly #nature: Nature;
  readonly #grants: Grants;
  readonly #shared: SharedTokens;
  readonly #endpoint: Endpoint = { pause: null };
  readonly #own = new Map<TargetSettings, Entry>();
  /** By a keyed hash of the user's token, the least recently used first. */
  readonly #users = new Map<string, Entry>();
  readonly #underWay = new WeakMap<object, Map<Entry, Promise<Held>>>();
  #salt = "";
  #sweptAt = -Infinity;
  #closed = false;

  constructor(settings: Settings, nature: Nature) {
    this.#settings = settings;
    this.#nature = nature;
    this.#grants = new Grants(settings, nature.now);
    this.#shared = new SharedTokens(settings);
  }

  close(): void {
    this.#closed = true;
    for (const entry of [...this.#own.values(), ...this.#users.values()]) entry.held = null;
    this.#own.clear();
    this.#users.clear();
  }

  /** The entry of a token; at once for the service's own. */
  entryOf({ target, user }: Wanted): Entry | Promise<Entry> {
    if (user !== null) return this.#entryOfUser(target, user);
    const entry = this.#own.get(target) ?? this.#newEntry();
    this.#own.set(target, entry);
    return entry;
  }

  /** A token that is alive: at once if it is there. */
  take(entry: Entry, wanted: Wanted, party: Party): Held | Promise<Held> {
    this.#stopIfClosed();
    const { held } = entry;
    const { act } = decide(entry, this.#nature.now(), this.#nature.random);
    if (held === null || (act !== "use" && act !== "use-and-renew"))
      return this.#await(entry, wanted, party, null);
    if (act === "use") return held;
    const renewal = this.#call(entry, wanted, party);
    // Where nothing keeps it alive, this caller waits for it.
    return party.lasting ? held : renewal.catch(() => held);
  }

  /** Another token than the one that an API refused; null for none. */
  async renewed(entry: Entry, wanted: Wanted, party: Party, refused: Held): Promise<Held | null> {
    const isFirst = entry.held === refused || entry.held === null;
    if (isFirst && this.#nature.now() - refused.receivedAt < FRESH) {
      await this.rejected(wanted, refused);
      return null;
    }
    try {
      return await this.#await(entry, wanted, party, refused);
    } catch {
      return null;
    }
  }

  /** Tells that an API refuses a token that has only just come. */
  rejected(wanted: Wanted, { generation }: Held): Promise<void> {
    return this.#tell("rejected-fresh-token", wanted, generation, 0);
  }

  async #await(entry: Entry, wanted: Wanted, party: Party, refused: Held | null): Promise<Held> {
    const { now, random } = this.#nature;
    for (const began = now(); ; ) {
      this.#stopIfClosed();
      const { held } = entry;
      const seen = held === refused ? { ...entry, held: null } : entry;
      const decision = decide(seen, now(), random);
      if (decision.act === "refuse") throw errorOf(decision.failure, now());
      if (decision.act !== "poll" && decision.act !== "call") return held as Held;
      const isOther = decision.act === "poll" && !this.#shares(entry, party);
      if (!isOther || now() - began >= entry.timeout) return this.#call(entry, wanted, party);
      await new Promise((resolve) => setTimeout(resolve, decision.after));
    }
  }

  #shares(entry: Entry, { scope }: Party): boolean {
    return scope !== null && this.#underWay.get(scope)?.has(entry) === true;
  }

  /** The attempt that is under way for these callers, or a new one. */
  #call(entry: Entry, wanted: Wanted, party: Party): Promise<Held> {
    const { scope, context } = party;
    const shared = scope === null ? undefined : (this.#underWay.get(scope) ?? new Map());
    const known = shared?.get(entry);
    if (known !== undefined) return known;
    // Before anything is awaited: others see that somebody asks.
    entry.attempt += 1;
    entry.attemptAt = this.#nature.now();
    entry.attempting = true;
    const work = this.#attempt(entry, wanted, party).finally(() => shared?.delete(entry));
    if (scope !== null && shared !== undefined) this.#underWay.set(scope, shared.set(entry, work));
    keepAlive(context, work);
    return work;
  }

  async #attempt(entry: Entry, wanted: Wanted, party: Party): Promise<Held> {
    const { target, user } = wanted;
    const { attempt, attemptAt, held: before } = entry;
    const passed = () => this.#nature.now() - attemptAt;
    let held: Held | null = null;
    try {
      const found = user === null ? await this.#shared.read(target) : null;
      // The store may lag, and have the very token that an API refused.
      if (found !== null && found.obtainedAt > (before?.obtainedAt ?? 0)) {
        const age = this.#settings.clock() - found.obtainedAt;
        const other = this.#heldOf(found.token, found.lifetime, attempt, found.obtainedAt, age);
        if (age < other.dueAfter) held = other;
      }
      const isShared = held !== null;
      if (held === null) {
        const grant =
          user === null
            ? await this.#grants.forService(target)
            : await this.#grants.forUser(target, user, await this.#actorToken(target, party));
        const told = lifetimeOf(grant.expiresIn, lifetimeIn(grant.token));
        const now = this.#settings.clock();
        // No token outlives the one that it was exchanged for.
        const left = user?.claims.exp === undefined ? Infinity : user.claims.exp * 1000 - now;
        held = this.#heldOf(grant.token, Math.min(told, left), attempt, now, 0);
      }
      this.#stopIfClosed();
      // A later attempt may have ended before this one.
      if ((entry.held?.generation ?? 0) < attempt) entry.held = held;
      Object.assign(entry, { failure: null, troubles: 0 });
      if (entry.attempt === attempt) entry.attempting = false;
      const type = isShared ? "shared" : before === null ? "granted" : "renewed";
      await this.#tell(type, wanted, attempt, passed());
      if (user === null && !isShared) {
        const written = this.#shared.write(target, held);
        if (party.lasting) keepAlive(party.context, written);
        else await written;
      }
      return held;
    } catch (thrown) {
      const error = this.#failed(entry, attempt, thrown, user);
      await this.#tell("failed", wanted, attempt, passed(), error.code);
      throw error;
    }
  }

  /** Remembers a failure, unless a later attempt knows better. */
  #failed(entry: Entry, attempt: number, thrown: unknown, user: Subject | null): ServiceTokenError {
    const { code, details, wait } = troubleOf(thrown, user);
    if (entry.attempt !== attempt || code === "closed") return new ServiceTokenError(code, details);
    const at = this.#nature.now();
    const asked = (details.retryAfter ?? 0) * 1000;
    entry.attempting = false;
    entry.troubles = wait === null ? entry.troubles + 1 : 0;
    entry.failure = { code, details, at, wait: wait ?? Math.max(asked, backoff(entry.troubles)) };
    if (asked > 0) this.#endpoint.pause = { code, details, at, wait: asked };
    return errorOf(entry.failure, at);
  }

  async #actorToken(target: TargetSettings, party: Party): Promise<string | null> {
    if (!target.actor) return null;
    const own = { target, user: null };
    return (await this.take(await this.entryOf(own), own, party)).token;
  }

  #heldOf(
    token: string,
    lifetime: number,
    generation: number,
    obtainedAt: number,
    age: number,
  ): Held {
    const due = dueAfter(lifetime, this.#settings.lead, this.#nature.random);
    const receivedAt = this.#nature.now() - age;
    return { token, receivedAt, lifetime, dueAfter: due, generation, obtainedAt };
  }

  async #entryOfUser(target: TargetSettings, user: Subject): Promise<Entry> {
    this.#salt ||= String(crypto.getRandomValues(new Uint8Array(32)));
    // The whole token: two of one user may differ in what they allow.
    const name = await digestOf(JSON.stringify([this.#salt, target.origin, user.token]));
    const entry = this.#users.get(name) ?? this.#newEntry();
    this.#users.delete(name);
    if (this.#users.size >= this.#settings.size) this.#makeRoom();
    if (!this.#closed) this.#users.set(name, entry);
    return entry;
  }

  #makeRoom(): void {
    const now = this.#nature.now();
    const isOver = ({ held }: Entry) => held !== null && now - held.receivedAt >= held.lifetime;
    if (now - this.#sweptAt >= SWEEP) {
      this.#sweptAt = now;
      for (const [name, entry] of this.#users) if (isOver(entry)) this.#users.delete(name);
    }
    for (const name of this.#users.keys()) {
      if (this.#users.size < this.#settings.size) return;
      this.#users.delete(name);
    }
  }

  #newEntry(): Entry {
    return {
      endpoint: this.#endpoint,
      held: null,
      attempt: 0,
      attemptAt: 0,
      attempting: false,
      failure: null,
      troubles: 0,
      timeout: this.#settings.timeout,
    };
  }

  #stopIfClosed(): void {
    if (this.#closed) throw new ServiceTokenError("closed");
  }

  async #tell(
    type: ServiceEvent["type"],
    { target, user }: Wanted,
    generation: number,
    ms: number,
    code: ServiceEvent["code"] = null,
  ): Promise<void> {
    const sub = user?.claims.sub;
    const subject = sub === undefined ? null : (await digestOf(sub)).slice(0, 16);
    const actor = this.#settings.client.client_id;
    this.#settings.tell({ type, target: target.origin, subject, actor, generation, ms, code });
  }
}

/** The error for a failure that is remembered. */
function errorOf({ code, details, at, wait }: Failure, now: number): ServiceTokenError {
  const retryAfter = details.retryable ? Math.max(1, Math.ceil((at + wait - now) / 1000)) : null;
  return new ServiceTokenError(code, { ...details, retryAfter });
}

/** Seconds from `iat` to `exp` of a token that is a JWT; null where it does not tell. */
function lifetimeIn(token: string): number | null {
  try {
    const [, payload = ""] = token.split(".");
    const claims: unknown = JSON.parse(new TextDecoder().decode(decodeBase64url(payload)));
    const { exp, iat } = ownMembers(Object(claims), ["exp", "iat"]);
    return typeof exp === "number" && typeof iat === "number" ? exp - iat : null;
  } catch {
    return null;
  }
}
