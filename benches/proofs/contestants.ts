// Who checks DPoP proofs, by the same checks: header and claims, the key's thumbprint, the hash of
// the token, the signature, and that the proof is new. Each client comes again and again. tokenkeep
// does the whole of `authenticate`, with a token that it remembers.

import {
  calculateJwkThumbprint,
  EmbeddedJWK,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import { createVerifier, memoryReplay } from "tokenkeep/edge";

export const TARGET = "https://api.example/orders/17";
export const NAMES = ["nothing", "signature alone", "jose", "tokenkeep"] as const;
const CLIENTS = 10;

export interface Proof {
  readonly text: string;
  readonly token: string;
  readonly jkt: string;
  readonly jwk: JWK;
  readonly issuerKey: JWK;
}

export type Contestant = (proof: Proof) => Promise<unknown>;

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

async function hashOf(token: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return base64url(new Uint8Array(hash));
}

const ISSUER = "https://issuer.example";

/** Proofs by ten clients, each for a token of 700 characters. */
export async function proofsOf(count: number): Promise<readonly Proof[]> {
  const issuer = await generateKeyPair("ES256");
  const issuerKey = await exportJWK(issuer.publicKey);
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, place) => {
      const { privateKey, publicKey } = await generateKeyPair("ES256");
      const jwk = await exportJWK(publicKey);
      const jkt = await calculateJwkThumbprint(jwk);
      const token = await new SignJWT({ cnf: { jkt }, scope: "read write ".repeat(20) })
        .setProtectedHeader({ alg: "ES256" })
        .setIssuer(ISSUER)
        .setAudience("api")
        .setSubject(`user ${place}`)
        .setExpirationTime("6h")
        .sign(issuer.privateKey);
      return { privateKey, jwk, token, jkt, ath: await hashOf(token) };
    }),
  );
  const proof = async (place: number): Promise<Proof> => {
    const { privateKey, jwk, token, jkt, ath } = clients[place % CLIENTS]!;
    const text = await new SignJWT({ htm: "GET", htu: TARGET, ath })
      .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk: jwk as never })
      .setJti(`${place}`.padStart(22, "j"))
      .setIssuedAt()
      .sign(privateKey);
    return { text, token, jkt, jwk, issuerKey };
  };
  return Promise.all(Array.from({ length: count }, (_, place) => proof(place)));
}

export async function contestants(proofs: readonly Proof[]): Promise<Record<string, Contestant>> {
  const keys = new Map<string, CryptoKey>();
  for (const { jkt, jwk } of proofs)
    if (!keys.has(jkt)) keys.set(jkt, (await importJWK(jwk, "ES256")) as CryptoKey);
  const parts = new Map(
    proofs.map(({ text }) => {
      const dot = text.lastIndexOf(".");
      const signature = Uint8Array.from(
        atob(
          text
            .slice(dot + 1)
            .replace(/-/g, "+")
            .replace(/_/g, "/"),
        ),
        (character) => character.charCodeAt(0),
      );
      return [text, { signature, signed: new TextEncoder().encode(text.slice(0, dot)) }];
    }),
  );
  const seen = new Set<string>();
  const hour = 3_600;
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: "api",
      algorithms: ["ES256"],
      jwks: { keys: [{ ...proofs[0]!.issuerKey }] },
    },
    dpop: { maxProofAge: 600, replay },
  });
  const requests = new Map(
    proofs.map(({ text, token }) => [
      text,
      new Request(TARGET, { headers: { Authorization: `DPoP ${token}`, DPoP: text } }),
    ]),
  );
  return {
    async nothing() {},
    async "signature alone"({ text, jkt }) {
      const { signature, signed } = parts.get(text)!;
      const how = { name: "ECDSA", hash: "SHA-256" };
      if (!(await crypto.subtle.verify(how, keys.get(jkt)!, signature, signed))) throw new Error();
    },
    async jose({ text, token, jkt }) {
      const { payload, protectedHeader } = await jwtVerify(text, EmbeddedJWK, {
        typ: "dpop+jwt",
        algorithms: ["ES256", "EdDSA"],
        maxTokenAge: hour,
        clockTolerance: 30,
        requiredClaims: ["jti", "htm", "htu", "ath"],
      });
      const { htm, htu, ath, jti = "" } = payload;
      const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk!);
      if (htm !== "GET" || htu !== TARGET || ath !== (await hashOf(token)) || thumbprint !== jkt)
        throw new Error("another proof");
      const name = `${thumbprint} ${jti}`;
      if (seen.has(name)) seen.delete(name);
      seen.add(name);
    },
    tokenkeep: ({ text }) => verifier.authenticate(requests.get(text)!),
  };
}

/** The proofs come again in later rounds: each counts as new, and is noted all the same. */
const memory = memoryReplay({ max: 1_000_000 });
let round = 0;
const replay: ReturnType<typeof memoryReplay> = {
  firstUse: (use) => memory.firstUse({ ...use, name: `${(round += 1)} ${use.name}` }),
};
