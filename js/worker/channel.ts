// One page of a worker: its calls, and what it says. What a page says is checked here, since any
// script of the page can say it. Whatever is not as protocol.ts has it is dropped.

import { bare, originOf } from "../client/addresses.js";
import { TokenKeepError } from "../client/error.js";
import { bareOf } from "../client/notes.js";
import { type Asker, exchange, fetching } from "../client/requests.js";
import { utf8 } from "../client/session.js";
import { signIn } from "../client/sign-in.js";
import type { Transition } from "../client/types.js";
import type { Failure, SentSession, SettleInput } from "../hosted/protocol.js";
import * as Kind from "../hosted/protocol.js";
import { discard } from "../shared/body.js";
import type { Shared } from "./engine.js";
import { failureOf, type Speaker, speakerTo } from "./messages.js";
import { inputOf, type ReadRequest, requestOf } from "./read.js";

/** Milliseconds after which a silent page with calls is asked whether it is there. */
const SILENCE = 30_000;
/** Milliseconds after which a page that does not answer is gone. */
const GONE = 300_000;
/** Milliseconds by which a timer is late when the worker slept, and could hear nobody. */
const LATE = 2_000;

/** A call of the page. */
interface Call {
  readonly controller: AbortController;
  /** How many bytes of its body may still be posted. */
  credit: number;
  /** Goes on after a wait for credit. */
  more(): void;
}

/** One page. */
export interface Channel {
  readonly speaker: Speaker;
  isHidden: boolean;
  welcome(session: SentSession | null, entries: readonly Transition[]): void;
  /** The engine has trapped. */
  lose(error: TokenKeepError): void;
}

