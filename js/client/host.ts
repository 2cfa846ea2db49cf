// What the engine asks for (src/client/host.rs): everything that has to be awaited. While the
// engine is at work nothing here throws, and nothing runs the application's code before the next
// microtask.

import type { Keep as Engine, EngineHost, Input, Outcome } from "../../build/client/client.js";
import { ownBase } from "./addresses.js";
import type { Advise } from "./advice.js";
import { bytesOf, jsonOf, requestTo, sentAtOf, statusOf } from "./authority.js";
import { type Cookies, submitTwice } from "./cookies.js";
import type { Outcome as Delivery, Prover } from "./dpop.js";
import { failure, TokenKeepError } from "./error.js";
import { report } from "./events.js";
import type { Told } from "./home.js";
import type { Core } from "./load.js";
import { Locks } from "./locks.js";
import type { Settings } from "./options.js";
import type { watchPage } from "./page.js";
import { readJson } from "./session.js";
import { Siblings } from "./siblings.js";
import type { Transition } from "./types.js";
import { Waiters } from "./waiters.js";

/** The reply that brings a token. Without one: whether it is of the session that is there. */
type Source = Uint8Array | boolean | undefined;

/** What a realm tells of itself: a page, or a worker with the pages that it serves. */
export interface Realm {
  readonly cookies: Cookies;
  readonly watch: typeof watchPage;
}

/** One engine in this realm: its calls, its lock, its siblings and those who wait for it. */
export class Host {
  readonly #engine: Engine;
  readonly waiters = new Waiters();
  /** Sends a request. `submits`: to the authority, with the header that repeats a cookie. */
  readonly transport: (request: Request, submits?: boolean) => Promise<Response>;
  readonly tell: Told;
  readonly advise: Advise;
  /** Null where tokens need no proof. */
  readonly prover: Prover | null;
  readonly #core: Core;
  readonly #settings: Settings;
  readonly #calls = new Map<number, AbortController>();
  readonly #realm: Realm;
  readonly #locks: Locks;
  readonly #siblings: Siblings;
  readonly #leave: () => void;
  /**
   * Off between a call that was given up and the next answer. Chromium leaves an aborted keepalive
   * request on its connection, and with a server that hangs six of them would take all connections
   * that HTTP/1.1 has.
   */
  #keepalive = true;
  /** The option, until the session is first asked for. */
  #hint: Settings["sessionHint"];
  /** An API refused a fresh token, so the engine has to hear of the next one that accepts it. */
  #refused = false;
  /** Where a token comes from that is being handed in. */
  #source: Source;
  /** The transitions that `explain` collects. */
  #transitions: Transition[] = [];

