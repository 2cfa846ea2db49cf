// The home behind messages: the engine and the token live in a worker. What the page has is the
// session without the token, and those who wait for an answer.
//
// `tokenkeep` loads this file as a chunk of its own. It is given the class of errors, of which an
// application has one.

import { ownBase } from "../client/addresses.js";
import { cookieNamed } from "../client/cookies.js";
import type { TokenKeepError } from "../client/error.js";
import type { Home, RemoteSettings, Told } from "../client/home.js";
import type { Load } from "../client/keep.js";
import { bareOf } from "../client/notes.js";
import { watchPage } from "../client/page.js";
import { hasBody } from "../client/requests.js";
import { readJson } from "../client/session.js";
import type { Transition } from "../client/types.js";
import { outsideZones } from "../client/zones.js";
import type {
  Failure,
  FromPage,
  FromWorker,
  HeadMessage,
  Hello,
  SentSession,
  SettleInput,
} from "./protocol.js";
import * as Kind from "./protocol.js";
import { type Body, newBody, responseOf } from "./response.js";

/** Milliseconds that a worker may be silent. */
const SILENCE = 5_000;
/** Milliseconds by which a timer is late when the page slept, and can have missed an answer. */
const LATE = 2_000;
/** The most transitions that are kept, as in the engine. */
const KEPT = 100;

/** One that waits for the worker. */
interface Waiter {
  resolve(value?: never): void;
  reject(error: unknown): void;
  /** The body that is on its way. */
  body?: Body;
}

/**
 * Homes in the worker that the option names. `options`: what `createTokenKeep` was given, as JSON.
 */
export function remoteHomes(
  settings: RemoteSettings,
  options: string,
  KeepError: typeof TokenKeepError,
): Load {
  const { host } = settings;
  // A worker that was given, and not a function that makes one, is used for good.
  let worker = typeof host === "function" ? null : (host as Worker | SharedWorker);
  const find = () => (worker ??= (host as () => Worker)());
  const lose = () => void (worker = null);
  return async () => (told) => homeIn(find, lose, settings, options, KeepError, told);
}

