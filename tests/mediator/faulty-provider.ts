// A provider of our own that says whatever a test wants, also what a good one never says. It is
// called by the mediator's option `fetch`, and a test plays the user's browser.

import assert from "node:assert/strict";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import {
  createMediator,
  type Mediator,
  type MediatorEvent,
  type MediatorOptions,
  memorySessions,
  storedSessions,
} from "tokenkeep/mediator";
import { APP, Browser, URL_OF_MEDIATOR } from "./browser.ts";

export const ISSUER = "https://login.example.com";
export const CLIENT_ID = "web";
export const SECRET = "the client's secret + ä";
export const KEY = "a key of the tests that is longer than 32 bytes";

type Answer = Response | undefined | Promise<Response | undefined>;
type Claims = Record<string, unknown>;

export const json = (body: unknown, init: ResponseInit = {}) =>
  Response.json(body, { headers: { "Content-Type": "application/json" }, ...init });
export const oauthError = (error: string, status = 400) =>
  json({ error, error_description: "<script>alert(1)</script>" }, { status });

export class FaultyProvider {
  /** Calls by endpoint. */
  readonly calls: {
    readonly endpoint: string;
    readonly form: URLSearchParams;
    readonly headers: Headers;
  }[] = [];
  /** Milliseconds since the test began: time passes by this alone. */
  offset = 0;
  readonly #began = Math.floor(Date.now() / 1000) * 1000;
  /** What stands in for an endpoint's own answer; undefined: its own. */
  answers: Partial<Record<string, (form: URLSearchParams, headers: Headers) => Answer>> = {};
  /** Members of the metadata; undefined takes one out. */
  metadata: Claims = {};
  /** Claims of ID tokens beside the usual ones. */
  idToken: Claims | ((claims: Claims) => Claims) = {};
  /** Members of token answers. */
  tokens: Claims = {};
  /** Refresh tokens work once, and a used one revokes its session. */
  rotates = false;
  redirectUri = `${URL_OF_MEDIATOR}/callback`;
  lifetime = 300;
  readonly revoked: string[] = [];
  signing!: { key: CryptoKey; jwk: JWK };
  readonly #codes = new Map<string, { nonce: string; challenge: string }>();
  /** The refresh token that counts, by session. */
  readonly #living = new Map<string, string>();
  #made = 0;

