// Sessions in cookies, sealed: the refresh token travels with each call. No lease exists, and
// parallel calls reach the provider; that is harmless where refresh tokens may be used again.

import { EndpointFailure } from "../../oauth/ask.js";
import { digestOf } from "../../sealing.js";
import type { Sent } from "../cookies.js";
import { eventOf } from "../failed.js";
import { Limiter } from "../limiter.js";
import { judge, overOf, troubleOf } from "../renewal.js";
import {
  CannotBegin,
  type Ended,
  type Held,
  type LiveSessions,
  type Refreshed,
} from "../sessions.js";
import type { Setup } from "../setup.js";

/** Milliseconds that a refresh token is old when a new one takes its place in the cookie. */
const SLIDE = 300_000;
/** Seconds until the provider is asked again after an ID token that is no good. */
const RETRY = 5;

const OVER: Refreshed = { kind: "over", error: "invalid_grant" };

/** What is sealed: in an order and without names, because cookies have little room. */
type Kept = readonly [
  refreshToken: string,
  subject: string,
  sid: string | null,
  claims: Held["claims"],
  startedAt: number,
  renewedAt: number,
];

export class SealedSessions implements LiveSessions {
  readonly #slides: boolean;
  readonly #setup: Setup;
  readonly #limiter: Limiter;
  /** There is no list of them. */
  readonly endNamed = null;

  constructor(slides: boolean, setup: Setup) {
    this.#slides = slides;
    this.#setup = setup;
    this.#limiter = new Limiter(setup.settings.clock);
  }

  async begin(held: Held, sent: Sent) {
    const { cookies, settings, sealing } = this.#setup;
    const { refreshToken, subject, sid, claims, startedAt, idToken } = held;
    if (refreshToken === null) throw new CannotBegin("no_refresh_token");
    const kept = [refreshToken, subject, sid, claims, startedAt, startedAt] as const;
    const set = await this.#set(kept, sent);
    if (set === null) throw new CannotBegin("session_too_large");
    const seconds = settings.absolute / 1000;
    const sealed = idToken === null ? "" : await sealing.seal(idToken, "end", "id");
    return { key: null, cookies: [...set, ...cookies.setIdToken(sealed, seconds)] };
  }

  async keyOf(): Promise<null> {
    return null;
  }

  async drop(): Promise<void> {}

  async refresh(sent: Sent): Promise<Refreshed> {
    const { cookies, settings, provider, report } = this.#setup;
    const sealed = cookies.sealedSession(sent);
    const kept = sealed === null ? null : await this.#open(sealed);
    if (sealed === null || kept === null) return OVER;
    const wait = this.#limiter.count(await digestOf(sealed));
    if (wait > 0) return { kind: "trouble", status: 429, retryAfter: wait };
    const [refreshToken, subject, sid, claims, startedAt, renewedAt] = kept;
    const about = { subject };
    if (await this.#isRevoked(subject, sid, renewedAt)) {
      report("logged-out-elsewhere", about);
      return OVER;
    }
    try {
      const tokens = await provider.refresh(refreshToken);
      const verdict = await judge(tokens.idToken, subject, provider);
      if (verdict === "malformed") {
        report("provider-answer", { ...about, code: "id_token" });
        return { kind: "trouble", status: 503, retryAfter: RETRY };
      }
      if (verdict === "other subject") {
        report("refused", { ...about, code: "subject" });
        return OVER;
      }
      report("refreshed", about);
      const now = settings.clock();
      const next = tokens.refreshToken ?? refreshToken;
      const slides = this.#slides && now - renewedAt >= SLIDE;
      const set = slides ? await this.#set([next, subject, sid, claims, startedAt, now], sent) : [];
      const { accessToken, expiresIn } = tokens;
      return { kind: "token", accessToken, expiresIn, cookies: set ?? [] };
    } catch (failure) {
      if (!(failure instanceof EndpointFailure)) throw failure;
      const over = overOf(failure);
      const code = failure.error;
      report(over === null ? eventOf(failure) : "refused", { ...about, code });
      return over ?? troubleOf(failure);
    }
  }

  async end(sent: Sent): Promise<Ended> {
    const { cookies } = this.#setup;
    const found = await this.find(sent);
    const deleted = cookies.deleteSealedSession(sent);
    return { cookies: deleted, held: found?.held ?? null, key: null, revokesFirst: true };
  }

  async find(sent: Sent): Promise<{ held: Held; endsAt: number } | null> {
    const sealed = this.#setup.cookies.sealedSession(sent);
    const kept = sealed === null ? null : await this.#open(sealed);
    if (kept === null) return null;
    const [refreshToken, subject, sid, claims, startedAt, obtainedAt] = kept;
    const none = { accessToken: "", expiresIn: null, idToken: null };
    const held = { ...none, refreshToken, subject, sid, claims, startedAt, obtainedAt };
    return { held, endsAt: startedAt + this.#setup.settings.absolute };
  }

  /** Null: it is none, or past its end. */
  async #open(sealed: string): Promise<Kept | null> {
    const { sealing, settings } = this.#setup;
    const text = await sealing.open(sealed, "cookie");
    const kept = text === null ? null : (JSON.parse(text) as Kept);
    if (kept === null) return null;
    const [, , , , startedAt, renewedAt] = kept;
    const now = settings.clock();
    const idleEnd = this.#slides ? renewedAt + settings.idle : Number.POSITIVE_INFINITY;
    return now < Math.min(startedAt + settings.absolute, idleEnd) ? kept : null;
  }

  async #set(kept: Kept, sent: Sent): Promise<string[] | null> {
    const { cookies, sealing, settings } = this.#setup;
    const [, , , , startedAt] = kept;
    const left = startedAt + settings.absolute - settings.clock();
    const sealed = await sealing.seal(JSON.stringify(kept), "cookie");
    return cookies.setSealedSession(sent, sealed, Math.ceil(left / 1000));
  }

  async #isRevoked(sub: string, sid: string | null, renewedAt: number): Promise<boolean> {
    const { revocation, provider } = this.#setup.settings;
    if (revocation === undefined) return false;
    const asked = { issuer: provider.issuer, jti: null, sid: null, sub: null, iat: null };
    if (sid !== null && (await revocation.isRevoked({ ...asked, sid }))) return true;
    return revocation.isRevoked({ ...asked, sub, iat: Math.floor(renewedAt / 1000) });
  }
}
