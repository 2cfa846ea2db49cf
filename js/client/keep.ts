// The keep: the public object. Its state lives in the engine, whose home is opened at the first
// use. Here are the listeners, and the snapshot that the application saw last.

import type { Input } from "../../build/client/client.js";
import { abortable, signalOf } from "../shared/patience.js";
import { own } from "./checks.js";
import { TokenKeepError } from "./error.js";
import { Listeners } from "./events.js";
import type { Home, Told } from "./home.js";
import { Notes } from "./notes.js";
import { isReplayable } from "./requests.js";
import { sent } from "./sent.js";
import { sessionOf, UNKNOWN } from "./session.js";
import type {
  Prove,
  Session,
  TokenKeep,
  TokenKeepEvents,
  TokenResponse,
  Transition,
} from "./types.js";
import { outsideZones } from "./zones.js";

/** Loads what a home needs. The result opens one. */
export type Load = () => Promise<(told: Told) => Home>;

export class Keep implements TokenKeep {
  readonly #load: Load;
  /** The page's, when the keep was made. */
  readonly #fetchBefore: typeof globalThis.fetch = globalThis.fetch;
  readonly #listeners = new Listeners();
  readonly #notes = new Notes();
  #home: Home | null = null;
  #session: Session = UNKNOWN;
  /** What the last refresh failed with. */
  #failure: TokenKeepError | null = null;
  #closed = false;
  #lostAt = -Infinity;

  constructor(load: Load) {
    this.#load = load;
    if (Symbol.dispose) Object.defineProperty(this, Symbol.dispose, { value: () => this.close() });
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
    } = own(response);
    const same = session === "same";
    const token = String(token_type).toLowerCase() === "bearer" ? accessToken : undefined;
    return this.#use(async (home) => {
      await home.adopt(token, Number(expiresIn), same);
      return this.#session;
    });
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const before = this.#fetchBefore;
    if (sent.has(input as Request)) return before(input, init);
    const request = new Request(input, init);
    const replayable = isReplayable(input, init, request);
    return abortable(signalOf(input, init), () =>
      this.#use((home) => home.send(request, replayable, init)),
    );
  };

  async signIn(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, { ...init, credentials: "include", cache: "no-store" });
    return abortable(request.signal, () => this.#use((home) => home.signIn(request)));
  }

  async withToken<T>(
    use: (token: string, prove: Prove) => T | Promise<T>,
    options: { minValidity?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const { minValidity = 0, signal } = own(options);
    const [token, prove] = await abortable(signal, () =>
      this.#use((home) => home.lend(Math.max(0, minValidity) * 1000)),
    );
    return use(token, (...of) => this.#use(() => prove(...of)));
  }

  async attempt<T>(
    url: string | URL,
    send: (token: string | null, prove?: Prove) => T | Promise<T>,
    refused: (outcome: T) => boolean | string,
  ): Promise<T> {
    const request = new Request(url);
    return this.#use((home) => home.attempt(request, send, refused));
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
    return this.#notes.among(this.#home?.explain() ?? []);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#home) this.#home.close();
    else this.#show({ ...UNKNOWN, status: "anonymous", reason: "closed" });
  }

  async #settled(input: Input): Promise<Session> {
    await this.#use((home) => home.settle(input));
    return this.#session;
  }

  /**
   * Opens a home at the first use, and calls `use` with it. Once it is open, `use` runs before this
   * returns, so what it changes is changed at once.
   */
  async #use<T>(use: (home: Home) => Promise<T>): Promise<T> {
    const open = this.#closed || this.#home ? null : await this.#load();
    if (this.#closed) throw new TokenKeepError("closed");
    this.#home ??= outsideZones(() => open!(this.#told()));
    return use(this.#home);
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

  #told(): Told {
    const listeners = this.#listeners;
    return {
      changed: (session, json) =>
        this.#show(sessionOf(session, json, this.#session, this.#failure)),
      emit: (type, event?) => listeners.emit(type, (event ?? { session: this.#session }) as never),
      refreshFailed: (error, retryAt) => {
        this.#failure = error;
        listeners.emit("refresh-failed", { error, retryAt: retryAt ?? null });
      },
      bare: (why, url) => this.#notes.add(why, url, this.#session),
      lost: (error) => {
        const [{ status }, lostAt] = [this.#session, this.#lostAt];
        this.#lostAt = performance.now();
        this.#home = null;
        this.#show({ ...UNKNOWN, error });
        // The session lives on, by its cookie, and is started again. An engine that traps twice in
        // a minute waits until somebody asks.
        if (status === "authenticated" && this.#lostAt - lostAt > 60_000)
          this.start().catch(() => undefined);
      },
    };
  }
}
