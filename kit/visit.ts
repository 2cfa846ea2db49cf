// The visit: makes all calls to the backend, in an order in which none spoils another. It keeps the
// answers unchanged, and rows/ judge them afterwards.

import type { Answer, Backend, Session } from "./backend.ts";
import { type DpopMode, type DpopSeen, visitWithProofs } from "./dpop.ts";
import { CannotBegin, type SessionSource, Sessions } from "./sessions.ts";

/** A call that was not made, and the reason. */
export interface NotMade {
  readonly reason: string;
}

export type Step = Answer | NotMade;

/** One call of a page, forged in three ways. */
export interface Forgeries {
  readonly withoutHeader: Step;
  readonly foreign: Step;
  readonly asGet: Step;
}

export interface Observed {
  readonly backend: Backend;
  readonly cookieName: string;
  readonly graceSeconds: number;
  readonly signIn: Step;
  readonly preflight: Step;
  readonly foreignPreflight: Step;
  readonly withoutCookie: Step;
  readonly unknownCookie: Step;
  readonly malformedCookie: Step;
  readonly forgedRefresh: Forgeries;
  readonly refresh: Step;
  /** A second call with the cookie that `refresh` used. */
  readonly replay: Step;
  /** Whether the refresh changed the cookie. */
  readonly rotates: boolean;
  /** Whether the operator says that it never changes. */
  readonly hasStableCookie: boolean;
  readonly parallel: readonly Answer[];
  readonly afterParallel: Step;
  /** A used cookie after the grace window, and then the newest one of its session. */
  readonly reuse: Step;
  readonly afterReuse: Step;
  readonly forgedLogout: Forgeries;
  readonly logout: Step;
  readonly logoutWithoutCookie: Step;
  readonly afterLogout: Step;
  readonly predecessorAfterLogout: Step;
  /** The last of many refreshes: the one that was refused. */
  readonly limited: Step;
  /** Undefined where nobody asked for it. */
  readonly dpop?: DpopSeen | NotMade;
}

/** Time as the caller has it: a test need not wait for real. */
export interface Clock {
  /** Seconds since any fixed moment. */
  now(): number;
  pause(seconds: number): Promise<void>;
}

export interface VisitOptions {
  readonly source: SessionSource;
  /** The session's cookie stays the same while the session lives. */
  readonly hasStableCookie?: boolean;
  readonly graceSeconds: number;
  /** Whether the backend binds tokens by DPoP, and whether it requires that. */
  readonly dpop?: DpopMode;
  /** Refreshes to send in search of a limit; 0 for none. */
  readonly burst: number;
  readonly clock: Clock;
  /** Reports progress: the visit takes a while. */
  readonly say: (text: string) => void;
}

export const FOREIGN_ORIGIN = "https://foreign.invalid";
const PARALLEL = 4;
/** Waited beyond the grace window, because the two clocks differ. */
const MARGIN_SECONDS = 2;
/** A limit that asks for a longer wait is not waited for. */
const LONGEST_WAIT_SECONDS = 120;

export const NO_SESSION: NotMade = { reason: "there was no session: give --sign-in or --cookie" };
const NO_OTHER_SESSION: NotMade = {
  reason: "this uses up a session of its own: give --sign-in, or --cookie once more",
};

const NO_NEW_COOKIE: NotMade = { reason: "the backend gives no new cookie" };
export const STABLE: NotMade = { reason: "the cookie stays the same, as --session-cookie says" };

export async function visit(backend: Backend, options: VisitOptions): Promise<Observed> {
  return new Visit(backend, options).make();
}

class Visit {
  readonly #backend: Backend;
  readonly #options: VisitOptions;
  readonly #sessions: Sessions;

  constructor(backend: Backend, options: VisitOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#sessions = new Sessions(backend, options.source);
  }

