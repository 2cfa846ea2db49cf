// An authority and an API that bind tokens to keys (RFC 9449). They check each proof with jose,
// which knows nothing of ours.

import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from "jose";
import { type Call, json, jwt, type Reply, type Scene } from "./harness.ts";

/** A proof that was taken, and where it came. */
export interface Proof {
  readonly path: string;
  readonly header: { readonly typ: string; readonly alg: string; readonly jwk: JWK };
  readonly claims: Readonly<Record<string, unknown>>;
  readonly thumbprint: string;
}

export class Binding {
  readonly proofs: Proof[] = [];
  /** The nonces that are wanted, by server; null: none is. */
  readonly nonces: { authority: string | null; api: string | null } = {
    authority: null,
    api: null,
  };
  /** The nonces that an answer hands out, where other than what is wanted. */
  readonly handsOut: { api?: string | null } = {};
  /** Seconds by which a proof may be off, and by which the servers' clock is ahead. */
  window = 300;
  ahead = 0;
  /** What refresh calls have to name, where other than their address. */
  tokenEndpoint: string | undefined;
  tokenType: string | undefined = "DPoP";
  isDateExposed = true;
  readonly bound = new Map<string, string>();
  readonly #scene: Scene;

  /** Makes the authority of a scene, and `/orders` of its API, want proofs. */
  constructor(scene: Scene) {
    this.#scene = scene;
    scene.authority.on("/session/refresh", (call) => this.grant(call));
    scene.authority.on("/login", (call) => this.grant(call));
    scene.api.on("/orders", (call) => this.serve(call));
  }

  /** The proofs that came to a path. */
  to(path: string): Proof[] {
    return this.proofs.filter((proof) => proof.path === path);
  }

  async grant(call: Call): Promise<Reply> {
    const { nonces, tokenType, tokenEndpoint } = this;
    const at = tokenEndpoint ?? `${this.#scene.at.authority}${call.path}`;
    const proof = await this.check(call, at, nonces.authority);
    if (typeof proof === "string")
      return json({ error: proof }, 400, this.#headers(nonces.authority));
    const iat = Math.floor(Date.now() / 1000) + this.ahead;
    const token = jwt({ sub: "ada", iat, cnf: { jkt: proof.thumbprint }, n: this.bound.size });
    this.bound.set(token, proof.thumbprint);
    this.#scene.valid.add(token);
    const reply = { access_token: token, expires_in: this.#scene.lifetime, token_type: tokenType };
    return json(reply, 200, this.#headers(nonces.authority));
  }

  async serve(call: Call): Promise<Reply> {
    const { nonces, handsOut } = this;
    const given = handsOut.api === undefined ? nonces.api : handsOut.api;
    const refuse = (challenge: string) =>
      json({}, 401, { ...this.#headers(given), "WWW-Authenticate": challenge });
    const [scheme, token = ""] = call.headers.authorization?.split(" ") ?? [];
    if (scheme !== "DPoP") return refuse('DPoP algs="ES256 Ed25519"');
    const proof = await this.check(call, `${this.#scene.at.api}${call.path}`, nonces.api, token);
    if (typeof proof === "string") return refuse(`DPoP error="${proof}", algs="ES256"`);
    if (!this.#scene.valid.has(token) || this.bound.get(token) !== proof.thumbprint)
      return refuse('DPoP error="invalid_token", algs="ES256"');
    return json({ body: call.body.toString() }, 200, this.#headers(given));
  }

  /** The proof of a call, or what is wrong with it. */
  async check(
    call: Call,
    htu: string,
    nonce: string | null,
    token?: string,
  ): Promise<Proof | string> {
    const { authorization } = call.headers;
    if (token === undefined && authorization !== undefined) return "unexpected_token";
    try {
      const text = String(call.headers["dpop"]);
      const { payload, protectedHeader } = await jwtVerify(text, EmbeddedJWK, { typ: "dpop+jwt" });
      const now = Date.now() / 1000 + this.ahead;
      const isGood =
        payload["htm"] === call.method &&
        payload["htu"] === htu &&
        (nonce !== null || Math.abs((payload.iat ?? 0) - now) <= this.window) &&
        payload["ath"] === (token === undefined ? undefined : await hashOf(token)) &&
        !this.proofs.some(({ claims }) => claims["jti"] === payload.jti);
      if (!isGood) return "invalid_dpop_proof";
      if (nonce !== null && payload["nonce"] !== nonce) return "use_dpop_nonce";
      const header = protectedHeader as unknown as Proof["header"];
      const thumbprint = await calculateJwkThumbprint(header.jwk);
      const proof = { path: call.path, header, claims: payload, thumbprint };
      this.proofs.push(proof);
      return proof;
    } catch {
      return "invalid_dpop_proof";
    }
  }

  #headers(nonce: string | null): Record<string, string> {
    const exposed = ["WWW-Authenticate", "Retry-After", "DPoP-Nonce"];
    if (this.isDateExposed) exposed.push("Date");
    return {
      Date: new Date(Date.now() + this.ahead * 1000).toUTCString(),
      "Access-Control-Expose-Headers": exposed.join(", "),
      ...(nonce === null ? {} : { "DPoP-Nonce": nonce }),
    };
  }
}

async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return Buffer.from(digest).toString("base64url");
}
