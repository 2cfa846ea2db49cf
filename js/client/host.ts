// What the wasm half calls (src/client/host.rs): everything that has to be awaited, and the words for its numbers.
// Nothing here runs the application's code before the next task, so no call comes in while the engine is at work.

import type { Keep as Engine } from "../../build/client/client.js";
import { discard, readInto, requestTo, statusOf } from "./authority.js";
import { failure } from "./error.js";
import type { Core } from "./load.js";
import { Locks } from "./locks.js";
import type { Settings } from "./options.js";
import { watchPage } from "./page.js";
import { Siblings } from "./siblings.js";
import { Waiters } from "./waiters.js";

export type Transport = (request: Request) => Promise<Response>;

/** What the host tells the keep, in numbers; NaN stands for none. */
export interface Teller {
  changed(numbers: Float64Array, claims: string | undefined): void;
  emit(event: number, numbers: Float64Array): void;
  stepUp(acrValues: readonly string[], maxAge: number, url: string): void;
  rejectedFreshToken(url: string): void;
  /** The instance has trapped; this host is of no more use. */
  lost(): void;
}

/** An engine with everything around it. */
export class Host {
  readonly #engine: Engine;
  readonly waiters = new Waiters();
  readonly transport: Transport;
  readonly tell: Teller;
  readonly #core: Core;
  readonly #settings: Settings;
  readonly #calls = new Map<number, AbortController>();
  readonly #locks: Locks;
  readonly #siblings: Siblings;
  readonly #leave: () => void;
  /**
   * Off between a call that was given up and the next answer: Chromium leaves an aborted keepalive request on its connection, and
   * six of those to a server that hangs would be all that HTTP/1.1 has.
   */
  #keepalive = true;
  /** An API refused a fresh token: the next one that takes it is news to the engine. */
  #refused = false;
  /** Where `explain` collects. */
  #entries: (readonly [event: string, numbers: Float64Array, note: string | undefined])[] = [];

  constructor(core: Core, settings: Settings, transport: Transport, tell: Teller) {
    this.#core = core;
    this.#settings = settings;
    // On a task of its own, and as a plain call: it is the application's.
    this.transport = async (request) => {
      await undefined;
      return transport.call(undefined, request);
    };
    this.tell = tell;
    this.#locks = new Locks(settings.name, (ticket, granted) => this.#engine.locked(ticket, granted));
    this.#siblings = new Siblings(settings.name, (message) => this.#engine.hear(message));
    if (core.lost) throw core.lost;
    this.#engine = new core.Keep(settings, {
      settle: (waiter: number, outcome: number, ...numbers: [number, number, number]) => this.waiters.settle(waiter, outcome, failure(...numbers)),
      send: (call: number, logout: boolean) => void this.#send(call, logout),
      abort: (call: number) => this.#abort(call),
      lock: (ticket: number) => this.#locks.acquire(ticket),
      unlock: (ticket: number) => this.#locks.release(ticket),
      tell: (message: Float64Array) => this.#siblings.tell(message.slice()),
      changed: (numbers: Float64Array, claims: string | undefined) => tell.changed(numbers, claims),
      emit: (event: number, numbers: Float64Array) => tell.emit(event, numbers),
      stepUp: (acrValues: string[], maxAge: number, url: string) => tell.stepUp(acrValues, maxAge, url),
      entry: (event: string, numbers: Float64Array, note: string | undefined) => void this.#entries.push([event, numbers.slice(), note]),
    });
    const listen = () => settings.coordinate && this.#siblings.open();
    listen();
    this.#leave = watchPage((what) => this.#engine.wake(what), { stored: () => this.#siblings.close(), restored: listen });
    core.losses.add(this.#lose);
  }

  get lost(): boolean {
    return this.#core.lost !== null;
  }

  /** @throws what there is to say of a trap, after one */
  get engine(): Engine {
    if (this.#core.lost) throw this.#core.lost;
    return this.#engine;
  }

  /** Waits for whom the engine has just numbered. */
  answer(waiter: number): Promise<number> {
    return this.waiters.wait(waiter);
  }

  /** A fresh place in wasm memory for the bytes of a reply. */
  read(response: Response) {
    return readInto(new this.#core.Body(), response);
  }

  /** An API answered something else than 401 to the token of this generation. */
  accepted(generation: number): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.#engine.accepted(generation);
  }

  /** The retry with the token of this generation was refused too. */
  rejectedFreshToken(generation: number, url: string): void {
    this.#refused = true;
    this.engine.retryRefused(generation);
    this.tell.rejectedFreshToken(url);
  }

  explain() {
    this.#entries = [];
    this.engine.explain();
    return this.#entries;
  }

  close(): void {
    this.#core.losses.delete(this.#lose);
    this.#engine.close();
    this.#end();
  }

  #end(): void {
    this.#leave();
    this.#siblings.close();
  }

  readonly #lose = (): void => {
    this.#end();
    this.waiters.fail(this.#core.lost);
    this.#letGo();
    this.tell.lost();
  };

  /** After a trap: the lock is held until no call of ours is under way, for a rotated cookie may be in its answer. */
  #letGo(): void {
    if (this.#core.lost && this.#calls.size === 0) this.#locks.releaseAll();
  }

  async #send(call: number, logout: boolean): Promise<void> {
    const endpoint = logout ? this.#settings.logout! : this.#settings.refresh;
    const controller = new AbortController();
    this.#calls.set(call, controller);
    try {
      const response = await this.transport(requestTo(endpoint, controller.signal, this.#keepalive));
      this.#keepalive = true;
      if (logout) {
        discard(response.body);
        this.engine.loggedOut(call, statusOf(response));
      } else {
        const { headers } = response;
        const body = await this.read(response);
        const header = (name: string) => headers.get(name) ?? undefined;
        this.engine.refreshed(call, statusOf(response), header("Content-Type"), header("Retry-After"), header("Date"), body);
      }
    } catch {
      if (this.lost) return;
      if (logout) this.engine.loggedOut(call, 0);
      else this.engine.unreachable(call);
    } finally {
      this.#calls.delete(call);
      this.#letGo();
    }
  }

  #abort(call: number): void {
    const controller = this.#calls.get(call);
    this.#keepalive = false;
    // Listeners of the signal are the transport's.
    queueMicrotask(() => controller?.abort());
  }
}
