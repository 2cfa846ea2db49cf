// The keep: the public object. Its state lives in the engine, which is loaded at the first use.
// Here are the listeners, and the snapshot that the application saw last.

import type { Input } from "../../build/client/client.js";
import { type Advise, adviser } from "./advice.js";
import { own } from "./checks.js";
import { TokenKeepError } from "./error.js";
import { Listeners } from "./events.js";
import { Host, type Teller } from "./host.js";
import type { Core } from "./load.js";
import { Notes } from "./notes.js";
import { readOptions, type Settings } from "./options.js";
import { abortable, attempting, exchange, fetching, isReplayable } from "./requests.js";
import { sessionOf, UNKNOWN } from "./session.js";
import { signIn } from "./sign-in.js";
import type {
  Session,
  TokenKeep,
  TokenKeepEvents,
  TokenKeepOptions,
  TokenResponse,
  Transition,
} from "./types.js";
import { outsideZones } from "./zones.js";

/** A keep whose engine `load` brings. */
export function keepWith(options: TokenKeepOptions, load: () => Promise<Core>): TokenKeep {
  return new Keep(readOptions(options), load);
}

class Keep implements TokenKeep {
  readonly #settings: Settings;
  readonly #load: () => Promise<Core>;
  readonly #listeners = new Listeners();
  readonly #notes = new Notes();
  readonly #advise: Advise;
  #host: Host | null = null;
  #session: Session = UNKNOWN;
  /** What the last refresh failed with. */
  #failure: TokenKeepError | null = null;
  #closed = false;
  #lostAt = -Infinity;

  constructor(settings: Settings, load: () => Promise<Core>) {
    this.#settings = settings;
    this.#load = load;
    this.#advise = adviser(settings.console);
    if (typeof Symbol.dispose === "symbol") {
      Object.defineProperty(this, Symbol.dispose, { value: () => this.close() });
    }
  }

  get session(): Session {
    return this.#session;
  }

  async start(options: { again?: boolean } = {}): Promise<Session> {
    try {
      return await this.#settled(own(options).again === true ? "start-again" : "start");
    } catch (error) {
      // A refresh that failed has left its error there already.
      this.#leave(error);
      throw error;
    }
  }

  refresh(): Promise<Session> {
    return this.#settled("refresh");
  }

  async logout(): Promise<void> {
    await this.#settled("logout");
  }

