// A keep for the tests of an application: the test says who is signed in and what requests are
// answered. The rules of the real keep that an application sees are kept, without wasm.

import type { TokenKeepError, TokenKeepErrorCode } from "../client/error.js";
import { abortable } from "../client/requests.js";
import { UNKNOWN } from "../client/session.js";
import type {
  Session,
  SignedOutReason,
  TokenKeepEvents,
  TokenResponse,
  Transition,
} from "../client/types.js";
import { exchange, type Turns } from "./exchange.js";
import { Listeners } from "./listeners.js";
import { absolute, Routes, requestOf } from "./routes.js";
import { begun, ended, failed, replied } from "./session.js";
import { claimsOf, fakeToken } from "./token.js";
import type { FakeFailure, FakeKeep, FakeKeepOptions, FakeRoute } from "./types.js";

/** A fake keep whose errors are of the class `Failure`, the one that applications import. */
export function fakeKeepWith(options: FakeKeepOptions, Failure: typeof TokenKeepError): FakeKeep {
  return new Keep(options, Failure);
}

class Keep implements FakeKeep {
  readonly requests: Request[] = [];
  readonly #Failure: typeof TokenKeepError;
  #options: FakeKeepOptions;
  #routes: Routes;
  readonly #listeners = new Listeners();
  readonly #failures = new Map<FakeFailure, TokenKeepError>();
  readonly #transitions: Transition[] = [];
  #session: Session;
  /** The token of this generation, where a reply brought it. */
  #granted: string | null = null;
  /** The claims of a session that the authority knows and this keep has not seen yet. */
  #elsewhere: Session["claims"] | undefined;
  #refreshing: Promise<Session> | null = null;
  /** Whether the first session is still to be told of: at the start, as in a page. */
  #untold = true;
  #closed = false;
  /** Called when the status is no longer "unknown". */
  #waiting: (() => void)[] = [];

  constructor(options: FakeKeepOptions, Failure: typeof TokenKeepError) {
    this.#Failure = Failure;
    this.#options = options;
    this.#routes = new Routes(options.routes ?? {});
    this.#session = firstOf(options);
    if (typeof Symbol.dispose === "symbol")
      Object.defineProperty(this, Symbol.dispose, { value: () => this.close() });
  }

  // What a keep does.

  get session(): Session {
    return this.#session;
  }