  async make(): Promise<Observed> {
    const { refresh: url, origin } = this.#backend.target;
    const { graceSeconds, say } = this.#options;
    say("refreshing");
    const withoutCookie = await this.#refresh(null, null);
    if (withoutCookie.status === 0)
      throw new CannotBegin(
        `Nothing answers at ${url.origin}${url.pathname}: ${withoutCookie.trouble}.`,
      );
    const preflight = await this.#backend.preflight("preflight", url, origin);
    const foreignPreflight = await this.#backend.preflight("preflight", url, FOREIGN_ORIGIN);

    const main = await this.#sessions.next();
    const strangers = await this.#strangers(main);
    const forgedRefresh = await this.#forge(main, "refresh");
    const rotation = await this.#rotation(main);
    const aged = await this.#age(rotation);
    const race = await this.#race(rotation.isAlive ? main : await this.#sessions.next());
    const logout = await this.#logout(race.isAlive ? race.session : await this.#sessions.next());
    const reuse = await this.#reuse(aged);
    const dpop = await this.#proofs();
    const limited = await this.#limit();
    return {
      backend: this.#backend,
      cookieName: main?.name ?? "",
      graceSeconds,
      signIn: this.#sessions.signIn ?? { reason: "nobody signed in: the cookie was given" },
      preflight,
      foreignPreflight,
      withoutCookie,
      ...strangers,
      forgedRefresh,
      refresh: rotation.refresh,
      replay: rotation.replay,
      rotates: rotation.rotates,
      hasStableCookie: this.#options.hasStableCookie ?? false,
      parallel: race.parallel,
      afterParallel: race.after,
      ...reuse,
      ...logout,
      limited,
      ...(dpop === null ? {} : { dpop }),
    };
  }

  /** Null where nobody asked for it. */
  async #proofs(): Promise<DpopSeen | NotMade | null> {
    const { dpop, say } = this.#options;
    if (dpop === undefined) return null;
    const session = await this.#sessions.next();
    if (session === null) return NO_OTHER_SESSION;
    say("refreshes with proofs");
    return visitWithProofs(this.#backend, session, dpop);
  }