  constructor(
    core: Core,
    settings: Settings,
    tell: Told,
    advise: Advise,
    prover: Prover | null,
    realm: Realm,
  ) {
    this.#core = core;
    this.#realm = realm;
    this.#settings = settings;
    this.#hint = settings.sessionHint;
    // The application's function gets no `this`, and what it throws becomes a rejection.
    this.transport = async (request, submits) => {
      const { csrf } = settings;
      if (submits && csrf) submitTwice(settings, request, await realm.cookies(csrf.cookie));
      return settings.transport.call(undefined, request);
    };
    this.tell = tell;
    this.advise = advise;
    this.prover = prover;
    this.#locks = new Locks(settings.name, (answer, ticket) => this.hear(answer, ticket));
    this.#siblings = new Siblings(settings.name, (...message) =>
      reported(() => this.#engine.hear(...message)),
    );
    if (core.lost) throw core.lost;
    this.#engine = new core.Keep(this.#engineHost(), settings.engine);
    for (const origin of settings.origins) this.#engine.list(origin);
    for (const [option, path] of settings.reply.paths) this.#engine.name(option, path);
    const listen = () => settings.engine.coordinate && this.#siblings.open();
    listen();
    this.#leave = realm.watch((what) => this.hear(what, 0), {
      left: () => this.#siblings.close(),
      restored: listen,
    });
    core.losses.add(this.#lose);
  }

  get lost(): boolean {
    return this.#core.lost !== null;
  }

  /** @throws {TokenKeepError} after a trap */
  get engine(): Engine {
    if (this.#core.lost) throw this.#core.lost;
    return this.#engine;
  }

  /**
   * Asks the engine, and waits for its answer. Before the session is first asked for it is told if
   * the cookie that tells of one is missing. Where no cookie can be read, nothing speaks against a
   * session.
   */
  ask(input: Input, number = 0): Promise<Outcome> {
    const hint = this.#hint;
    if (hint && (["start", "request", "lend"] satisfies Input[] as Input[]).includes(input)) {
      this.#hint = undefined;
      if (this.#realm.cookies(hint.cookie) === undefined) this.engine.input("no-hint", 0);
    }
    return this.answer(this.engine.input(input, number));
  }

  /** Waits for the answer to a waiter, by the number that the engine has just given. */
  answer(waiter: number): Promise<Outcome> {
    return this.waiters.wait(waiter);
  }

  /** An API accepted the token of this generation: its answer was no refusal. */
  accepted(generation: number): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.#engine.input("accepted", generation);
  }

  /** An API refused the retry with the token of this generation too. */
  retryRefused(generation: number): void {
    this.#refused = true;
    this.engine.input("retry-refused", generation);
  }

  /** Hands in a token that comes from `source`. A reply is wiped afterwards. */
  handIn<T>(source: Source, hand: (engine: Engine) => T): T {
    this.#source = source;
    const told = hand(this.engine);
    this.#source = undefined;
    if (typeof source === "object") source.fill(0);
    return told;
  }

  /** The token in the header that is named for it, empty where it is missing. */
  tokenIn(headers: Headers): string | undefined {
    const { header } = this.#settings.reply;
    return header && (headers.get(header) ?? "").replace(/^bearer /i, "");
  }

  /** The headers of a reply without the one that brings the token. */
  withoutToken(headers: Headers): Headers {
    const { header } = this.#settings.reply;
    const rest = new Headers(headers);
    if (header) rest.delete(header);
    return rest;
  }

  /** Whether an API that answers with this status refuses the token. */
  refuses(status: number): boolean {
    return this.#settings.unauthorized.includes(status);
  }

  /**
   * Sends a call to the authority, with a proof where there is a prover; once more with a better
   * one if it can be sent `twice`. Returns the answer, and whether its fault is the proof.
   */
  async call(request: Request, twice: boolean, logout = false): Promise<Delivery<Response>> {
    const send = (request: Request) => this.transport(request, true);
    return this.prover?.call(request, twice, send, logout) ?? { received: await send(request) };
  }

  /** A proof beside a token that was lent. */
  async prove(token: string | null, method: string, url: string | URL): Promise<string> {
    const headers = new Map<string, string>();
    const request = { method, url: `${new URL(url, ownBase())}`, headers };
    if (token) await this.prover?.setToken(request, this.engine, token);
    const proof = headers.get("DPoP");
    if (!proof) throw new TokenKeepError("dpop_unavailable");
    return proof;
  }

  explain(): readonly Transition[] {
    this.#transitions = [];
    this.engine.explain();
    return this.#transitions;
  }

  close(): void {
    this.#core.losses.delete(this.#lose);
    this.#engine.input("close", 0);
    this.#end();
  }

  #end(): void {
    this.#leave();
    this.#siblings.close();
  }

  readonly #lose = (): void => {
    this.#end();
    this.waiters.failAll(this.#core.lost);
    this.#letGo();
    this.tell.lost(this.#core.lost!);
  };

  /**
   * Releases the lock after a trap, when no call is under way any more. Until then it is held,
   * since the answer to a call may bring a rotated cookie.
   */
  #letGo(): void {
    if (this.#core.lost && this.#calls.size === 0) this.#locks.releaseAll();
  }

  #engineHost(): EngineHost<TokenKeepError> {
    const { tell, advise } = this;
    const { url } = this.#settings.refresh;
    return {
      changed: (...session) =>
        tell.changed(session, {
          claims: () => this.#engine.shown(),
          reply: () => {
            const source = this.#source;
            return source === true || (source ? this.#engine.shown(source) : undefined);
          },
        }),
      refreshFailed: (error, retryAt) => {
        const { code, status } = error;
        if (code === "refresh_misconfigured" || code === "refresh_malformed")
          advise(code, url, status);
        tell.refreshFailed(error, retryAt);
      },
      signedIn: () => tell.emit("signed-in"),
      signedOut: (reason) => {
        this.prover?.over?.(reason);
        tell.emit("signed-out", { reason });
      },
      refreshed: (generation, by) => tell.emit("refreshed", { generation, by }),
      userChanged: () => tell.emit("user-changed"),
      cookieNotKept: (status) => advise("cookie-not-kept", url, status),
      sendRefresh: (call) => this.#send(call, false),
      sendLogout: (call) => this.#send(call, true),
      abort: (call) => this.#abort(call),
      acquireLock: (ticket) => this.#locks.acquire(ticket),
      releaseLock: (ticket) => this.#locks.release(ticket),
      broadcast: (...message) => this.#siblings.tell(message),
      settle: (waiter, outcome) => this.waiters.settle(waiter, outcome),
      fail: (waiter, error) => this.waiters.fail(waiter, error),
      failure,
      transition: (at, event, from, to, generation, note) => {
        const told = { at, event, from, to, generation, ...(note && { note }) };
        this.#transitions.push(Object.freeze(told));
      },
    };
  }

  /** An input that no caller waits for. A trap is reported, since nobody could catch it. */
  hear(what: Input, number: number): void {
    reported(() => this.#engine.input(what, number));
  }

  #send(call: number, logout: boolean): void {
    const controller = new AbortController();
    this.#calls.set(call, controller);
    this.#exchange(call, logout, controller.signal)
      .catch(report)
      .finally(() => {
        this.#calls.delete(call);
        this.#letGo();
      });
  }

  async #exchange(call: number, logout: boolean, signal: AbortSignal): Promise<void> {
    // The engine is at work until the next microtask.
    await undefined;
    const endpoint = logout ? this.#settings.logout! : this.#settings.refresh;
    let request: Request | undefined;
    try {
      request = requestTo(endpoint, signal, this.#keepalive);
      if (logout) this.engine.setToken(request, true);
      const { received: response, refusal } = await this.call(request, true, logout);
      this.#keepalive = true;
      const header = (name: string) => response.headers.get(name) ?? "";
      if (logout) {
        const body = await jsonOf(response, (bytes) => this.engine.shown(bytes));
        const status = statusOf(response);
        const listed = endpoint.done.includes(
          response.type === "opaqueredirect" ? "redirect" : status,
        );
        if (this.engine.loggedOut(call, status, header("Content-Type"), listed))
          this.tell.emit("logout-answered", { status, body });
      } else {
        const body = await bytesOf(response);
        const { noSession } = this.#settings;
        this.handIn(body, (engine) =>
          engine.refreshed(
            call,
            // The session stands, whatever status a refused proof has.
            refusal === null ? 400 : statusOf(response),
            header("Content-Type"),
            header("Retry-After"),
            sentAtOf(response),
            this.tokenIn(response.headers),
            body,
            refusal !== null && noSession.includes(response.status),
            noSession.includes("no-token"),
          ),
        );
        if (response.ok && !header("Date"))
          this.prover?.tokenIssued(readJson<{ iat?: number }>(this.engine.shown())?.iat);
      }
    } catch {
      if (this.lost) return;
      if (logout) this.engine.loggedOut(call, undefined, "", false);
      else this.engine.input(request ? "unreachable" : "unsendable", call);
    }
  }

  #abort(call: number): void {
    const controller = this.#calls.get(call);
    this.#keepalive = false;
    // In a microtask: listeners of the signal are the transport's.
    queueMicrotask(() => controller?.abort());
  }
}

function reported(input: () => void): void {
  try {
    input();
  } catch (error) {
    report(error);
  }
}
