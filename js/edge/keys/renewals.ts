// Renewals that are under way. The calls of one scope may wait for each other's. A wait has a
// bound, because the renewal of a request that is gone never ends.

import { withoutDelay } from "../../shared/patience.js";
import { readClock } from "../options/read.js";
import type { ExecutionContextLike } from "../result/verified.js";
import { keepAlive } from "./scope.js";

/** Who begins a renewal, or waits for one. */
export interface Party {
  readonly context: ExecutionContextLike | null;
  /**
   * What requests may share a promise through. Null for none: then the context is not known to keep
   * anything alive either.
   */
  readonly scope: object | null;
}

export interface Renewal<T> {
  readonly began: number;
  readonly end: Promise<T>;
}

/** Milliseconds on top of the time-outs of the store and of the fetch. */
const SLACK = 1_000;

export class Renewals<T> {
  readonly #clock: () => number;
  readonly #timeout: number;
  /** By scope, for as long as they last. */
  readonly #underWay = new WeakMap<object, Renewal<T>>();

  /** `timeout`: the longest that a read of the store takes, and a fetch; milliseconds. */
  constructor(clock: () => number, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** The one that a party may wait for. */
  shared({ scope }: Party): Renewal<T> | undefined {
    return scope === null ? undefined : this.#underWay.get(scope);
  }

  /**
   * Begins one that others of the scope may wait for, and that a context keeps alive: a client that
   * hangs up takes nothing from the others.
   */
  begin({ scope, context }: Party, work: () => Promise<T>): Renewal<T> {
    const began = readClock(this.#clock);
    const end = work();
    keepAlive(context, end);
    if (scope === null) return { began, end };
    const renewal = { began, end: end.finally(() => this.#forget(scope, renewal)) };
    this.#underWay.set(scope, renewal);
    return renewal;
  }

  /**
   * Waits for the end, but no longer than a renewal can take, which is a read of the store and a
   * fetch. It never comes if the request is gone that began it: that happens where somebody keeps
   * the context of one request for others.
   */
  async end({ scope }: Party, renewal: Renewal<T>): Promise<T | "never"> {
    const end = await withoutDelay(2 * this.#timeout + SLACK, () =>
      renewal.end.then(
        (value) => ({ value }),
        (trap: unknown) => ({ trap }),
      ),
    );
    if (end === null && scope !== null) this.#forget(scope, renewal);
    if (end === null) return "never";
    if ("trap" in end) throw end.trap;
    return end.value;
  }

  #forget(scope: object, renewal: Renewal<T>): void {
    if (this.#underWay.get(scope) === renewal) this.#underWay.delete(scope);
  }
}
