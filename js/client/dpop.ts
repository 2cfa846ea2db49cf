// Proofs of possession (RFC 9449): the key, the proofs, the nonces of servers and their clock. A
// chunk of its own that brings nothing of the client along: who needs no proofs loads none of it.

import { encodeBase64url, encodeJson } from "../base64url.js";
import type { KeptKey, OriginKeys } from "./dpop-key.js";

/** The option `dpop`, checked. */
export interface ProofSettings {
  readonly algorithm: "ES256" | "Ed25519";
  /** What proofs of refresh and sign-in calls name; `undefined`: the address of the call. */
  readonly tokenEndpoint: string | undefined;
  /** The name of a key that all tabs share; `undefined`: this tab has its own. */
  readonly keptAs: string | undefined;
}

/** The faults that an answer finds in a proof (RFC 9449 sections 5 and 8). */
const FAULTS = ["use_dpop_nonce", "invalid_dpop_proof"] as const;
type Fault = (typeof FAULTS)[number];

/** What sets the token on a request, and returns its generation, 0 for none. */
interface Authorizer {
  authorize(request: Request, logout: boolean): number;
}

/** What came of a request that was sent with the token of a generation. */
export interface Delivered<T> {
  readonly outcome: T;
  readonly generation: number;
  /**
   * The challenge with which the token was refused. `undefined`: it was not. `null`: no other token
   * helps.
   */
  readonly challenge: string | null | undefined;
}

/**
 * Sends a request with the token. `refused`: what came of it before; returned again when there is
 * no token any more, and given up otherwise.
 */
export type Deliver<T> = (request: Request, refused?: Delivered<T>) => Promise<Delivered<T>>;

/** What the chunk has from the client, which it must not bring along. */
export interface Borrowed {
  /** The challenges in a `WWW-Authenticate`, by their parameters. */
  challengesOf(field: string): readonly Map<string, string>[];
  /** The JSON of an answer, read within bounds. */
  jsonOf(response: Response, restOf: (bytes: Uint8Array) => Uint8Array): Promise<unknown>;
  /** The error for a key that can't be made. */
  unavailable(cause: unknown): Error;
  loadKeys(): Promise<{ OriginKeys: typeof OriginKeys }>;
}

/** What a proof was made with. */
interface Sent {
  readonly nonce: string | undefined;
  readonly offset: number;
}

/** The key of one keep: made in this realm, never told to anybody. */
interface Key {
  readonly privateKey: CryptoKey;
  readonly parameters: EcdsaParams;
  /** The first part of each proof. */
  readonly header: string;
  readonly x: string;
}

/** By the milliseconds that a clock has to be off until it is corrected. */
const LEAST_ERROR = 2_000;
const LEAST_FAULT = 5_000;

/** RFC 9449 section 8.1: `1*NQCHAR`. The bound is ours. */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/;

export class Prover {
  #key: Promise<Key>;
  readonly #makeKey: () => Promise<Key>;
  readonly #keys: OriginKeys | null;
  readonly #tokenEndpoint: string | undefined;
  readonly #borrowed: Borrowed;
  /** The last nonce of each origin. */
  readonly #nonces = new Map<string, string>();
  readonly #sent = new WeakMap<Request, Sent>();
  /** Milliseconds by which the servers' clock is ahead of this one. */
  #offset = 0;
  /** When the last token that tells it was issued. */
  #issuedAt = 0;
  /** The hash of the last token, by its engine and generation. The token itself is not kept. */
  #hashed: { engine: Authorizer; generation: number; hash: string } | null = null;

  private constructor(settings: ProofSettings, borrowed: Borrowed, keys: OriginKeys | null) {
    this.#tokenEndpoint = settings.tokenEndpoint;
    this.#borrowed = borrowed;
    this.#keys = keys;
    this.#makeKey = () =>
      keyOf(settings.algorithm, keys).catch((cause) => {
        throw borrowed.unavailable(cause);
      });
    this.#key = this.#makeKey();
  }

  /** Makes a key. Rejects where there can be none. */
  static async with(settings: ProofSettings, borrowed: Borrowed): Promise<Prover> {
    const { keptAs } = settings;
    const keys = keptAs === undefined ? null : new (await borrowed.loadKeys()).OriginKeys(keptAs);
    const prover = new Prover(settings, borrowed, keys);
    await prover.#key;
    return prover;
  }