  /**
   * Presents cookies that nobody was given: one in the shape of a real one, and one in no shape.
   */
  async #strangers(
    session: Session | null,
  ): Promise<Pick<Observed, "unknownCookie" | "malformedCookie">> {
    const real = session?.jar.value(session.name);
    if (session === null || real == null)
      return { unknownCookie: NO_SESSION, malformedCookie: NO_SESSION };
    return {
      unknownCookie: await this.#refresh(session, strangeAs(real)),
      malformedCookie: await this.#refresh(session, "%00~"),
    };
  }

  #noNewCookie(): NotMade {
    return this.#options.hasStableCookie ? STABLE : NO_NEW_COOKIE;
  }

  async #forge(session: Session | null, what: "refresh" | "logout"): Promise<Forgeries> {
    if (session === null)
      return { withoutHeader: NO_SESSION, foreign: NO_SESSION, asGet: NO_SESSION };
    const url = this.#backend.target[what];
    const send = async (how: string, call: object) => {
      const cookie = session.jar.header(url, session.name, session.jar.value(session.name));
      const answer = await this.#patiently(() =>
        this.#backend.call(`${what} ${how}`, url, { cookie, ...call }),
      );
      session.jar.keep(answer.cookies);
      return answer;
    };
    return {
      withoutHeader: await send("without the header", { csrf: false }),
      foreign: await send("from a foreign origin", { origin: FOREIGN_ORIGIN }),
      asGet: await send("as GET", { method: "GET" }),
    };
  }

  async #rotation(session: Session | null) {
    if (session === null)
      return { refresh: NO_SESSION, replay: NO_SESSION, rotates: false, isAlive: false };
    const refresh = await this.#renew(session);
    const rotates = session.predecessor !== null;
    if (!rotates)
      return { refresh, replay: this.#noNewCookie(), rotates, isAlive: isGranted(refresh) };
    const replay = await this.#refresh(session, session.predecessor);
    session.jar.keep(replay.cookies);
    return { refresh, replay, rotates, isAlive: isGranted(replay) };
  }

  /** Presents one cookie several times at once, as tabs without a common lock would. */
  async #race(session: Session | null) {
    if (session === null) return { session, parallel: [], after: NO_SESSION, isAlive: false };
    this.#options.say("several refreshes at once");
    const cookie = session.jar.value(session.name);
    const parallel = await Promise.all(
      Array.from({ length: PARALLEL }, () => this.#send(session, cookie)),
    );
    for (const answer of parallel) if (isGranted(answer)) session.jar.keep(answer.cookies);
    const after = await this.#renew(session);
    return { session, parallel, after, isAlive: isGranted(after) };
  }

  async #logout(
    session: Session | null,
  ): Promise<
    Pick<
      Observed,
      "forgedLogout" | "logout" | "logoutWithoutCookie" | "afterLogout" | "predecessorAfterLogout"
    >
  > {
    this.#options.say("logout");
    const { logout: url } = this.#backend.target;
    const forgedLogout = await this.#forge(session, "logout");
    const wasEnded = Object.values(forgedLogout).some(
      (step: Step) => "status" in step && step.status >= 200 && step.status < 300,
    );
    const own = wasEnded ? await this.#sessions.next() : session;
    const logoutWithoutCookie = await this.#backend.call("logout without a cookie", url);
    if (own === null) {
      const none =
        session === null
          ? NO_SESSION
          : { reason: "a forged logout was accepted, and there is no other session" };
      return {
        forgedLogout,
        logout: none,
        logoutWithoutCookie,
        afterLogout: none,
        predecessorAfterLogout: none,
      };
    }
    if (own.predecessor === null) await this.#renew(own);
    const { predecessor } = own;
    const last = own.jar.value(own.name);
    const logout = await this.#backend.call("logout", url, {
      cookie: own.jar.header(url, own.name, last),
    });
    return {
      forgedLogout,
      logout,
      logoutWithoutCookie,
      afterLogout: await this.#refresh(own, last),
      predecessorAfterLogout:
        predecessor === null ? this.#noNewCookie() : await this.#refresh(own, predecessor),
    };
  }

  /** Uses a cookie of a session of its own, which then grows old while other checks run. */
  async #age({
    refresh,
    rotates,
  }: {
    refresh: Step;
    rotates: boolean;
  }): Promise<AgedSession | NotMade> {
    if (!("status" in refresh)) return refresh;
    if (!rotates) return this.#noNewCookie();
    const session = await this.#sessions.next();
    if (session === null) return NO_OTHER_SESSION;
    await this.#renew(session);
    return { session, since: this.#options.clock.now() };
  }

  async #reuse(aged: AgedSession | NotMade): Promise<Pick<Observed, "reuse" | "afterReuse">> {
    if ("reason" in aged) return { reuse: aged, afterReuse: aged };
    const { graceSeconds, clock, say } = this.#options;
    const left = Math.ceil(graceSeconds + MARGIN_SECONDS - (clock.now() - aged.since));
    if (left > 0) {
      say(`waiting ${left} s, until the grace window of ${graceSeconds} s is over`);
      await clock.pause(left);
    }
    const { session } = aged;
    const reuse = await this.#refresh(session, session.predecessor);
    return { reuse, afterReuse: await this.#refresh(session, session.jar.value(session.name)) };
  }

  /** Comes last: a limit that counts by address would stop all later calls. */
  async #limit(): Promise<Step> {
    const { burst, say } = this.#options;
    if (burst === 0) return { reason: "left out by --burst 0" };
    const session = await this.#sessions.next();
    if (session === null) return NO_OTHER_SESSION;
    say(`up to ${burst} refreshes, in search of a limit`);
    for (let sent = 0; sent < burst; sent += 1) {
      const answer = await this.#send(session, session.jar.value(session.name));
      session.jar.keep(answer.cookies);
      if (!isGranted(answer)) return answer;
    }
    return { reason: `${burst} refreshes in a row met no limit` };
  }

  /** Refreshes with the session's cookie and keeps the new one. */
  async #renew(session: Session): Promise<Answer> {
    const used = session.jar.value(session.name);
    const answer = await this.#refresh(session, used);
    session.jar.keep(answer.cookies);
    if (isGranted(answer) && session.jar.value(session.name) !== used) session.predecessor = used;
    return answer;
  }

  #refresh(session: Session | null, cookie: string | null): Promise<Answer> {
    return this.#patiently(() => this.#send(session, cookie));
  }

  #send(session: Session | null, value: string | null): Promise<Answer> {
    const { refresh: url } = this.#backend.target;
    const cookie = session === null ? null : session.jar.header(url, session.name, value);
    return this.#backend.call("refresh", url, { cookie });
  }

  /** Waits once when a limit asks for it, as a client would. */
  async #patiently(call: () => Promise<Answer>): Promise<Answer> {
    const answer = await call();
    const wait = Number(answer.headers.get("Retry-After") ?? Number.NaN);
    if (answer.status !== 429 || !(wait > 0 && wait <= LONGEST_WAIT_SECONDS)) return answer;
    this.#options.say(`waiting ${wait} s, as the backend asks with its 429`);
    await this.#options.clock.pause(wait);
    return call();
  }
}

interface AgedSession {
  readonly session: Session;
  readonly since: number;
}

export function isGranted(answer: Answer): boolean {
  return answer.status === 200 || answer.status === 201;
}

/** A random text of the same shape: letters for letters, digits for digits. */
function strangeAs(text: string): string {
  const pick = (from: string) => from[Math.floor(Math.random() * from.length)] ?? "";
  return text
    .replace(/[a-z]/g, () => pick("bcdfghjkmnpqrstvwxz"))
    .replace(/[A-Z]/g, () => pick("BCDFGHJKMNPQRSTVWXZ"))
    .replace(/\d/g, () => pick("23456789"));
}
