// What the cases about DPoP share: clients with keys, whose proofs are signed by jose, and tokens
// that are bound to them.

import { calculateJwkThumbprint, type JWK, type JWTPayload, SignJWT } from "jose";
import type { DpopOptions, ReplayUse, VerifierOptions } from "tokenkeep/edge";
import {
  AUDIENCE,
  base64url,
  bench,
  claims,
  type KeyPair,
  keyPair,
  NOW,
  sign,
  signatureOf,
} from "./kit.ts";

export const TARGET = `${AUDIENCE}/things`;

export interface Client {
  readonly pair: KeyPair;
  /** The public key, with nothing beside it. */
  readonly jwk: JWK;
  readonly jkt: string;
}

const bare = ({ kid: _kid, alg: _alg, ...jwk }: JWK): JWK => jwk;

/** A client; the same for the same name. */
export async function clientOf(name = "client", alg = "ES256"): Promise<Client> {
  const pair = await keyPair(alg, name);
  const jwk = bare(pair.jwk);
  return { pair, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

export interface ProofParts {
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
  /** Gives `ath`. */
  token?: string;
}

let proofs = 0;

/** The members of a good header and payload, changed as asked for. */
async function partsOf({ pair, jwk }: Client, { header, payload, token }: ProofParts) {
  proofs += 1;
  return {
    header: { typ: "dpop+jwt", alg: pair.alg, jwk, ...header },
    payload: {
      jti: `proof ${proofs}`,
      htm: "GET",
      htu: TARGET,
      iat: NOW,
      ...(token === undefined ? {} : { ath: await hashOf(token) }),
      ...payload,
    },
  };
}

/** A proof as jose signs it. A member that is undefined is left out. */
export async function proofBy(client: Client, given: ProofParts = {}): Promise<string> {
  const { header, payload } = await partsOf(client, given);
  const [protectedHeader, written] = JSON.parse(JSON.stringify([header, payload])) as [
    { alg: string },
    JWTPayload,
  ];
  return new SignJWT(written).setProtectedHeader(protectedHeader).sign(client.pair.privateKey);
}

/** A proof of these very texts, signed by ES256. */
export async function rawProof(
  client: Client,
  change: (parts: { header: string; payload: string }) => { header: string; payload: string },
): Promise<string> {
  const { header, payload } = await partsOf(client, {});
  const changed = change({ header: JSON.stringify(header), payload: JSON.stringify(payload) });
  const input = `${base64url(changed.header)}.${base64url(changed.payload)}`;
  return `${input}.${await signatureOf(input, client.pair.privateKey)}`;
}

/** `ath` of a token. */
export async function hashOf(token: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return base64url(new Uint8Array(hash));
}

/** A token that is bound to a client's key. */
export function boundTo({ jkt }: Client, more: Record<string, unknown> = {}): Promise<string> {
  return sign(claims({ cnf: { jkt }, ...more }));
}

/** A verifier with `dpop`. */
export function dpopBench(
  dpop: DpopOptions = {},
  more: Omit<Partial<VerifierOptions>, "issuers"> = {},
) {
  return bench({ dpop, ...more });
}

/** A request with a token and a proof. */
export function withProof(token: string, proof: string | null, init: RequestInit = {}): Request {
  const headers = new Headers({ Authorization: `DPoP ${token}` });
  if (proof !== null) headers.set("DPoP", proof);
  return new Request(TARGET, { ...init, headers });
}

/** A good request of a client. */
export async function requestBy(client: Client, token: string, given: ProofParts = {}) {
  return withProof(token, await proofBy(client, { token, ...given }));
}

export const context = {
  waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined),
};

/** 32 bytes that are all the same. */
export const secretOf = (byte: number) => new Uint8Array(32).fill(byte);

/** A store that lets everything in, and what it was asked. */
export function watchedReplay() {
  const uses: ReplayUse[] = [];
  const firstUse = (use: ReplayUse) => {
    uses.push(use);
    return true;
  };
  return { uses, replay: { firstUse } };
}
