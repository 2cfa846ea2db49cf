// DPoP keys and proofs (RFC 9449), as a page of the application makes them.

import { encodeBase64url, encodeJson } from "../js/shared/base64url.ts";

export interface Prover {
  /** The thumbprint of its key (RFC 7638). */
  readonly jkt: string;
  /** A proof for a POST. `change`: members of the payload that are others; `signedBy`: another. */
  proof(url: URL, change?: object, signedBy?: Prover): Promise<string>;
  sign(text: string): Promise<string>;
}

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const bytesOf = (text: string) => new TextEncoder().encode(text);

export async function newProver(): Promise<Prover> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ECDSA, false, ["sign"]);
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const jwk = { crv, kty, x, y };
  const hash = await crypto.subtle.digest("SHA-256", bytesOf(JSON.stringify(jwk)));
  const prover: Prover = {
    jkt: encodeBase64url(new Uint8Array(hash)),
    async proof(url, change = {}, signedBy = prover) {
      const header = encodeJson({ typ: "dpop+jwt", alg: "ES256", jwk });
      const payload = {
        jti: crypto.randomUUID(),
        htm: "POST",
        htu: url.origin + url.pathname,
        iat: Math.floor(Date.now() / 1000),
        ...change,
      };
      const input = `${header}.${encodeJson(payload)}`;
      return `${input}.${await signedBy.sign(input)}`;
    },
    async sign(text) {
      const signature = await crypto.subtle.sign(ECDSA, privateKey, bytesOf(text));
      return encodeBase64url(new Uint8Array(signature));
    },
  };
  return prover;
}