function homeIn(
  find: () => Worker | SharedWorker,
  lose: () => void,
  settings: RemoteSettings,
  options: string,
  KeepError: typeof TokenKeepError,
  told: Told,
): Home {
  const waiters = new Map<number, Waiter>();
  let entries: readonly Transition[] = [];
  let worker: Worker | SharedWorker;
  /** The private port, from the first message on. */
  let port: MessagePort | undefined;
  let lastId = 0;
  let welcome = false;
  let isClosed = false;
  /** Why this home can't be used any more. */
  let over: TokenKeepError | undefined;
  let leave: (() => void) | undefined;
  let hint = settings.sessionHint;
  let session: SentSession | null = null;

  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When the worker was last heard, and when the timer was to fire. */
  let heardAt = 0;
  let due = 0;
  /** The pings in a row that nothing has answered. */
  let silent = 0;

  const unavailable = (cause?: unknown) =>
    new KeepError("worker_unavailable", {
      message:
        "The worker does not answer: look at its address, at worker-src, and for an import that a bundler dropped.",
      retryable: true,
      cause,
    });
  const errorOf = ([code, details]: Failure) =>
    code ? new KeepError(code, details) : new TypeError(details.message);

  /** Says it to the worker, which is made for it at the first use. */
  const post = (message: FromPage, transfer: Transferable[] = []) =>
    connected().postMessage(message, transfer);

  function connected(): MessagePort {
    if (over) throw over;
    if (port) return port;
    try {
      worker = find();
      // A function may have made none.
      worker.addEventListener("error", failed);
    } catch (cause) {
      lose();
      throw unavailable(cause);
    }
    const { port1, port2 } = new MessageChannel();
    port = port1;
    port.onmessage = hear;
    ("port" in worker ? worker.port : worker).postMessage(
      {
        tokenkeep: [Kind.VERSION],
        settings: options,
        base: ownBase(),
        port: port2,
      } satisfies Hello,
      [port2],
    );
    const unwatch = watchPage((what) => tell([Kind.PAGE, what]), {
      left: (persisted) => tell([persisted ? Kind.STORED : Kind.BYE]),
      restored: () => tell([Kind.BACK]),
    });
    leave = () => {
      unwatch();
      worker.removeEventListener("error", failed);
    };
    watch();
    return port;
  }

  /** Says what nobody waits for, if there is a worker. */
  function tell(message: FromPage): void {
    port?.postMessage(message);
  }

  function failed(): void {
    // Later errors are the worker's own, which go on.
    if (!welcome) fall(unavailable());
  }

  /** Ends this home by an error. `worker_unavailable`: the worker is given up too. */
  function fall(error: TokenKeepError): void {
    if (over) return;
    if (error.code === "worker_unavailable") lose();
    // A worker that was only slow lets go of its engine.
    tell([Kind.CLOSE]);
    end(error);
    if (!isClosed) told.lost(error);
  }

  function end(error: TokenKeepError): void {
    if (over) return;
    over = error;
    leave?.();
    clearTimeout(timer);
    for (const waiter of waiters.values()) waiter.reject(error);
    waiters.clear();
    port?.close();
  }

  /** Sends a message that has an answer. */
  function ask<T>(
    message: (id: number) => FromPage,
    transfer: Transferable[] = [],
    signal?: AbortSignal,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const id = lastId + 1;
      post(message(id), transfer);
      lastId = id;
      const waiter = { resolve, reject } as Waiter;
      waiters.set(id, waiter);
      watch();
      signal?.addEventListener("abort", () => {
        if (take(id)) {
          tell([Kind.ABORT, id]);
          waiter.reject(signal.reason);
        }
      });
    });
  }

  /** Takes out the waiter: its answer is complete. */
  function take(id: number): Waiter | undefined {
    const waiter = waiters.get(id);
    waiters.delete(id);
    relax();
    return waiter;
  }

  /** Looks after the worker no more once nobody waits for it. */
  function relax(): void {
    if (waiters.size || (port && !welcome)) return;
    clearTimeout(timer);
    timer = undefined;
    silent = 0;
    if (isClosed) end(new KeepError("closed"));
  }

  /** Looks after the worker while it has to answer, and at no other time. */
  function watch(delay = SILENCE): void {
    if (timer || over || (welcome && !waiters.size)) return;
    due = performance.now() + delay;
    timer = outsideZones(() => setTimeout(look, delay));
  }

  function look(): void {
    timer = undefined;
    const now = performance.now();
    const rest = heardAt + SILENCE - now;
    if (now - due > LATE) silent = 0;
    if (rest > 0) return watch(rest);
    // A worker that has not even answered the hello is given up sooner.
    if (silent === (welcome ? 2 : 1)) return fall(unavailable());
    silent += 1;
    tell([Kind.PING]);
    watch();
  }

  function hear({ data }: MessageEvent<FromWorker>): void {
    heardAt = performance.now();
    silent = 0;
    switch (data[0]) {
      case Kind.CHUNK:
        return waiters.get(data[1])?.body?.add(data[2]);
      case Kind.END:
        return take(data[1])?.body?.end();
      case Kind.HEAD:
        return begin(data);
      case Kind.BROKEN:
      case Kind.SETTLED: {
        const waiter = take(data[1]);
        return data[2] ? waiter?.reject(errorOf(data[2])) : waiter?.resolve();
      }
      case Kind.REFUSED:
      case Kind.LOST:
        return fall(errorOf(data[1]) as TokenKeepError);
      case Kind.PING:
        return tell([Kind.PONG]);
      case Kind.COOKIE:
        return tell([Kind.COOKIE, data[1], cookieNamed(settings.csrf!.cookie)]);
      case Kind.WELCOME:
        welcome = true;
        relax();
    }
    if (!isClosed) inform(data);
  }

  function begin([, id, ...head]: HeadMessage): void {
    const waiter = waiters.get(id);
    if (!waiter) return;
    const cancel = () => void (take(id) && tell([Kind.ABORT, id]));
    const body = head[6] ? newBody((bytes) => tell([Kind.TAKEN, id, bytes]), cancel) : null;
    if (body) {
      waiter.body = body;
      waiter.reject = body.fail;
    } else take(id);
    waiter.resolve(responseOf(head, body, cancel) as never);
  }

  /** What concerns the session, and not one call. */
  function inform(data: FromWorker): void {
    switch (data[0]) {
      case Kind.WELCOME: {
        const [, , known, all] = data;
        note(all, true);
        if (known) change(known);
        if (known?.[0][0] === "authenticated") told.emit("signed-in");
        return;
      }
      case Kind.CHANGED:
        return change(data[1]);
      case Kind.ENTRIES:
        return note(data[1], data[2]);
      case Kind.EVENT:
        return told.emit(...([data[1], readJson(data[2])] as unknown as ["signed-in"]));
      case Kind.REFRESH_FAILED:
        return told.refreshFailed(errorOf(data[1]) as TokenKeepError, data[2]);
      case Kind.WARN:
        return console.warn(data[1]);
    }
  }

  function change(now: SentSession): void {
    session = now;
    told.changed(now[0], { claims: () => now[1], reply: () => now[2] });
  }

  function note(more: readonly Transition[], all: boolean): void {
    const fresh = more.map((entry) => Object.freeze(entry));
    entries = (all ? fresh : [...entries, ...fresh]).slice(-KEPT);
  }

  /** Tells the worker, before the session is first asked for, that its cookie is not there. */
  function giveHint(): void {
    const wanted = hint;
    hint = undefined;
    if (wanted && cookieNamed(wanted.cookie) === undefined) post([Kind.SETTLE, 0, "no-hint"]);
  }

  const notInPage = async (): Promise<never> => {
    throw new KeepError("not_in_page", { message: "The token is in a worker." });
  };

  /** Has the worker send a request of the application. */
  async function forward(
    kind: typeof Kind.FETCH | typeof Kind.SIGN_IN,
    request: Request,
    replayable: boolean,
    init?: RequestInit,
  ): Promise<Response> {
    const { signal } = request;
    const sent: Record<string, unknown> = { priority: init?.priority };
    for (const name of Kind.MEMBERS) sent[name] = request[name];
    let body: ArrayBuffer | Blob | ReadableStream | null = null;
    let moved: Transferable[] = [];
    // A request without a body is sent before this returns. So is a stream.
    if (hasBody(request)) {
      const given = init?.body ?? null;
      // A Blob reads no file, and crosses without a copy.
      if (replayable && (given === null || given instanceof Blob || given instanceof FormData))
        body = await request.blob();
      else moved = [(body = replayable ? await request.arrayBuffer() : request.body!)];
    }
    signal.throwIfAborted();
    try {
      return await ask(
        (id) => [kind, id, request.url, sent, [...request.headers], body, replayable],
        moved,
        signal,
      );
    } catch (error) {
      if ((error as Error | null)?.name !== "DataCloneError") throw error;
      throw new TypeError("A worker can't send this.", { cause: error });
    }
  }

  return {
    async settle(input) {
      if (input === "start") giveHint();
      await ask((id) => [Kind.SETTLE, id, input as SettleInput]);
    },
    async send(request, replayable, init) {
      const listed = settings.origins.includes(new URL(request.url).origin);
      const why = bareOf(request, listed, !!settings.dpop);
      if (why) {
        told.bare(why, request.url);
        return settings.transport(request);
      }
      giveHint();
      return forward(Kind.FETCH, request, replayable, init);
    },
    signIn: (request) => forward(Kind.SIGN_IN, request, true),
    attempt: notInPage,
    lend: notInPage,
    adopt: notInPage,
    explain: () => entries,
    close() {
      const [status, generation = 0] = session?.[0] ?? [];
      change([
        ["anonymous", generation, false, "closed", undefined, undefined],
        undefined,
        undefined,
      ]);
      if (status === "authenticated") told.emit("signed-out", { reason: "closed" });
      isClosed = true;
      tell([Kind.CLOSE]);
      relax();
    },
  };
}
