// Refreshing a stored session. Of all requests that want a new token at once, in whatever process,
// one takes the lease by compare-and-set and asks the provider; the others wait for what it stores.
// The provider's answer is stored before anybody is answered: a browser that has left costs
// nothing.

import type { ExecutionContextLike } from "../../edge/result/verified.js";
import { EndpointFailure } from "../../oauth/ask.js";
import type { Sent } from "../cookies.js";
import { eventOf } from "../failed.js";
import { Limiter } from "../limiter.js";
import { judge, overOf, troubleOf } from "../renewal.js";
import type { Held, Refreshed, Tokens } from "../sessions.js";
import type { Setup } from "../setup.js";
import type { SessionRecord } from "../store-types.js";
import type { Place, StoredSessions } from "./in-store.js";

/** Milliseconds that a lease is longer than the call it guards. */
const LEASE_MARGIN = 5_000;
/** Milliseconds of a token's life without which it is not handed out again, or half its life. */
const LEAST_LEFT = 30_000;
/** How often what the provider gave is written, if the store fails. */
const WRITES = 3;

const OVER: Refreshed = { kind: "over", error: "invalid_grant" };
const trouble = (retryAfter: number): Refreshed => ({ kind: "trouble", status: 503, retryAfter });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Refreshing {
  readonly #sessions: StoredSessions;
  readonly #setup: Setup;
  readonly #limiter: Limiter;

  constructor(sessions: StoredSessions, setup: Setup) {
    this.#sessions = sessions;
    this.#setup = setup;
    this.#limiter = new Limiter(setup.settings.clock);
  }

  async refresh(sent: Sent, context: ExecutionContextLike | null): Promise<Refreshed> {
    const { settings, provider, report } = this.#setup;
    const place = await this.#sessions.placeOf(sent);
    if (place === null) return OVER;
    const { key } = place;
    const wait = this.#limiter.count(key);
    if (wait > 0) return { kind: "trouble", status: 429, retryAfter: wait };
    const since = performance.now();
    for (;;) {
      const record = await this.#sessions.store.read(key);
      const held = record && (await this.#sessions.unseal(record, place));
      const now = settings.clock();
      if (record === null || held === null || record.expiresAt <= now) {
        report("refused", { key });
        return OVER;
      }
      const isCutOff = await this.#isRevoked(held, key);
      if (isCutOff === "session") return OVER;
      const repeated = this.#repeated(held, now, isCutOff === "no");
      if (repeated !== null) {
        report("repeated", { key, subject: held.subject });
        return repeated;
      }
      if (held.refreshToken === null) {
        await this.#sessions.store.delete(key);
        report("refused", { key, subject: held.subject });
        return OVER;
      }
      if (record.retryAt !== null && record.retryAt > now)
        return trouble((record.retryAt - now) / 1000);
      if (record.lease !== null && record.lease > now) {
        if (performance.now() - since > settings.timeout) return trouble(1);
        await pause(100 + Math.random() * 150);
        continue;
      }
      try {
        // Not within the lease, which is for one call.
        await provider.ready();
      } catch (failure) {
        return this.#unready(failure, place, held);
      }
      const leased = {
        ...record,
        version: record.version + 1,
        lease: settings.clock() + settings.timeout + LEASE_MARGIN,
      };
      if (!(await this.#sessions.store.replace(key, record.version, leased))) continue;
      const renewal = this.#renew(place, leased, held, held.refreshToken);
      context?.waitUntil(renewal.catch(() => undefined));
      const outcome = await renewal;
      if (outcome !== "changed") return outcome;
    }
  }

  /** The token that is held, if it is good enough to be handed out again. */
  #repeated(held: Held, now: number, isGood: boolean): Refreshed | null {
    const { accessToken, expiresIn, obtainedAt, refreshToken } = held;
    const age = now - obtainedAt;
    const life = expiresIn === null ? Number.POSITIVE_INFINITY : expiresIn * 1000;
    const left = life - age;
    const isFresh = age >= 0 && age < this.#setup.settings.reuse;
    const serves =
      isGood &&
      (refreshToken === null ? left > 0 : isFresh && left >= Math.min(LEAST_LEFT, life / 2));
    if (!serves) return null;
    return {
      kind: "token",
      accessToken,
      expiresIn: expiresIn === null ? null : Math.floor(left / 1000),
      cookies: [],
    };
  }

  /** "token": the session stands, and no token that was obtained already is good. */
  async #isRevoked(held: Held, key: string): Promise<"no" | "token" | "session"> {
    const { settings, report } = this.#setup;
    const { revocation, provider } = settings;
    if (revocation === undefined) return "no";
    const { subject: sub, sid } = held;
    const asked = { issuer: provider.issuer, jti: null, sid: null, sub: null, iat: null };
    if (sid !== null && (await revocation.isRevoked({ ...asked, sid }))) {
      await this.#sessions.store.delete(key);
      report("logged-out-elsewhere", { key, subject: sub });
      return "session";
    }
    const iat = Math.floor(held.obtainedAt / 1000);
    return (await revocation.isRevoked({ ...asked, sub, iat })) ? "token" : "no";
  }

  /** "changed": somebody else has stored something meanwhile. */
  async #renew(
    place: Place,
    leased: SessionRecord,
    held: Held,
    refreshToken: string,
  ): Promise<Refreshed | "changed"> {
    const { provider, report, settings } = this.#setup;
    let tokens: Tokens;
    try {
      tokens = await provider.refresh(refreshToken);
    } catch (failure) {
      return this.#failed(failure, place, held, leased);
    }
    const verdict = await judge(tokens.idToken, held.subject, provider);
    const about = { key: place.key, subject: held.subject };
    if (verdict === "other subject") {
      await this.#sessions.store.delete(place.key);
      await this.#revoke(tokens.refreshToken ?? refreshToken, held, place);
      report("refused", { ...about, code: "subject" });
      return OVER;
    }
    const kept = tokens.refreshToken ?? refreshToken;
    const renewed: Held =
      verdict === "malformed"
        ? { ...held, refreshToken: kept }
        : {
            ...held,
            ...tokens,
            refreshToken: kept,
            idToken: verdict === "good" ? tokens.idToken : held.idToken,
          };
    const retryAt = verdict === "malformed" ? settings.clock() + 5_000 : null;
    if (!(await this.#store(place, leased, renewed, retryAt))) {
      // It ended meanwhile, and nothing revives it; or the lease ended, and somebody took it over.
      if ((await this.#sessions.store.read(place.key)) !== null) return "changed";
      await this.#revoke(kept, held, place);
      report("refused", about);
      return OVER;
    }
    if (verdict === "malformed") {
      report("provider-answer", { ...about, code: "id_token" });
      return trouble(5);
    }
    report("refreshed", about);
    const { accessToken, expiresIn } = tokens;
    return { kind: "token", accessToken, expiresIn, cookies: [] };
  }

  /** Stores what came of a lease; false where the record is not ours any more. */
  async #store(
    { id, key }: Place,
    leased: SessionRecord,
    held: Held,
    retryAt: number | null = null,
  ): Promise<boolean> {
    const record: SessionRecord = {
      ...leased,
      version: leased.version + 1,
      sealed: await this.#sessions.seal(held, { id, key }),
      lease: null,
      retryAt,
      expiresAt: retryAt === null ? this.#sessions.expiryOf(held) : leased.expiresAt,
    };
    for (let write = 1; ; write += 1) {
      try {
        return await this.#sessions.store.replace(key, leased.version, record);
      } catch (error) {
        if (write === WRITES) throw error;
        await pause(100 * write);
      }
    }
  }

  /** The provider's metadata can't be had: nothing was asked about the session. */
  #unready(failure: unknown, { key }: Place, { subject }: Held): Refreshed {
    if (!(failure instanceof EndpointFailure)) throw failure;
    this.#setup.report(eventOf(failure), { key, subject, code: "metadata" });
    return troubleOf(failure);
  }

  /** What the provider's refusal, or its failure, means for the session and for who asked. */
  async #failed(
    failure: unknown,
    place: Place,
    held: Held,
    leased: SessionRecord,
  ): Promise<Refreshed | "changed"> {
    const { settings, report } = this.#setup;
    if (!(failure instanceof EndpointFailure)) throw failure;
    const about = { key: place.key, subject: held.subject, code: failure.error };
    const over = overOf(failure);
    if (over !== null) {
      // In one step, so that what somebody else has stored since stays.
      const ended = { ...leased, version: leased.version + 1, expiresAt: settings.clock() };
      if (!(await this.#sessions.store.replace(place.key, leased.version, ended))) return "changed";
      await this.#sessions.store.delete(place.key);
      report("refused", about);
      return over;
    }
    const answer = troubleOf(failure);
    const retryAt = settings.clock() + answer.retryAfter * 1000;
    await this.#store(place, leased, held, retryAt).catch(() => undefined);
    report(eventOf(failure), about);
    return answer;
  }

  async #revoke(refreshToken: string, { subject }: Held, { key }: Place): Promise<void> {
    try {
      await this.#setup.provider.revoke(refreshToken);
    } catch {
      this.#setup.report("revocation-failed", { key, subject });
    }
  }
}
