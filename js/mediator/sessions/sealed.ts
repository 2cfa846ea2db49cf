// Sessions in cookies, sealed: the refresh token travels with each call. No lease exists, and
// parallel calls reach the provider; that is harmless where refresh tokens may be used again.

import { listOf, members, oneOf, read, secret } from "../../options.js";
import { digestOf } from "../../sealing.js";
import { unavailable } from "../answers.js";
import { cookie, cookieIn, isKept, MOST_BYTES, type Sent } from "../cookies.js";
import { invalidOption } from "../error.js";
import { NotSignedIn } from "../failed.js";
import type { LiveSessions, LiveSessionsMaker } from "../sessions.js";
import type { Setup } from "../setup.js";
import type { Secrets, Sessions } from "../types.js";
import { over, type Renewable, refreshLimiter, renew, revokedOf } from "./renewal.js";

/** Cookies over which a sealed session may stretch. */
const MOST_PARTS = 3;
/** Milliseconds that a refresh token is old when a new one takes its place in the cookie. */
const SLIDE = 300_000;

/** What `sealedCookies` takes. */
export interface SealedCookiesOptions {
  keys: Secrets;
  /**
   * What the provider does with refresh tokens. "none": it gives no new ones. "sliding": each
   * answer has a new one, and the old one stays good. Those that work once need `storedSessions`.
   */
  rotation: "none" | "sliding";
}

/**
 * Sessions in up to three cookies, sealed. Nobody can end such a session but the provider: a logout
 * deletes the cookies and revokes the refresh token, and a copy of the cookies is worth what that
 * token is. Each refresh asks the provider.
 *
 * @throws {MediatorError} config_invalid
 */
export function sealedCookies(options: SealedCookiesOptions): Sessions {
  const table = { keys: listOf(secret, 1), rotation: oneOf("none", "sliding") };
  const { keys, rotation } = read(members(table), options, invalidOption);
  const slides = rotation === "sliding";
  const sessions: LiveSessionsMaker = {
    kind: "sealed",
    secrets: keys,
    // A cookie that never changes does not say when it was used.
    knowsUse: slides,
    open: (setup) => sessionsIn(slides, setup),
  };
  return sessions;
}

/** What is sealed: in an order and without names, because cookies have little room. */
type Kept = readonly [
  refreshToken: string,
  subject: string,
  sid: string | null,
  claims: Renewable["claims"],
  startedAt: number,
  renewedAt: number,
];

function sessionsIn(slides: boolean, setup: Setup): LiveSessions {
  const { settings, report, places, sealing } = setup;
  const { clock, idle, absolute } = settings;
  const secondsToWait = refreshLimiter(settings);
  const parts = Array.from({ length: MOST_PARTS }, (_, place) => ({
    ...places.session,
    name: place === 0 ? places.session.name : `${places.session.name}.${place}`,
  }));
  const room = MOST_BYTES - Math.max(...parts.map(({ name }) => name.length));

  /** What the cookies hold, sealed; "" for nothing. The first one says how many there are. */
  const sealedIn = (sent: Sent) => {
    const [begin = "", ...more] = parts.map((part) => cookieIn(sent, part));
    const others = more.slice(0, Number(begin.charAt(0)) - 1);
    return begin === "" || others.includes("") ? "" : begin.slice(1) + others.join("");
  };

  /** What deletes the cookies that the browser has from this one on; the first in any case. */
  const deletedFrom = (from: number, sent: Sent) =>
    parts
      .filter(
        ({ name }, place) => place >= from && (place === 0 || sent.some(([one]) => one === name)),
      )
      .map((part) => cookie(part));

  /** What sets the session's cookies, and deletes what was longer. Null: they have no room. */
  const cookiesFor = async (held: Renewable, sent: Sent) => {
    const { refreshToken, subject, sid, claims, startedAt, obtainedAt } = held;
    const kept: Kept = [refreshToken, subject, sid, claims, startedAt, obtainedAt];
    const sealed = await sealing.seal(kept, "cookie");
    const count = Math.ceil((sealed.length + 1) / room);
    const value = `${count}${sealed}`;
    const seconds = Math.ceil((startedAt + absolute - clock()) / 1000);
    const set = parts
      .slice(0, count)
      .map((part, place) => cookie(part, value.slice(place * room, (place + 1) * room), seconds));
    return count > parts.length ? null : [...set, ...deletedFrom(count, sent)];
  };

  const find = async (sent: Sent): Promise<Renewable | null> => {
    const kept = await sealing.open<Kept>(sealedIn(sent), "cookie");
    if (kept === null) return null;
    const [refreshToken, subject, sid, claims, startedAt, obtainedAt] = kept;
    const idleEnd = slides ? obtainedAt + idle : Number.POSITIVE_INFINITY;
    if (clock() >= Math.min(startedAt + absolute, idleEnd)) return null;
    const none = { accessToken: "", expiresIn: null, idToken: null };
    return { ...none, refreshToken, subject, sid, claims, startedAt, obtainedAt };
  };

  return {
    find,
    keyOf: async () => null,
    revokesFirst: true,
    /** There is no list of them. */
    endNamed: null,

    async begin(held, sent) {
      const { refreshToken, idToken } = held;
      if (refreshToken === null) throw new NotSignedIn("no_refresh_token");
      const set = await cookiesFor({ ...held, refreshToken }, sent);
      if (set === null) throw new NotSignedIn("session_too_large");
      const sealed = idToken === null ? "" : await sealing.seal(idToken, "end", "id");
      const beside = isKept(places.idToken, sealed)
        ? [cookie(places.idToken, sealed, absolute / 1000)]
        : [];
      return { key: null, cookies: [...set, ...beside] };
    },

    async refresh(sent) {
      const held = await find(sent);
      if (held === null) return over();
      const toWait = secondsToWait(await digestOf(sealedIn(sent)));
      if (toWait > 0) return unavailable(toWait, 429);
      const about = { subject: held.subject };
      if ((await revokedOf(held, settings)) !== null) {
        report("logged-out-elsewhere", about);
        return over();
      }
      const { held: next, answer, event, code } = await renew(held, about, setup);
      report(event, { ...about, code: code ?? null });
      if (
        slides &&
        event === "refreshed" &&
        next !== null &&
        next.obtainedAt - held.obtainedAt >= SLIDE
      )
        for (const header of (await cookiesFor(next, sent)) ?? []) answer.headers.append(...header);
      return answer;
    },

    async end(sent) {
      return { cookies: deletedFrom(0, sent), held: await find(sent), key: null };
    },
  };
}
