// What the cases of the edge suite share: the register they enter, and an authority whose tokens
// are signed by jose and whose key endpoint is the verifier's own `fetch` option. Runs in Node and,
// bundled, inside workerd; so nothing here is Node's alone.

import assert from "node:assert/strict";
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from "jose";
import {
  createVerifier,
  type IssuerOptions,
  type Jwk,
  type JwksStore,
  type StoredJwks,
  type VerifierEvent,
  type VerifierOptions,
  VerifyError,
} from "tokenkeep/edge";

/** What a Worker's `ctx` offers of itself. */
export interface ExecutionContextLike {
  waitUntil(promise: Promise<unknown>): void;
}

export interface Case {
  readonly name: string;
  /** In workerd with the context of the request that runs it; elsewhere there is none. */
  readonly run: (context: ExecutionContextLike | null) => Promise<void>;
  /** "node": what it shows rests on promises that requests share, which on Workers they do not. */
  readonly where: "node" | "everywhere";
}

export const cases: Case[] = [];

/** In Workers they belong to the request that made them. */
export const PROMISES_ARE_SHARED = globalThis.navigator?.userAgent !== "Cloudflare-Workers";

/** Enters a case under its id. */
export function edge(name: string, run: Case["run"], where: Case["where"] = "everywhere"): void {
  cases.push({ name, run, where });
}

/** Seconds; where every test's clock begins. */
export const NOW = 1_800_000_000;
export const ISSUER = "https://issuer.example";
export const AUDIENCE = "https://api.example";

export interface KeyPair {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK & { kid: string };
}

const kept = new Map<string, Promise<KeyPair>>();

/** A key pair; the same for the same names, for making one is slow. */
export function keyPair(alg = "ES256", kid = "k1"): Promise<KeyPair> {
  const name = `${alg} ${kid}`;
  const made = kept.get(name) ?? makeKeyPair(alg, kid);
  kept.set(name, made);
  return made;
}

export async function makeKeyPair(alg: string, kid: string): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

export function claims(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { iss: ISSUER, aud: AUDIENCE, sub: "alice", iat: NOW, exp: NOW + 900, jti: "t1", ...more };
}

/** A token as jose signs it; a header member or claim that is undefined is left out. */
export async function sign(
  payload: Record<string, unknown> = claims(),
  header: Record<string, unknown> = {},
  pair?: KeyPair,
): Promise<string> {
  const { alg, kid, privateKey } = pair ?? (await keyPair());
  const protectedHeader = JSON.parse(JSON.stringify({ alg, kid, typ: "JWT", ...header })) as {
    alg: string;
  };
  return new SignJWT(JSON.parse(JSON.stringify(payload)) as JWTPayload)
    .setProtectedHeader(protectedHeader)
    .sign(privateKey);
}

/** Waits until it holds, however long this machine takes. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 6_000, "it never came true");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function base64url(bytes: Uint8Array | string): string {
  const text =
    typeof bytes === "string"
      ? String.fromCharCode(...new TextEncoder().encode(bytes))
      : String.fromCharCode(...bytes);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) =>
    character.charCodeAt(0),
  );
}

/**
 * Signs the very bytes given, by the platform, where jose would not write such a header or payload.
 */
export async function signRaw(
  header: Uint8Array | string,
  payload: Uint8Array | string,
  pair?: KeyPair,
): Promise<string> {
  const { privateKey } = pair ?? (await keyPair());
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${await signatureOf(input, privateKey)}`;
}

/** An ES256 signature over a text. */
export async function signatureOf(input: string, privateKey: CryptoKey): Promise<string> {
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    privateKey,
    new TextEncoder().encode(input),
  );
  return base64url(new Uint8Array(signature));
}

/** A clock that stands until it is moved; milliseconds. */
export class Clock {
  now = NOW * 1000;
  readonly read = () => this.now;
  /** Seconds. */
  forward(seconds: number): void {
    this.now += seconds * 1000;
  }
}

/** The key endpoint. */
export class Endpoint {
  fetches = 0;
  requests: { url: string; init: RequestInit }[] = [];
  keys: Jwk[];
  answer: (init: RequestInit) => Response | Promise<Response> = () =>
    Response.json({ keys: this.keys });
  constructor(...keys: Jwk[]) {
    this.keys = keys;
  }
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    this.fetches += 1;
    this.requests.push({ url, init });
    return this.answer(init);
  };
}

/** A store of key sets in memory, and what it was asked for. */
export class Shelf implements JwksStore {
  readonly entries = new Map<string, StoredJwks>();
  readonly asked = new Set<string>();
  async get(key: string): Promise<StoredJwks | null> {
    this.asked.add(key);
    return this.entries.get(key) ?? null;
  }
  async put(key: string, value: StoredJwks): Promise<void> {
    this.entries.set(key, value);
  }
}

export interface Bench {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly events: VerifierEvent[];
  readonly verifier: ReturnType<typeof createVerifier>;
}

type More = Omit<Partial<VerifierOptions>, "issuers"> & {
  issuer?: Partial<IssuerOptions>;
  keys?: Jwk[];
  endpoint?: Endpoint;
  clockAt?: Clock;
};

/**
 * A verifier for the usual issuer, with an endpoint and a clock to play with. The slack is 0 unless
 * asked for.
 */
export async function bench({
  issuer = {},
  keys,
  endpoint: given,
  clockAt,
  jwks,
  ...options
}: More = {}): Promise<Bench> {
  const endpoint = given ?? new Endpoint(...(keys ?? [(await keyPair()).jwk]));
  const clock = clockAt ?? new Clock();
  const events: VerifierEvent[] = [];
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}/jwks.json`,
      ...issuer,
    },
    clockTolerance: 0,
    clock: clock.read,
    onEvent: (event) => events.push(event),
    jwks: { fetch: endpoint.fetch, ...jwks },
    ...options,
  });
  return { endpoint, clock, events, verifier };
}

/** The error that a promise rejects with, which must be a VerifyError. */
export async function refusal(promise: Promise<unknown>): Promise<VerifyError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof VerifyError, `not a VerifyError: ${String(error)}`);
    return error;
  }
  throw new assert.AssertionError({ message: "it was accepted" });
}

/** Refused, with this code. */
export async function refused(
  promise: Promise<unknown>,
  code: string,
  note = "",
): Promise<VerifyError> {
  const error = await refusal(promise);
  assert.equal(error.code, code, note);
  return error;
}

/** `config_invalid`, at once. */
export function misconfigured(make: () => unknown, note = ""): void {
  assert.throws(
    make,
    (error) => error instanceof VerifyError && error.code === "config_invalid",
    note,
  );
}
