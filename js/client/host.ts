// What the engine asks for (src/client/host.rs): everything that has to be awaited. While the
// engine is at work nothing here throws, and nothing runs the application's code before the next
// microtask.

import type {
  Keep as Engine,
  EngineFailure,
  EngineHost,
  Input,
  Outcome,
} from "../../build/client/client.js";
import type { Advise } from "./advice.js";
import { bytesOf, jsonOf, requestTo, sentAtOf, statusOf } from "./authority.js";
import { type Cookies, submitTwice } from "./cookies.js";
import type { Outcome as Delivery, Prover } from "./dpop.js";
import { TokenKeepError } from "./error.js";
import { report } from "./events.js";
import type { Told } from "./home.js";
import type { Core } from "./load.js";
import { newLocks } from "./locks.js";
import type { Settings } from "./options.js";
import type { watchPage } from "./page.js";
import { readJson, utf8 } from "./session.js";
import { newSiblings } from "./siblings.js";
import type { Transition } from "./types.js";
import { newWaiters } from "./waiters.js";

/** The inputs that ask for the session. */
const ASKING: readonly Input[] = ["start", "request", "lend"];

/** The reply that brings a token. Without one: whether it is of the session that is there. */
type Source = Uint8Array | boolean | undefined;

/** What a realm tells of itself: a page, or a worker with the pages that it serves. */
export interface Realm {
  readonly cookies: Cookies;
  readonly watch: typeof watchPage;
}

export type Host = ReturnType<typeof openHost>;

