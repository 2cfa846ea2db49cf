// A keep for the tests of an application: the test says who is signed in and what requests are
// answered. The rules of the real keep that an application sees are kept, without wasm.

import { originOf } from "../client/addresses.js";
import type { TokenKeepError, TokenKeepErrorCode } from "../client/error.js";
import { bareOf, Notes } from "../client/notes.js";
import { isReplayable } from "../client/requests.js";
import type {
  Prove,
  Session,
  SignedOutReason,
  TokenKeepEvents,
  TokenResponse,
  Transition,
} from "../client/types.js";
import { abortable, signalOf } from "../shared/patience.js";
import { Exchange, type Sending } from "./exchange.js";
import { Listeners } from "./listeners.js";
import { granted, grantIn, membersIn, replied } from "./reply.js";
import { Routes, requestOf } from "./routes.js";
import { FakeSession } from "./session.js";
import { claimsOf } from "./token.js";
import type { FakeFailure, FakeKeep, FakeKeepOptions, FakeRoute } from "./types.js";

/** A fake keep whose errors are of the class `Failure`, the one that applications import. */
export function fakeKeepWith(options: FakeKeepOptions, Failure: typeof TokenKeepError): FakeKeep {
  return new Keep(options, Failure);
}

class Keep implements FakeKeep {
  readonly requests: Request[] = [];
  readonly #Failure: typeof TokenKeepError;
  readonly #listeners = new Listeners();
  readonly #session: FakeSession;
  readonly #failures = new Map<FakeFailure, TokenKeepError>();
  readonly #exchange: Exchange;
  #notes = new Notes();
  #options: FakeKeepOptions;
  #routes: Routes;
  /** The claims of a session that the authority knows and this keep has not seen yet. */
  #elsewhere: Session["claims"] | undefined;
  #refreshing: Promise<Session> | null = null;
  #closed = false;

