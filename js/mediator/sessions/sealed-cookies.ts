// Sessions in cookies, sealed: the refresh token travels with each call. No lease exists, and
// parallel calls reach the provider; that is harmless where refresh tokens may be used again.

import { MOST_BYTES, type Sent } from "../cookies.js";
import type { Renewable } from "../renewal.js";
import type { Held, LiveSessions } from "../sessions.js";
import type { Setup } from "../setup.js";

/** Milliseconds that a refresh token is old when a new one takes its place in the cookie. */
const SLIDE = 300_000;

/** What is sealed: in an order and without names, because cookies have little room. */
type Kept = readonly [
  refreshToken: string,
  subject: string,
  sid: string | null,
  claims: Renewable["claims"],
  startedAt: number,
  renewedAt: number,
];

export function cookieSessions(slides: boolean, setup: Setup): LiveSessions {
  const { idle, absolute, clock, report, cookies, sealing } = setup;
  const { limited, over, renew, revokedOf, keepIdToken } = setup;
  const parts = ["", ".1", ".2"].map(cookies.session);
  const room = MOST_BYTES - Math.max(...parts.map(({ name }) => name.length));

  /** What the cookies hold, sealed; "" for nothing. The first one says how many there are. */
  const sealedIn = (sent: Sent) => {
    const [begin = "", ...more] = parts.map((part) => part.in(sent));
    const others = more.slice(0, Number(begin.charAt(0)) - 1);
    return begin === "" || others.includes("") ? "" : begin.slice(1) + others.join("");
  };

  /** What deletes the cookies that the browser has from this one on. */
  const deletedFrom = (from: number, sent: Sent) =>
    parts
      .slice(from)
      .filter(({ name }) => sent.some(([one]) => one === name))
      .map((part) => part.set());

  /** What sets the session's cookies, and deletes what was longer. Null: they have no room. */
  const cookiesFor = async (held: Held, sent: Sent) => {
    const { refreshToken, subject, sid, claims, startedAt, obtainedAt } = held;
    const kept = [refreshToken, subject, sid, claims, startedAt, obtainedAt] as Kept;
    const sealed = await sealing.seal(kept, "cookie");
    const count = Math.ceil((sealed.length + 1) / room);
    const value = `${count}${sealed}`;
    const seconds = (startedAt + absolute - clock()) / 1000;
    const set = parts
      .slice(0, count)
      .map((part, place) => part.set(value.slice(place * room, (place + 1) * room), seconds));
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
    areCookies: true,
    /** There is no list of them. */
    endNamed: null,

    async begin(held, sent) {
      if (held.refreshToken === null) return "no_refresh_token";
      const set = await cookiesFor(held, sent);
      if (set === null) return "session_too_large";
      return { key: null, cookies: [...set, await keepIdToken(held.idToken, absolute / 1000)] };
    },

    async refresh(sent) {
      const held = await find(sent);
      if (held === null) return over();
      // By what is sealed: one text of base64 can be written in many ways.
      const refused = limited(`${held.startedAt} ${held.subject}`);
      if (refused !== null) return refused;
      const about = { subject: held.subject };
      if ((await revokedOf(held)) !== null) {
        report("logged-out-elsewhere", about);
        return over();
      }
      const { held: next, answer, event, code } = await renew(held, about);
      report(event, { ...about, code });
      const slid = slides && next && next.obtainedAt - held.obtainedAt >= SLIDE;
      if (slid)
        for (const header of (await cookiesFor(next, sent)) ?? []) answer.headers.append(...header);
      return answer;
    },

    async end(sent) {
      const gone = [cookies.session().set(), ...deletedFrom(1, sent)];
      return { cookies: gone, held: await find(sent), key: null };
    },
  };
}