  /** The session is over. After a logout a shared key goes, and another one takes its place. */
  over(reason: string): void {
    const [keys, old] = [this.#keys, this.#key];
    if (keys === null || !reason.startsWith("logout")) return;
    this.#key = old.then(({ x }) => keys.forget(x)).then(this.#makeKey, this.#makeKey);
    // Whoever needs it hears of a failure.
    this.#key.catch(() => undefined);
  }

  /**
   * How one request to an API is sent. Once a request, where the proof is found at fault and a
   * better one can be made, a copy of `spare` follows.
   */
  delivery<T>(
    engine: Authorizer,
    spare: Request | null,
    send: (request: Request) => T | Promise<T>,
    challengeOf: (outcome: T) => string | null | undefined,
    discard: (outcome: T) => void,
  ): Deliver<T> {
    let mayRepeat = spare !== null;
    const deliver: Deliver<T> = async (given, refused) => {
      // The spare one is kept for a repeat.
      const request = given === spare ? spare.clone() : given;
      const generation = await this.#authorize(request, engine);
      request.signal.throwIfAborted();
      if (refused) {
        if (generation === 0) return refused;
        discard(refused.outcome);
      }
      const outcome = await send(request);
      const challenge = generation === 0 ? undefined : challengeOf(outcome);
      const fault = this.#faultIn(challenge ?? "");
      const told = { outcome, generation, challenge: fault ? null : challenge };
      if (!this.#learn(request, outcome, fault) || spare === null || !mayRepeat) return told;
      mayRepeat = false;
      return deliver(spare, told);
    };
    return deliver;
  }

  /**
   * Sends a call to the authority with a proof. Where the proof is found at fault and a better one
   * can be made, `next` is sent too. Returns the last answer, and whether its fault is the proof.
   */
  async call(
    request: Request,
    next: () => Request | null,
    send: (request: Request) => Promise<Response>,
  ): Promise<[response: Response, isProofRefused: boolean]> {
    // A logout has the token with it.
    const token = tokenOf(request);
    const url = token ? undefined : this.#tokenEndpoint;
    await this.#sign(request, url, token && (await hashOf(token)));
    const response = await send(request);
    const fault = await this.#faultOf(response);
    this.#correct(response, LEAST_ERROR);
    const spare = this.#learn(request, response, fault) ? next() : null;
    if (spare === null) return [response, fault !== undefined];
    response.body?.cancel().catch(() => undefined);
    return this.call(spare, () => null, send);
  }

  /** A proof for a token that was lent; `undefined` where tokens are bound to nothing. */
  async prove(
    engine: Authorizer,
    token: string | null,
    method: string,
    url: string | URL,
  ): Promise<string | undefined> {
    const request = new Request(url);
    const generation = engine.authorize(request, false);
    const current = tokenOf(request);
    if (!token || current === undefined) return undefined;
    const isCurrent = token === current;
    const hash = isCurrent ? await this.#hashOf(token, engine, generation) : await hashOf(token);
    const at = new URL(request.url);
    return this.#proof(method, at, this.#nonces.get(at.origin), hash);
  }

  /** Learns the time from a new token, for where the `Date` of its reply can't be seen. */
  issued(claims: Uint8Array | undefined): void {
    const { iat } = claims ? JSON.parse(new TextDecoder().decode(claims)) : {};
    if (typeof iat !== "number" || iat === this.#issuedAt) return;
    this.#issuedAt = iat;
    this.#moveTo(iat * 1000, LEAST_FAULT);
  }

  /** Sets the token on a request to an API, and a proof beside it where its type wants one. */
  async #authorize(request: Request, engine: Authorizer): Promise<number> {
    for (;;) {
      const generation = engine.authorize(request, false);
      const token = tokenOf(request);
      if (token === undefined) return generation;
      const hash = await this.#hashOf(token, engine, generation);
      await this.#sign(request, undefined, hash);
      if (engine.authorize(request, false) === generation) return generation;
      // Meanwhile the token was renewed, or the session ended.
      request.headers.delete("Authorization");
      request.headers.delete("DPoP");
    }
  }

  /**
   * Learns from the answer to a request that had a proof. Returns whether its fault is the proof,
   * and a better one can be made now.
   */
  #learn(request: Request, response: unknown, fault: Fault | undefined): boolean {
    const sent = this.#sent.get(request);
    // After a redirect the answer is somebody else's, and the proof named another address.
    if (sent === undefined || !(response instanceof Response) || response.redirected) return false;
    const { origin } = new URL(request.url);
    const nonce = response.headers.get("DPoP-Nonce") ?? "";
    if (NONCE.test(nonce)) this.#nonces.set(origin, nonce);
    if (fault === "invalid_dpop_proof") this.#correct(response, LEAST_FAULT);
    return fault === "use_dpop_nonce"
      ? this.#nonces.get(origin) !== sent.nonce
      : fault !== undefined && this.#offset !== sent.offset;
  }

  #faultIn(field: string, code?: unknown): Fault | undefined {
    const errors = this.#borrowed.challengesOf(field).map((challenge) => challenge.get("error"));
    return FAULTS.find((fault) => fault === code || errors.includes(fault));
  }