  constructor(options: FakeKeepOptions, Failure: typeof TokenKeepError) {
    this.#Failure = Failure;
    this.#options = options;
    this.#routes = new Routes(options.routes ?? {});
    this.#session = new FakeSession(options, this.#listeners);
    this.#exchange = new Exchange({
      token: () => {
        const { status, generation } = this.session;
        return status === "authenticated" ? { token: this.#session.token, generation } : null;
      },
      renew: async (generation) => {
        if (this.session.generation === generation) await this.#shared().catch(() => undefined);
      },
      emit: (type, event) => this.#listeners.emit(type, event),
    });
    if (typeof Symbol.dispose === "symbol")
      Object.defineProperty(this, Symbol.dispose, { value: () => this.close() });
  }

  // What a keep does.

  get session(): Session {
    return this.#session.snapshot;
  }

  async start({ again = false }: { again?: boolean } = {}): Promise<Session> {
    const failure = this.#failure("start");
    if (failure !== null) throw this.#failed(failure);
    await this.#known();
    if (again && this.session.status === "authenticated") return this.#shared();
    if (again) this.#findElsewhere();
    return this.session;
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
    const replayable = isReplayable(input, init, request);
    const signal = signalOf(input, init);
    const { unauthorized = [401] } = this.#options;
    const send = (token: string | null) => {
      signal?.throwIfAborted();
      const copy = request.clone();
      if (token !== null) copy.headers.set("Authorization", `Bearer ${token}`);
      return this.#answer(copy);
    };
    const refused = ({ status, headers }: Response) =>
      unauthorized.includes(status) && (headers.get("WWW-Authenticate") ?? true);
    return abortable(signal, () =>
      this.#send(request, { url: request.url, replayable, send, refused }),
    );
  };

  async attempt<T>(
    url: string | URL,
    send: (token: string | null) => T | Promise<T>,
    refused: (outcome: T) => boolean | string,
  ): Promise<T> {
    const request = requestOf(url);
    return this.#send(request, { url: request.url, replayable: true, send, refused });
  }

  async signIn(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const request = requestOf(input, { ...init, credentials: "include", cache: "no-store" });
    return abortable(signalOf(input, init), async () => {
      const failure = this.#failure("signIn");
      if (failure !== null) throw failure;
      const response = await this.#answer(request);
      const members = await membersIn(response);
      const grant = grantIn(members);
      if (grant === undefined) return response;
      if (grant === null) throw new this.#Failure("refresh_malformed");
      const { access_token: _, accessToken: __, ...rest } = members ?? {};
      this.#session.begin(claimsOf(grant.token), { reply: replied(rest) }, grant);
      const { status, statusText } = response;
      const headers = new Headers(response.headers);
      for (const name of ["Content-Length", "Content-Encoding"]) headers.delete(name);
      return new Response(JSON.stringify(rest), { status, statusText, headers });
    });
  }

  async adopt(
    response: TokenResponse,
    { session = "new" }: { session?: "new" | "same" } = {},
  ): Promise<Session> {
    const failure = this.#failure("adopt");
    if (failure !== null) throw failure;
    const { access_token, accessToken, expires_in, expiresIn, token_type } = {
      ...(response as TokenResponse | null),
    };
    const grant = granted(accessToken ?? access_token, expiresIn ?? expires_in, token_type);
    if (grant === null) throw new this.#Failure("refresh_malformed");
    if (session === "new") this.#session.begin(claimsOf(grant.token), {}, grant);
    else if (this.session.status !== "authenticated") throw new this.#Failure("signed_out");
    else this.#session.slide(grant);
    return this.session;
  }

  refresh(): Promise<Session> {
    return this.#shared();
  }

  async withToken<T>(
    use: (token: string, prove: Prove) => T | Promise<T>,
    { minValidity = 0, signal }: { minValidity?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const failure = this.#failure("withToken");
    if (failure !== null) throw failure;
    await abortable(signal, () => this.#valid(minValidity * 1000));
    if (this.session.status !== "authenticated") throw new this.#Failure("signed_out");
    // The tokens of a fake are bound to no key.
    return use(this.#session.token, async () => {
      throw new this.#Failure("dpop_unavailable");
    });
  }

  async logout(): Promise<void> {
    const failure = this.#failure("logout");
    this.signOut("logout");
    if (failure !== null) throw failure;
    this.#listeners.emit("logout-answered", { status: 204, body: null });
  }

  explain(): readonly Transition[] {
    return this.#notes.among(this.#session.transitions);
  }

  close(): void {
    if (this.#closed) return;
    this.signOut("closed");
    this.#closed = true;
  }

  // What a test says.

  signInAs(claims: Session["claims"], members?: Partial<Session>): void {
    this.#session.begin(claims, members);
  }

  signInElsewhere(claims: Session["claims"]): void {
    this.#elsewhere = claims;
  }

  signOut(reason: SignedOutReason = "rejected"): void {
    this.#elsewhere = undefined;
    this.#session.end(reason);
  }

  setSession(members: Partial<Session>): void {
    this.#session.change("set-session", members);
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
    this.#notes = new Notes();
    this.#elsewhere = undefined;
    this.#closed = false;
    this.requests.length = 0;
    this.#session.reset(options);
  }

  // How.

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
    if (this.session.status === "authenticated") this.#session.renew();
    else if (!this.#findElsewhere()) throw new this.#Failure("refresh_rejected");
    return this.session;
  }

  /** Signs in whom the authority knows although nobody is signed in here, if it knows anybody. */
  #findElsewhere(): boolean {
    const claims = this.#elsewhere;
    if (claims === undefined || this.session.status !== "anonymous") return false;
    this.#session.begin(claims);
    this.#listeners.emit("refreshed", { generation: this.session.generation, by: "this-tab" });
    return true;
  }

  #failed(error: TokenKeepError): TokenKeepError {
    this.#session.fail(error);
    return error;
  }

  /** The failure that is due for a method, once. */
  #failure(method: FakeFailure): TokenKeepError | null {
    if (this.#closed) throw new this.#Failure("closed");
    const failure = this.#failures.get(method) ?? null;
    this.#failures.delete(method);
    return failure;
  }

  /** Starts, as the first use of a keep does. */
  async #known(): Promise<void> {
    if (this.#closed) throw new this.#Failure("closed");
    await this.#session.known();
    if (this.#closed) throw new this.#Failure("closed");
  }

  /** Renews a token that has less than so many milliseconds left. The best there is will do. */
  async #valid(validity: number): Promise<void> {
    await this.#known();
    const { expiresAt } = this.session;
    if (expiresAt !== null && validity > 0 && expiresAt - Date.now() <= validity)
      await this.#shared();
  }

  /** Sends by the rule, or without a token, which waits for nothing. */
  async #send<T>(request: Request, sending: Sending<T>): Promise<T> {
    if (this.#closed) throw new this.#Failure("closed");
    const { origins } = this.#options;
    const isListed = !origins || origins.map(originOf).includes(originOf(request.url));
    const why = bareOf(request, isListed, false);
    if (why) {
      this.#notes.add(why, request.url, this.session);
      return sending.send(null);
    }
    await this.#known();
    return this.#exchange.send(sending);
  }

  #answer(request: Request): Promise<Response> {
    this.requests.push(request.clone());
    return this.#routes.answer(request);
  }
}