  static async make(): Promise<FaultyProvider> {
    const provider = new FaultyProvider();
    const pair = await generateKeyPair("ES256", { extractable: true });
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: "one", alg: "ES256", use: "sig" };
    provider.signing = { key: pair.privateKey, jwk };
    return provider;
  }

  count(endpoint: string): number {
    return this.calls.filter((call) => call.endpoint === endpoint).length;
  }

  /** How often tokens were asked for by a refresh token. */
  get refreshes(): number {
    return this.calls.filter(({ form }) => form.get("grant_type") === "refresh_token").length;
  }

  readonly clock = (): number => this.#began + this.offset;

  readonly fetch = async (input: string, init: RequestInit): Promise<Response> => {
    const { pathname, origin } = new URL(input);
    assert.equal(origin, ISSUER);
    const endpoint = pathname.slice(pathname.lastIndexOf("/") + 1);
    const form = new URLSearchParams(String(init.body ?? ""));
    const headers = new Headers(init.headers);
    this.calls.push({ endpoint, form, headers });
    const own = await this.answers[endpoint]?.(form, headers);
    return own ?? (await this.#answer(endpoint, form));
  };

  async #answer(endpoint: string, form: URLSearchParams): Promise<Response> {
    switch (endpoint) {
      case "openid-configuration":
      case "oauth-authorization-server":
        return json({
          issuer: ISSUER,
          authorization_endpoint: `${ISSUER}/authorize`,
          token_endpoint: `${ISSUER}/token`,
          jwks_uri: `${ISSUER}/jwks`,
          revocation_endpoint: `${ISSUER}/revoke`,
          userinfo_endpoint: `${ISSUER}/userinfo`,
          end_session_endpoint: `${ISSUER}/logout`,
          id_token_signing_alg_values_supported: ["ES256"],
          ...this.metadata,
        });
      case "jwks":
        return json({ keys: [this.signing.jwk] });
      case "revoke":
        this.revoked.push(form.get("token") ?? "");
        return new Response(null);
      case "userinfo":
        return json({ sub: "alice", email: "alice@example.com" });
      case "par":
        return json({ request_uri: "urn:request:1", expires_in: 60 }, { status: 201 });
      case "token":
        return form.get("grant_type") === "refresh_token"
          ? this.#refresh(form)
          : this.#exchange(form);
      default:
        return new Response("<h1>Not found</h1>", { status: 404 });
    }
  }

  async #exchange(form: URLSearchParams): Promise<Response> {
    const code = this.#codes.get(form.get("code") ?? "");
    if (code === undefined) return oauthError("invalid_grant");
    this.#codes.delete(form.get("code") ?? "");
    assert.equal(form.get("redirect_uri"), this.redirectUri);
    const hash = await crypto.subtle.digest(
      "SHA-256",
      new TextEncoder().encode(form.get("code_verifier") ?? ""),
    );
    assert.equal(Buffer.from(hash).toString("base64url"), code.challenge);
    const session = `session${(this.#made += 1)}`;
    this.#living.set(session, `${session}.0`);
    return json({
      access_token: `access.${session}.0`,
      token_type: "Bearer",
      expires_in: this.lifetime,
      refresh_token: `${session}.0`,
      id_token: await this.sign({ nonce: code.nonce, sid: session }),
      ...this.tokens,
    });
  }

  #refresh(form: URLSearchParams): Response {
    const presented = form.get("refresh_token") ?? "";
    const [session = "", turn = ""] = presented.split(".");
    const living = this.#living.get(session);
    if (living === undefined) return oauthError("invalid_grant");
    if (this.rotates && living !== presented) {
      // A used one is taken for stolen.
      this.#living.delete(session);
      return oauthError("invalid_grant");
    }
    const next = `${session}.${Number(turn) + 1}`;
    if (this.rotates) this.#living.set(session, next);
    return json({
      access_token: `access.${session}.${(this.#made += 1)}`,
      token_type: "Bearer",
      expires_in: this.lifetime,
      ...(this.rotates ? { refresh_token: next } : {}),
      ...this.tokens,
    });
  }

  async sign(more: Claims, header: Claims = {}): Promise<string> {
    const now = Math.floor(this.clock() / 1000);
    const usual: Claims = { iss: ISSUER, aud: CLIENT_ID, sub: "alice", iat: now, exp: now + 3_600 };
    const { idToken } = this;
    const claims =
      typeof idToken === "function"
        ? idToken({ ...usual, ...more })
        : { ...usual, ...more, ...idToken };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "one", ...header })
      .sign(this.signing.key);
  }

  /** What the provider's page makes of an authorization request when the user agrees. */
  agree(request: URL): URLSearchParams {
    const code = `code${(this.#made += 1)}`;
    this.#codes.set(code, {
      nonce: request.searchParams.get("nonce") ?? "",
      challenge: request.searchParams.get("code_challenge") ?? "",
    });
    return new URLSearchParams({ code, state: request.searchParams.get("state") ?? "" });
  }
}

export interface World {
  readonly provider: FaultyProvider;
  readonly mediator: Mediator;
  readonly browser: Browser;
  readonly events: MediatorEvent[];
  /** A further browser. */
  visitor(): Browser;
  signIn(browser?: Browser, query?: string): Promise<Response>;
}

export function mediatorFor(
  provider: FaultyProvider,
  options: Partial<MediatorOptions> = {},
): Mediator {
  return createMediator({
    provider: { issuer: ISSUER },
    client: { id: CLIENT_ID, auth: { method: "client_secret_basic", secret: SECRET } },
    url: URL_OF_MEDIATOR,
    apps: [APP, "https://other.example.com"],
    sessions: storedSessions(memorySessions(), { keys: [KEY] }),
    fetch: provider.fetch,
    clock: provider.clock,
    ...options,
  });
}

/** A mediator in front of a faulty provider, and a browser that is signed out. */
export async function world(options: Partial<MediatorOptions> = {}): Promise<World> {
  const provider = await FaultyProvider.make();
  const events: MediatorEvent[] = [];
  const mediator = mediatorFor(provider, { onEvent: (event) => events.push(event), ...options });
  const browser = new Browser(mediator);
  const signIn = async (visitor = browser, query = "") => {
    const request = await visitor.begin(query);
    return visitor.navigate(`callback?${provider.agree(request)}`, "cross");
  };
  return { provider, mediator, browser, events, visitor: () => new Browser(mediator), signIn };
}

/** The same, and signed in. */
export async function signedIn(options: Partial<MediatorOptions> = {}): Promise<World> {
  const made = await world(options);
  const response = await made.signIn();
  assert.match(response.headers.get("Location") ?? "", /tokenkeep=in$/);
  return made;
}