  async adopt(
    response: TokenResponse,
    options: { session?: "new" | "same" } = {},
  ): Promise<Session> {
    const { session } = own(options);
    const {
      access_token,
      accessToken = access_token,
      expires_in,
      expiresIn = expires_in,
      token_type = "bearer",
    } = own(response ?? {});
    const same = session === "same";
    return this.#use((host) => {
      if (typeof accessToken !== "string" || String(token_type).toLowerCase() !== "bearer")
        throw new TokenKeepError("refresh_malformed");
      const taken = host.handIn(same, (engine) =>
        engine.adopt(accessToken, Number(expiresIn), same),
      );
      if (!taken)
        throw new TokenKeepError(taken === undefined ? "refresh_malformed" : "signed_out");
      return this.#session;
    });
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const replayable = isReplayable(input, init, request);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
    return abortable(
      signal,
      this.#use((host) => exchange(host, request, fetching, replayable)),
    );
  };

  async signIn(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, { ...init, credentials: "include", cache: "no-store" });
    request.signal.throwIfAborted();
    return abortable(
      request.signal,
      this.#use((host) => signIn(host, request)),
    );
  }

  async withToken<T>(
    use: (token: string) => T | Promise<T>,
    options: { minValidity?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const { minValidity = 0, signal } = own(options);
    signal?.throwIfAborted();
    const lent = this.#use(async (host) => {
      await host.ask("lend", Math.max(0, minValidity) * 1000);
      const token = host.engine.token();
      if (token === undefined) throw new TokenKeepError("signed_out");
      return token;
    });
    return use(await abortable(signal, lent));
  }

  async attempt<T>(
    url: string | URL,
    send: (token: string | null) => T | Promise<T>,
    refused: (outcome: T) => boolean | string,
  ): Promise<T> {
    const request = new Request(url);
    return this.#use((host) => exchange(host, request, attempting(send, refused), true));
  }

  subscribe(listener: () => void): () => void {
    return this.on("change", () => listener());
  }

  on<K extends keyof TokenKeepEvents>(
    type: K,
    listener: (event: TokenKeepEvents[K]) => void,
  ): () => void {
    return this.#listeners.add(type, listener);
  }

  explain(): readonly Transition[] {
    return this.#notes.among(this.#host?.explain() ?? []);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#host) this.#host.close();
    else this.#show({ ...UNKNOWN, status: "anonymous", reason: "closed" });
  }

  async #settled(input: Input): Promise<Session> {
    await this.#use((host) => host.ask(input));
    return this.#session;
  }

  /**
   * Loads the engine at the first use, and calls `use` with its host. Once it is loaded, `use` runs
   * before this returns, so what it changes is changed at once.
   */
  async #use<T>(use: (host: Host) => T | Promise<T>): Promise<T> {
    if (this.#closed) throw new TokenKeepError("closed");
    if (this.#host === null) {
      const core = await this.#load().catch((error: TokenKeepError) => {
        if (!error.retryable) this.#advise("wasm_unavailable", globalThis.location?.href ?? "");
        throw error;
      });
      if (this.#closed) throw new TokenKeepError("closed");
      this.#host ??= outsideZones(() => new Host(core, this.#settings, this.#teller()));
    }
    return use(this.#host);
  }

  /** Leaves the error of a start, which nobody may have caught, in a session that is unknown. */
  #leave(error: unknown): void {
    const { status, error: known } = this.#session;
    if (status === "unknown" && known === null && error instanceof TokenKeepError)
      this.#show({ ...this.#session, error });
  }

  #show(session: Session): void {
    this.#session = Object.freeze(session);
    this.#listeners.emit("change", { session });
  }

  #teller(): Teller {
    const listeners = this.#listeners;
    const { url } = this.#settings.refresh;
    return {
      advise: this.#advise,
      changed: (engine, source, ...session) =>
        this.#show(sessionOf(session, this.#session, this.#failure, engine, source)),
      signedIn: () => listeners.emit("signed-in", { session: this.#session }),
      signedOut: (reason) => listeners.emit("signed-out", { reason }),
      refreshed: (generation, by) => listeners.emit("refreshed", { generation, by }),
      refreshFailed: (error, retryAt) => {
        const { code, status } = error;
        if (code === "refresh_misconfigured" || code === "refresh_malformed")
          this.#advise(code, url, status);
        this.#failure = error;
        listeners.emit("refresh-failed", { error, retryAt: retryAt ?? null });
      },
      cookieNotKept: (status) => this.#advise("cookie-not-kept", url, status),
      userChanged: () => listeners.emit("user-changed", { session: this.#session }),
      bare: (why, url) => this.#notes.add(why, url, this.#session),
      stepUp: (event) =>
        listeners.emit("step-up", { ...event, acrValues: Object.freeze(event.acrValues) }),
      logoutAnswered: (status, body) => listeners.emit("logout-answered", { status, body }),
      rejectedFreshToken: (url) => listeners.emit("rejected-fresh-token", { url }),
      lost: () => {
        const [{ status }, lostAt] = [this.#session, this.#lostAt];
        this.#lostAt = performance.now();
        const error = this.#host?.core.lost ?? null;
        this.#host = null;
        this.#show({ ...UNKNOWN, error });
        // The session lives on, by its cookie, and is started again. An engine that traps twice in
        // a minute waits until somebody asks.
        if (status === "authenticated" && this.#lostAt - lostAt > 60_000)
          this.start().catch(() => undefined);
      },
    };
  }
}