export function openChannel(port: MessagePort, shared: Shared): Channel {
  const { host, settings } = shared;
  const { authority, origins, signInOrigins } = settings;
  const speaker = speakerTo(port);
  const { say } = speaker;
  const calls = new Map<number, Call>();
  /** Who waits for the engine, to be told when the keep is closed. */
  const waiting = new Set<number>();
  let lastId = 0;
  let isStored = false;
  let isOpen = true;
  /** Nothing was asked yet. */
  let isFresh = true;
  let heardAt = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const asker: Asker = {
    bare: () => undefined,
    emit: (...event) => void (isOpen && speaker.emit(...event)),
  };

  /**
   * Whether the engine has to ask the authority again for a page that is new here. Somebody may
   * have signed in by a redirect since it asked. Afterwards the page is new no more.
   */
  function mustAskAgain(): boolean {
    const isFirst = isFresh && shared.isAnonymous();
    isFresh = false;
    return isFirst;
  }

  async function settle(id: number, input: SettleInput): Promise<void> {
    if (input === "logout") shared.leaves(channel);
    const asked = mustAskAgain() && input === "start" ? "start-again" : input;
    waiting.add(id);
    let failure: Failure | null = null;
    try {
      await host.ask(asked);
    } catch (error) {
      failure = failureOf(error);
    }
    shared.note();
    if (waiting.delete(id)) say(Kind.SETTLED, id, failure);
  }

  /** Sends a request of the page, and passes the answer on. */
  async function send(id: number, given: ReadRequest, isSignIn: boolean): Promise<void> {
    const controller = new AbortController();
    const call: Call = { controller, credit: Kind.CREDIT, more: () => undefined };
    calls.set(id, call);
    watch();
    const { signal } = controller;
    try {
      const response = await answerTo(given, isSignIn, signal);
      // Of a request that succeeds there is nothing to note.
      if (isSignIn || !response.ok) shared.note();
      // The page has given up on it, or is gone.
      if (signal.aborted) return discard(response.body);
      const { status, statusText, headers, url, redirected, type, body } = response;
      const hasBody = body !== null && !BODILESS.includes(status);
      // Nonces are for proofs, which are made here.
      const shown = [...headers].filter(([name]) => !host.prover || name !== "dpop-nonce");
      say(Kind.HEAD, id, status, statusText, shown, url, redirected, type, hasBody);
      if (hasBody) await pass(id, call, body);
    } catch (error) {
      shared.note();
      if (!signal.aborted) say(Kind.BROKEN, id, failureOf(error));
    } finally {
      calls.delete(id);
      if (calls.size === 0) {
        clearTimeout(timer);
        timer = undefined;
        if (!isOpen) port.close();
      }
    }
  }

  async function answerTo(
    { url, init, replayable }: ReadRequest,
    isSignIn: boolean,
    signal: AbortSignal,
  ): Promise<Response> {
    const request = new Request(url, { ...init, signal });
    refuse(request);
    if (isSignIn) {
      const known = [...authority.map(originOf), ...origins, globalThis.origin, ...signInOrigins];
      if (!known.includes(originOf(request.url))) throw new TypeError();
      isFresh = false;
      // The page has said that cookies go along.
      return signIn(host, request, replayable);
    }
    // The page sends such a request itself.
    if (bareOf(request, host.engine.allows(utf8(request.url)), host.prover !== null))
      throw new TypeError();
    if (mustAskAgain()) await host.ask("start-again").catch(() => undefined);
    const response = await exchange(host, request, fetching, replayable, asker);
    if (response.redirected) refuse(response);
    return response;
  }

  /** Refuses what goes to or comes from an address at which the authority gives tokens. */
  function refuse({ url, body }: Request | Response): void {
    if (!authority.map(placeOf).includes(placeOf(url))) return;
    discard(body);
    throw new TokenKeepError("not_in_page", { message: "The authority's address." });
  }

  /** Passes a body on as the page takes it. */
  async function pass(id: number, call: Call, body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    const { signal } = call.controller;
    signal.addEventListener("abort", () => {
      discard(reader);
      call.more();
    });
    for (;;) {
      if (call.credit <= 0) await new Promise<void>((resolve) => (call.more = resolve));
      await speaker.absence();
      const { value } = signal.aborted ? {} : await reader.read();
      await speaker.absence();
      if (signal.aborted) return;
      if (value === undefined) return say(Kind.END, id);
      call.credit -= value.byteLength;
      // The view may be a part of its buffer.
      const whole = value.byteLength === value.buffer.byteLength ? value : value.slice();
      if (value.byteLength > 0) say(Kind.CHUNK, id, whole.buffer as ArrayBuffer);
    }
  }

  /** Asks a silent page with calls whether it is there. */
  function watch(): void {
    const due = performance.now() + SILENCE;
    timer ??= setTimeout(() => {
      timer = undefined;
      const now = performance.now();
      if (now - due > LATE) heardAt = now;
      const silent = now - heardAt;
      if (!isStored && silent > GONE) return leave(false);
      if (!isStored && silent >= SILENCE) say(Kind.PING);
      if (calls.size > 0) watch();
    }, SILENCE);
  }

  /** The page goes. What it has closed may still be answered; otherwise nobody hears it. */
  function leave(closed: boolean): void {
    isOpen = false;
    if (closed)
      for (const id of waiting) say(Kind.SETTLED, id, failureOf(new TokenKeepError("closed")));
    else for (const { controller } of calls.values()) controller.abort();
    waiting.clear();
    shared.part(channel, closed);
    if (calls.size === 0) port.close();
  }

  function hear(data: unknown): void {
    if (!Array.isArray(data)) return;
    heardAt = performance.now();
    const [kind, first, ...rest] = data as unknown[];
    const [second] = rest;
    switch (kind) {
      case Kind.SETTLE:
      case Kind.FETCH:
      case Kind.SIGN_IN: {
        const asked = kind === Kind.SETTLE ? inputOf(second) : requestOf(rest);
        if (!isOpen || !asked) return;
        if (asked === "no-hint") {
          isFresh = false;
          return host.hear(asked, 0);
        }
        // A whole number above all earlier ones.
        if (!Number.isSafeInteger(first) || (first as number) <= lastId) return;
        lastId = first as number;
        return void (typeof asked === "string"
          ? settle(lastId, asked)
          : send(lastId, asked, kind === Kind.SIGN_IN));
      }
      case Kind.ABORT:
        return calls.get(first as number)?.controller.abort();
      case Kind.TAKEN: {
        const call = calls.get(first as number);
        if (!call || !Number.isSafeInteger(second)) return;
        call.credit = Math.min(Kind.CREDIT, call.credit + Math.max(0, second as number));
        return call.more();
      }
      case Kind.PAGE:
        if (first === "restored") return shared.bfcache && host.hear(first, 0);
        if (!isOpen || (first !== "hidden" && first !== "visible")) return;
        channel.isHidden = first === "hidden";
        return shared.look(!channel.isHidden);
      case Kind.STORED:
        isStored = true;
        shared.bfcache?.left(true);
        return speaker.rest();
      case Kind.BACK:
        isStored = false;
        shared.bfcache?.restored();
        return speaker.goOn((known) => shared.catchUp(channel, known));
      case Kind.BYE:
        return leave(false);
      case Kind.CLOSE:
        return leave(true);
      case Kind.PING:
        return say(Kind.PONG);
      case Kind.COOKIE:
        if (typeof second === "string" || second == null)
          shared.tellCookie(first as number, second);
    }
  }

  const channel: Channel = {
    speaker,
    isHidden: false,
    welcome(session, entries) {
      speaker.welcome(session, entries);
      port.onmessage = ({ data }: MessageEvent<unknown>) => hear(data);
    },
    lose(error) {
      isOpen = false;
      say(Kind.LOST, failureOf(error));
    },
  };
  return channel;
}

/**
 * One spelling for all addresses that some server takes for the same: without the query, decoded
 * as often as a gateway and a server may do it, in small letters, with neither empty segments nor
 * `index` files, and each segment up to its parameters or its extension.
 */
function placeOf(url: string): string {
  // Of the platform's decoders this one takes any bytes, and never throws.
  const decoded = unescape(unescape(bare(url))).toLowerCase();
  // `URL` resolves what was hidden in `%5c` and `..%2f`, and in `..;/`.
  const { origin, pathname } = new URL(decoded.replace(/[;?#][^/]*/g, ""));
  return origin + pathname.match(/\/(?!index\.)\.?[^/.]+/g);
}

/** Statuses whose answers have no body, whatever stream a browser gives them. */
const BODILESS: readonly number[] = [204, 205, 304];