/** One engine in this realm: its calls, its lock, its siblings and those who wait for it. */
export function openHost(
  core: Core,
  settings: Settings,
  tell: Told,
  advise: Advise,
  prover: Prover | null,
  realm: Realm,
) {
  const { name, refresh, reply, noSession, csrf } = settings;
  const waiters = newWaiters();
  const calls = new Map<number, AbortController>();
  /**
   * Off between a call that was given up and the next answer. Chromium leaves an aborted keepalive
   * request on its connection, and with a server that hangs six of them would take all connections
   * that HTTP/1.1 has.
   */
  let keepalive = true;
  /** The option, until the session is first asked for. */
  let hint = settings.sessionHint;
  /** An API refused a fresh token, so the engine has to hear of the next one that accepts it. */
  let refused = false;
  /** Where a token comes from that is being handed in. */
  let source: Source;
  /** The transitions that `explain` collects. */
  let transitions: Transition[] = [];

  const locks = newLocks(name, hear);
  const siblings = newSiblings(name, (...message) => reported(() => own.hear(...message)));
  if (core.lost) throw core.lost;
  const own = new core.Keep(engineHost(), ...settings.engine);
  for (const origin of settings.origins) own.list(utf8(origin));
  for (const [member, path] of reply.paths) for (const step of path) own.name(member, utf8(step));
  const listen = () => settings.coordinate && siblings.open();
  listen();
  const leave = realm.watch((what) => hear(what, 0), { left: siblings.close, restored: listen });
  core.losses.add(lose);

  /** @throws {TokenKeepError} after a trap */
  function engine(): Engine {
    if (core.lost) throw core.lost;
    return own;
  }

  /** Sends a request. `submits`: to the authority, with the header that repeats a cookie. */
  async function transport(request: Request, submits?: boolean): Promise<Response> {
    if (submits && csrf) submitTwice(settings, request, await realm.cookies(csrf.cookie));
    // The application's function gets no `this`, and what it throws becomes a rejection.
    return settings.transport.call(undefined, request);
  }

  /**
   * Asks the engine, and waits for its answer. Before the session is first asked for it is told if
   * the cookie that tells of one is missing. Where no cookie can be read, nothing speaks against a
   * session.
   */
  function ask(input: Input, number = 0): Promise<Outcome> {
    const wanted = hint;
    if (wanted && ASKING.includes(input)) {
      hint = undefined;
      if (realm.cookies(wanted.cookie) === undefined) engine().input("no-hint", 0);
    }
    return waiters.wait(engine().input(input, number));
  }

  /** Hands in a token that comes from `from`. A reply is wiped afterwards. */
  function handIn<T>(from: Source, hand: (engine: Engine) => T): T {
    source = from;
    const told = hand(engine());
    source = undefined;
    if (typeof from === "object") from.fill(0);
    return told;
  }

  /** The token in the header that is named for it, empty where it is missing. */
  function tokenIn(headers: Headers): Uint8Array | undefined {
    const { header } = reply;
    return header === undefined
      ? header
      : utf8((headers.get(header) ?? "").replace(/^bearer /i, ""));
  }

  /**
   * Sends a call to the authority, with a proof where there is a prover; once more with a better
   * one if it can be sent `twice`. Returns the answer, and whether its fault is the proof.
   */
  async function call(
    request: Request,
    twice: boolean,
    logout = false,
  ): Promise<Delivery<Response>> {
    const send = (request: Request) => transport(request, true);
    return prover?.call(request, twice, send, logout) ?? { received: await send(request) };
  }

  function end(): void {
    leave();
    siblings.close();
  }

  function lose(): void {
    end();
    waiters.failAll(core.lost);
    letGo();
    tell.lost(core.lost!);
  }

  /**
   * Releases the lock after a trap, when no call is under way any more. Until then it is held,
   * since the answer to a call may bring a rotated cookie.
   */
  function letGo(): void {
    if (core.lost && calls.size === 0) locks.releaseAll();
  }

  function engineHost(): EngineHost {
    const { url } = refresh;
    return {
      changed: (...session) =>
        tell.changed(session, {
          claims: () => own.shown(),
          reply: () => source === true || (source ? own.shown(source) : undefined),
        }),
      refreshFailed: (retryAt, ...told) => {
        const error = errorOf(...told);
        const { code, status } = error;
        if (code === "refresh_misconfigured" || code === "refresh_malformed")
          advise(code, url, status);
        tell.refreshFailed(error, retryAt);
      },
      signedIn: () => tell.emit("signed-in"),
      signedOut: (reason) => {
        prover?.over?.(reason);
        tell.emit("signed-out", { reason });
      },
      refreshed: (generation, by) => tell.emit("refreshed", { generation, by }),
      userChanged: () => tell.emit("user-changed"),
      cookieNotKept: (status) => advise("cookie-not-kept", url, status),
      send,
      abort,
      acquireLock: locks.acquire,
      releaseLock: locks.release,
      broadcast: siblings.tell,
      settle: waiters.settle,
      fail: (waiter, ...told) => waiters.fail(waiter, errorOf(...told)),
      transition: (at, event, from, to, generation, note) => {
        const told = { at, event, from, to, generation, ...(note && { note }) };
        transitions.push(Object.freeze(told));
      },
    };
  }

  /** An input that no caller waits for. A trap is reported, since nobody could catch it. */
  function hear(what: Input, number: number): void {
    reported(() => own.input(what, number));
  }

  function send(call: number, logout: boolean): void {
    const controller = new AbortController();
    calls.set(call, controller);
    exchange(call, logout, controller.signal)
      .catch(report)
      .finally(() => {
        calls.delete(call);
        letGo();
      });
  }

  async function exchange(id: number, logout: boolean, signal: AbortSignal): Promise<void> {
    // The engine is at work until the next microtask.
    await undefined;
    const endpoint = logout ? settings.logout! : refresh;
    let request: Request | undefined;
    try {
      request = requestTo(endpoint, signal, keepalive);
      if (logout) engine().setToken(request, true);
      const { received: response, refusal } = await call(request, true, logout);
      keepalive = true;
      const header = (name: string) => utf8(response.headers.get(name) ?? "");
      if (logout) {
        const body = await jsonOf(response, (bytes) => engine().shown(bytes));
        const status = statusOf(response);
        const listed = endpoint.done.includes(
          response.type === "opaqueredirect" ? "redirect" : status,
        );
        if (engine().loggedOut(id, status, header("Content-Type"), listed))
          tell.emit("logout-answered", { status, body });
      } else {
        const body = await bytesOf(response);
        handIn(body, (engine) =>
          engine.refreshed(
            id,
            // The session stands, whatever status a refused proof has.
            refusal === null ? 400 : statusOf(response),
            header("Content-Type"),
            header("Retry-After"),
            sentAtOf(response),
            tokenIn(response.headers),
            body,
            refusal !== null && noSession.includes(response.status),
            noSession.includes("no-token"),
          ),
        );
        if (response.ok && !response.headers.has("Date"))
          prover?.tokenIssued(readJson<{ iat?: number }>(engine().shown())?.iat);
      }
    } catch {
      if (core.lost) return;
      if (logout) own.loggedOut(id, undefined, utf8(""), false);
      else own.input(request ? "unreachable" : "unsendable", id);
    }
  }

  function abort(call: number): void {
    const controller = calls.get(call);
    keepalive = false;
    // In a microtask: listeners of the signal are the transport's.
    queueMicrotask(() => controller?.abort());
  }

  return {
    transport,
    tell,
    advise,
    /** Null where tokens need no proof. */
    prover,
    get lost(): boolean {
      return core.lost !== null;
    },
    /** @throws {TokenKeepError} after a trap */
    get engine(): Engine {
      return engine();
    },
    ask,
    /** Waits for the answer to a waiter, by the number that the engine has just given. */
    settled: waiters.wait,
    /** An API accepted the token of this generation: its answer was no refusal. */
    accepted(generation: number): void {
      if (!refused) return;
      refused = false;
      own.input("accepted", generation);
    },
    /** An API refused the retry with the token of this generation too. */
    retryRefused(generation: number): void {
      refused = true;
      engine().input("retry-refused", generation);
    },
    handIn,
    tokenIn,
    /** The headers of a reply without the one that brings the token. */
    withoutToken(headers: Headers): Headers {
      const rest = new Headers(headers);
      if (reply.header) rest.delete(reply.header);
      return rest;
    },
    /** Whether an API that answers with this status refuses the token. */
    refuses: (status: number): boolean => settings.unauthorized.includes(status),
    call,
    explain(): readonly Transition[] {
      transitions = [];
      engine().explain();
      return transitions;
    },
    hear,
    close(): void {
      core.losses.delete(lose);
      own.input("close", 0);
      end();
    },
  };
}

function errorOf(...[code, status, retryAfter]: EngineFailure): TokenKeepError {
  return new TokenKeepError(code, { status: status || undefined, retryAfter });
}

function reported(input: () => void): void {
  try {
    input();
  } catch (error) {
    report(error);
  }
}
