// The keep: the public object over the wasm half, which is loaded at first use. The state lives there; here are the
// snapshot that was shown last, the listeners, and the words.

import type { Keep as Engine } from "../../build/client/client.js";
import { FAILURE_CODES, TokenKeepError } from "./error.js";
import { Listeners } from "./events.js";
import type { Core } from "./load.js";
import { readOptions, type Settings } from "./options.js";
import { abortable, isReplayable } from "./requests.js";
import { readClaims, REASONS, STATUSES, UNKNOWN } from "./session.js";
import type { Session, TokenKeep, TokenKeepEvents, TokenKeepOptions, TokenResponse, Transition } from "./types.js";

type Transport = (request: Request) => Promise<Response>;

/** A keep over the wasm that `load` brings. */
export function keepWith(options: TokenKeepOptions, load: () => Promise<Core>): TokenKeep {
  return new Keep(readOptions(options), options.transport ?? ((request) => globalThis.fetch(request)), load);
}

class Keep implements TokenKeep {
  readonly #settings: Settings;
  readonly #transport: Transport;
  readonly #load: () => Promise<Core>;
  readonly #listeners = new Listeners();
  #engine: Engine | null = null;
  #session: Session = UNKNOWN;
  #claims: string | undefined;
  #closed = false;

  constructor(settings: Settings, transport: Transport, load: () => Promise<Core>) {
    this.#settings = settings;
    this.#transport = transport;
    this.#load = load;
    if (typeof Symbol.dispose === "symbol") {
      Object.defineProperty(this, Symbol.dispose, { value: () => this.close() });
    }
  }

  get session(): Session {
    return this.#session;
  }

  start(): Promise<Session> {
    return this.#withSession((engine) => engine.start());
  }

  refresh(): Promise<Session> {
    return this.#withSession((engine) => engine.refresh());
  }

  logout(): Promise<void> {
    return this.#use((engine) => engine.logout());
  }

  adopt(response: TokenResponse): Promise<Session> {
    const { access_token, accessToken = access_token, expires_in, expiresIn = expires_in, token_type = "bearer" } = response ?? {};
    if (typeof accessToken !== "string" || String(token_type).toLowerCase() !== "bearer") {
      return Promise.reject(new TokenKeepError("refresh_malformed"));
    }
    return this.#withSession(async (engine) => engine.adopt(accessToken, Number(expiresIn)));
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const replayable = isReplayable(input, init, request);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
    return abortable(signal, this.#use<Response>((engine) => engine.fetch(request, replayable)));
  };

  async signIn(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, { ...init, credentials: "include", cache: "no-store" });
    return abortable(request.signal, this.#use<Response>((engine) => engine.signIn(request)));
  }

  async withToken<T>(use: (token: string) => T | Promise<T>, options: { minValidity?: number; signal?: AbortSignal } = {}): Promise<T> {
    const { minValidity = 0, signal } = options;
    const token = await abortable(signal, this.#use<string>((engine) => engine.lend(Math.max(0, minValidity) * 1000)));
    return use(token);
  }

  subscribe(listener: () => void): () => void {
    return this.on("change", () => listener());
  }

  on<K extends keyof TokenKeepEvents>(type: K, listener: (event: TokenKeepEvents[K]) => void): () => void {
    return this.#listeners.add(type, listener);
  }

  explain(): readonly Transition[] {
    const entries = (this.#engine?.explain() ?? []) as (Omit<Transition, "from" | "to"> & { from: number; to: number })[];
    return entries.map((entry) => Object.freeze({ ...entry, from: STATUSES[entry.from]!, to: STATUSES[entry.to]! }));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#engine) this.#engine.close();
    else this.#show({ ...UNKNOWN, status: "anonymous", reason: "closed" });
  }

  async #withSession(call: (engine: Engine) => Promise<void>): Promise<Session> {
    await this.#use(call);
    return this.#session;
  }

  /** Calls the wasm half, at once where it is loaded: what it changes, it changes before this returns. */
  async #use<T>(call: (engine: Engine) => Promise<T>): Promise<T> {
    if (this.#closed) throw new TokenKeepError("closed");
    if (this.#engine === null) {
      const core = await this.#load();
      if (this.#closed) throw new TokenKeepError("closed");
      this.#engine ??= new core(this.#settings, this.#host());
    }
    return call(this.#engine);
  }

  #show(session: Session): void {
    this.#session = Object.freeze(session);
    this.#listeners.emit("change", { session });
  }

  /** What src/client/host.rs calls. Nothing here runs the application's code before the next task, but `transport`. */
  #host() {
    const listeners = this.#listeners;
    return {
      transport: (request: Request) => this.#transport.call(undefined, request),
      error: (kind: number, status: number, retryAfter: number) =>
        new TokenKeepError(FAILURE_CODES[kind] ?? "closed", {
          ...(status === 0 ? {} : { status }),
          ...(retryAfter < 0 ? {} : { retryAfter }),
        }),
      changed: (status: number, generation: number, expiresAt: number, refreshing: boolean, retryAt: number, reason: number, claims: string | undefined) => {
        const same = claims === this.#claims;
        this.#claims = claims;
        this.#show({
          status: STATUSES[status]!,
          generation,
          expiresAt: moment(expiresAt),
          refreshing,
          degraded: moment(retryAt) !== null,
          retryAt: moment(retryAt),
          claims: same ? this.#session.claims : claims === undefined ? null : readClaims(claims),
          reason: REASONS[reason] ?? null,
        });
      },
      signedIn: () => listeners.emit("signed-in", { session: this.#session }),
      signedOut: (reason: number) => listeners.emit("signed-out", { reason: REASONS[reason] ?? "rejected" }),
      refreshed: (generation: number, bySibling: boolean) => listeners.emit("refreshed", { generation, by: bySibling ? "sibling" : "this-tab" }),
      refreshFailed: (error: TokenKeepError, retryAt: number) => listeners.emit("refresh-failed", { error, retryAt: moment(retryAt) }),
      userChanged: () => listeners.emit("user-changed", { session: this.#session }),
      stepUp: (acrValues: string[], maxAge: number, url: string) => listeners.emit("step-up", { acrValues: Object.freeze(acrValues), maxAge: moment(maxAge), url }),
      rejectedFreshToken: (url: string) => listeners.emit("rejected-fresh-token", { url }),
    };
  }
}

/** NaN crosses from the wasm half where there is no number. */
function moment(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