  async start({ again = false }: { again?: boolean } = {}): Promise<Session> {
    const failure = this.#failure("start");
    if (failure !== null) throw this.#failed(failure);
    await this.#known();
    if (again && this.#session.status === "authenticated") return this.#shared();
    if (again) this.#findAgain();
    return this.#session;
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

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = requestOf(input, init);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
    signal?.throwIfAborted();
    const isForeign = request.headers.has("Authorization");
    const { unauthorized = [401] } = this.#options;
    const send = (token: string | null) => {
      const copy = request.clone();
      if (token !== null && !isForeign) copy.headers.set("Authorization", `Bearer ${token}`);
      return this.#answer(copy);
    };
    const refused = ({ status, headers }: Response) =>
      unauthorized.includes(status) && !isForeign && (headers.get("WWW-Authenticate") ?? true);
    return abortable(signal, this.#exchange(request.url, send, refused));
  };

  attempt<T>(
    url: string | URL,
    send: (token: string | null) => T | Promise<T>,
    refused: (outcome: T) => boolean | string,
  ): Promise<T> {
    return this.#exchange(absolute(url), send, refused);
  }

  async signIn(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const failure = this.#failure("signIn");
    if (failure !== null) throw failure;
    init.signal?.throwIfAborted();
    const request = requestOf(input, { ...init, credentials: "include" });
    const response = await abortable(init.signal, this.#answer(request));
    const reply = response.ok ? await objectIn(response) : {};
    const { access_token, accessToken = access_token, ...rest } = reply;
    if (typeof accessToken !== "string") return response;
    this.#begin(claimsOf(accessToken), accessToken, replied(rest));
    return new Response(JSON.stringify(rest), {
      status: response.status,
      headers: response.headers,
    });
  }

  async adopt(
    response: TokenResponse,
    { session = "new" }: { session?: "new" | "same" } = {},
  ): Promise<Session> {
    const failure = this.#failure("adopt");
    if (failure !== null) throw failure;
    const token = response.accessToken ?? response.access_token;
    if (typeof token !== "string" || token === "") throw new this.#Failure("refresh_malformed");
    if (session === "new") this.#begin(claimsOf(token), token);
    else if (this.#session.status !== "authenticated") throw new this.#Failure("signed_out");
    else this.#renew(claimsOf(token), token);
    return this.#session;
  }

  refresh(): Promise<Session> {
    return this.#shared();
  }

  async withToken<T>(
    use: (token: string) => T | Promise<T>,
    { signal }: { minValidity?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const failure = this.#failure("withToken");
    if (failure !== null) throw failure;
    signal?.throwIfAborted();
    await abortable(signal, this.#known());
    if (this.#session.status !== "authenticated") throw new this.#Failure("signed_out");
    return use(this.#token());
  }

  async logout(): Promise<void> {
    const failure = this.#failure("logout");
    this.signOut("logout");
    if (failure !== null) throw failure;
  }

  explain(): readonly Transition[] {
    return [...this.#transitions];
  }

  close(): void {
    if (this.#closed) return;
    this.signOut("closed");
    this.#closed = true;
  }

  // What a test says.

  signInAs(claims: Readonly<Record<string, unknown>> | null, members?: Partial<Session>): void {
    this.#begin(claims, null, members);
  }

  signInElsewhere(claims: Readonly<Record<string, unknown>> | null): void {
    this.#elsewhere = claims;
  }

  signOut(reason: SignedOutReason = "rejected"): void {
    const { status } = this.#session;
    this.#elsewhere = undefined;
    this.#granted = null;
    this.#show(reason, ended(reason));
    if (status === "authenticated" || (status === "unknown" && reason === "logout"))
      this.emit("signed-out", { reason });
  }

  setSession(members: Partial<Session>): void {
    this.#show("set-session", members);
  }

  emit<K extends keyof TokenKeepEvents>(type: K, event: TokenKeepEvents[K]): void {
    this.#listeners.emit(type, event);
  }

  failNext(method: FakeFailure, error: TokenKeepErrorCode | TokenKeepError): void {
    this.#failures.set(method, typeof error === "string" ? new this.#Failure(error) : error);
  }

  route(address: string, answer: FakeRoute): void {
    this.#routes.add(address, answer);
  }

  reset(options: FakeKeepOptions = this.#options): void {
    this.#options = options;
    this.#routes = new Routes(options.routes ?? {});
    this.#failures.clear();
    this.#granted = null;
    this.#elsewhere = undefined;
    this.#closed = false;
    this.#show("reset", firstOf(options));
    this.#untold = true;
    this.requests.length = 0;
    this.#transitions.length = 0;
  }

  // How.

  /** Changes members of the session, and tells. */
  #show(event: string, members: Partial<Session>): void {
    const from = this.#session.status;
    const session = Object.freeze({ ...this.#session, ...members });
    this.#session = session;
    this.#untold = false;
    const { status: to, generation } = session;
    this.#transitions.push({ at: Date.now(), event, from, to, generation });
    if (to !== "unknown") for (const go of this.#waiting.splice(0)) go();
    this.emit("change", { session });
  }

  /** A session begins, or another user's follows one. */
  #begin(claims: Session["claims"], token: string | null, members: Partial<Session> = {}): void {
    const { status, claims: before, generation } = this.#session;
    const session = { ...begun(generation + 1, claims), ...replied({}), ...members };
    this.#granted = token;
    this.#show("signed-in", session);
    if (status !== "authenticated") this.emit("signed-in", { session: this.#session });
    else if (isAnother(before?.["sub"], claims?.["sub"]))
      this.emit("user-changed", { session: this.#session });
  }

  /** A new token of the session that is there. */
  #renew(claims: Session["claims"], token: string | null): void {
    const generation = this.#session.generation + 1;
    this.#granted = token;
    this.#show("refreshed", { ...begun(generation, claims) });
    this.emit("refreshed", { generation, by: "this-tab" });
  }

  /** One refresh for all who want one at the same time. */
  #shared(): Promise<Session> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<Session> {
    const failure = this.#failure("refresh");
    await this.#known();
    if (failure !== null) throw this.#failed(failure);
    if (this.#session.status === "authenticated") this.#renew(this.#session.claims, null);
    else if (!this.#findAgain()) throw new this.#Failure("refresh_rejected");
    return this.#session;
  }

  /** Signs in whom the authority knows although nobody is signed in here, if it knows anybody. */
  #findAgain(): boolean {
    const claims = this.#elsewhere;
    if (claims === undefined || this.#session.status !== "anonymous") return false;
    this.#begin(claims, null);
    this.emit("refreshed", { generation: this.#session.generation, by: "this-tab" });
    return true;
  }

  /** Shows what a failed refresh does to the session. */
  #failed(error: TokenKeepError): TokenKeepError {
    const isOver = this.#session.status === "anonymous";
    if (error.code === "refresh_rejected") {
      if (!isOver) this.signOut("rejected");
      return error;
    }
    if (!isOver) this.#show("refresh-failed", failed(error));
    this.emit("refresh-failed", { error, retryAt: this.#session.retryAt });
    return error;
  }

  /** The failure that is due for a method, once. */
  #failure(method: FakeFailure): TokenKeepError | null {
    if (this.#closed) throw new this.#Failure("closed");
    const failure = this.#failures.get(method) ?? null;
    this.#failures.delete(method);
    return failure;
  }

  /** Starts, as the first use of a keep does: waits while the session is unknown. */
  async #known(): Promise<void> {
    if (this.#closed) throw new this.#Failure("closed");
    if (this.#session.status === "unknown")
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else if (this.#untold) this.#tellFirst();
    if (this.#closed) throw new this.#Failure("closed");
  }

  /** Tells of the first session, as a start does. */
  #tellFirst(): void {
    const { status, generation } = this.#session;
    this.#show("started", {});
    if (status !== "authenticated") return;
    this.emit("signed-in", { session: this.#session });
    this.emit("refreshed", { generation, by: "this-tab" });
  }

  #token(): string {
    const { claims, generation } = this.#session;
    if (this.#granted !== null) return this.#granted;
    return claims === null
      ? `fake-token-${generation}`
      : fakeToken({ ...claims, jti: `fake-${generation}` });
  }

  async #exchange<T>(
    url: string,
    send: (token: string | null) => T | Promise<T>,
    refused: (outcome: T) => boolean | string,
  ): Promise<T> {
    await this.#known();
    const turns: Turns = {
      tokenFor: (address) => {
        const { origins } = this.#options;
        const isListed = origins === undefined || origins.includes(new URL(address).origin);
        const { status, generation } = this.#session;
        return isListed && status === "authenticated" ? { token: this.#token(), generation } : null;
      },
      renew: async (generation) => {
        if (this.#session.generation === generation) await this.#shared().catch(() => undefined);
      },
      emit: (type, event) => this.#listeners.emit(type, event),
    };
    return exchange(turns, url, send, refused);
  }

  #answer(request: Request): Promise<Response> {
    this.requests.push(request.clone());
    return this.#routes.answer(request);
  }
}

function firstOf({ claims, session }: FakeKeepOptions): Session {
  return Object.freeze({
    ...UNKNOWN,
    ...replied({}),
    ...(claims === undefined ? ended("no-session") : begun(1, claims)),
    ...session,
  });
}

/** The members of a reply, when it is a JSON object. */
async function objectIn(response: Response): Promise<Record<string, unknown>> {
  const json: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return typeof json === "object" && json !== null ? { ...json } : {};
}

/** Whether these are two users. An opaque token does not tell whose it is. */
function isAnother(before: unknown, now: unknown): boolean {
  return before !== undefined && now !== undefined && before !== now;
}