  async #faultOf(response: Response): Promise<Fault | undefined> {
    if (response.status !== 400 && response.status !== 401) return undefined;
    const body = await this.#borrowed.jsonOf(response.clone(), (bytes) => bytes);
    const { error } = Object(body) as { error?: unknown };
    return this.#faultIn(response.headers.get("WWW-Authenticate") ?? "", error);
  }

  #correct(response: Response, least: number): void {
    // A `Date` has whole seconds, and half of one has passed on average.
    this.#moveTo(Date.parse(response.headers.get("Date") ?? "") + 500, least);
  }

  #moveTo(now: number, least: number): void {
    const error = now - (Date.now() + this.#offset);
    if (Math.abs(error) > least) this.#offset += error;
  }

  /** Of the token that an engine holds, once a generation. */
  async #hashOf(token: string, engine: Authorizer, generation: number): Promise<string> {
    if (this.#hashed?.engine === engine && this.#hashed.generation === generation)
      return this.#hashed.hash;
    const hash = await hashOf(token);
    this.#hashed = { engine, generation, hash };
    return hash;
  }

  /** Puts a proof on a request, which names `url` where that is another address. */
  async #sign(request: Request, url: string | undefined, hash: string | undefined): Promise<void> {
    const at = new URL(request.url);
    const sent = { nonce: this.#nonces.get(at.origin), offset: this.#offset };
    const named = url === undefined ? at : new URL(url);
    request.headers.set("DPoP", await this.#proof(request.method, named, sent.nonce, hash));
    this.#sent.set(request, sent);
  }

  async #proof(
    htm: string,
    { origin, pathname }: URL,
    nonce: string | undefined,
    ath: string | undefined,
  ): Promise<string> {
    const claims = {
      jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
      htm,
      htu: origin + pathname,
      iat: Math.floor((Date.now() + this.#offset) / 1000),
      ath,
      nonce,
    };
    const { privateKey, parameters, header } = await this.#key;
    const signed = `${header}.${encodeJson(claims)}`;
    const bytes = new TextEncoder().encode(signed);
    const signature = await crypto.subtle.sign(parameters, privateKey, bytes);
    return `${signed}.${encodeBase64url(new Uint8Array(signature))}`;
  }
}

/** The token of a request, if it is bound to a key. */
function tokenOf({ headers }: Request): string | undefined {
  return /^DPoP (.+)/.exec(headers.get("Authorization") ?? "")?.[1];
}

/** A new key, or with `keys` the one that is there already. */
async function keyOf(algorithm: KeptKey["alg"], keys: OriginKeys | null): Promise<Key> {
  const made = await newKey(algorithm).catch((error) => {
    if (algorithm === "ES256") throw error;
    return newKey("ES256");
  });
  const { alg, publicKey, privateKey } = (await keys?.keep(made)) ?? made;
  const { kty, crv, x = "", y } = await crypto.subtle.exportKey("jwk", publicKey);
  const header = encodeJson({ typ: "dpop+jwt", alg, jwk: { kty, crv, x, y } });
  return { privateKey, parameters: PARAMETERS[alg], header, x };
}

const PARAMETERS: Readonly<Record<KeptKey["alg"], EcdsaParams & EcKeyGenParams>> = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  Ed25519: { name: "Ed25519", namedCurve: "", hash: "" },
};

async function newKey(alg: KeptKey["alg"]): Promise<KeptKey> {
  const pair = await crypto.subtle.generateKey(PARAMETERS[alg], false, ["sign"]);
  const { publicKey, privateKey } = pair as CryptoKeyPair;
  const { x = "" } = await crypto.subtle.exportKey("jwk", publicKey);
  return { v: 1, alg, x, publicKey, privateKey };
}

/** RFC 9449 section 4.2: the hash of the token as it stands in the header. */
async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return encodeBase64url(new Uint8Array(digest));
}
