// The OpenID provider: its metadata, and each call to it, through oauth4webapi. What a call comes
// to is a value here, or an `EndpointFailure`; ID tokens are judged by the verifier of
// `tokenkeep/edge`.

import {
  type AuthorizationServer,
  authorizationCodeGrantRequest,
  type Client,
  clockSkew,
  discoveryRequest,
  type HttpRequestOptions,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processPushedAuthorizationResponse,
  processRefreshTokenResponse,
  processRevocationResponse,
  processUserInfoResponse,
  pushedAuthorizationRequest,
  refreshTokenGrantRequest,
  revocationRequest,
  type TokenEndpointResponse,
  userInfoRequest,
} from "oauth4webapi";
import type { Claims, Verifier } from "../edge/result/verified.js";
import { createVerifier } from "../edge.js";
import { ask, EndpointFailure, type RequestOptions } from "../oauth/ask.js";
import { clientOf, type KnownClient } from "../oauth/client.js";
import { invalidOption } from "./error.js";
import type { Tokens } from "./sessions.js";
import type { Settings } from "./settings.js";

/** Milliseconds that metadata counts. If it can't be renewed then, it counts on. */
const METADATA_LIFE = 3_600_000;
/** Milliseconds until it is asked for again, after a failure. */
const METADATA_RETRY = 60_000;
/** Bytes of an answer of the provider. */
const MOST_BYTES = 262_144;
/** Milliseconds for keys. A refresh that waits for them ends before its lease all the same. */
const KEYS_TIMEOUT = 3_000;

/** The library's types tell a call without a body from one with it. */
const asGet = (options: RequestOptions) => options as unknown as HttpRequestOptions<"GET">;

interface Known {
  readonly server: AuthorizationServer;
  readonly verifier: Verifier;
  readonly readAt: number;
}

export class Provider {
  readonly #settings: Settings;
  readonly #client: KnownClient;
  #known: Known | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#client = clientOf(settings.client, invalidOption, settings.clock);
  }

  get redirectUri(): string {
    return `${this.#settings.url}/callback`;
  }

  /**
   * The metadata: what is known, or what the provider says now.
   *
   * @throws {EndpointFailure}
   */
  async ready(): Promise<AuthorizationServer> {
    const { provider, clock } = this.#settings;
    const known = this.#known;
    if (known !== null && clock() - known.readAt < METADATA_LIFE) return known.server;
    try {
      const server =
        typeof provider.discovery === "object"
          ? (provider.discovery as AuthorizationServer)
          : await this.#discover(provider.discovery);
      this.#known = { server, verifier: this.#verifierFor(server), readAt: clock() };
      return server;
    } catch (failure) {
      if (known === null) throw failure;
      this.#known = { ...known, readAt: clock() - METADATA_LIFE + METADATA_RETRY };
      return known.server;
    }
  }

  /**
   * An endpoint of the metadata that browsers are sent to, or null.
   *
   * @throws {EndpointFailure}
   */
  async endpoint(name: "authorization_endpoint" | "end_session_endpoint"): Promise<URL | null> {
    const text = (await this.ready())[name];
    if (typeof text !== "string" || !URL.canParse(text)) return null;
    const url = new URL(text);
    return url.protocol === "https:" || (this.#isLocal && url.protocol === "http:") ? url : null;
  }

  /**
   * Where a sign-in with these parameters begins (RFC 6749 section 4.1.1, RFC 9126).
   *
   * @throws {EndpointFailure}
   */
  async authorization(parameters: URLSearchParams): Promise<URL> {
    const { pushed } = this.#settings.provider;
    const url = await this.endpoint("authorization_endpoint");
    const server = await this.ready();
    if (url === null) throw new EndpointFailure("misconfigured");
    let shown = parameters;
    if (
      pushed === "always" ||
      (pushed === "auto" && server.pushed_authorization_request_endpoint !== undefined)
    ) {
      const { request_uri } = await this.#ask(async (client, options) =>
        processPushedAuthorizationResponse(
          server,
          client,
          await pushedAuthorizationRequest(
            server,
            client,
            this.#client.authenticate,
            parameters,
            options,
          ),
        ),
      );
      shown = new URLSearchParams({ client_id: this.#client.client.client_id, request_uri });
    }
    for (const [name, value] of shown) url.searchParams.append(name, value);
    return url;
  }

  /**
   * Exchanges a code. `callback`: what `validateAuthResponse` gave. The signature of the ID token
   * is still to be verified.
   *
   * @throws {EndpointFailure}
   */
  async exchange(
    callback: URLSearchParams,
    { verifier, nonce }: { verifier: string; nonce: string },
  ): Promise<Tokens> {
    const server = await this.ready();
    return this.#ask(async (client, options) =>
      this.#tokensOf(
        await processAuthorizationCodeResponse(
          server,
          client,
          await authorizationCodeGrantRequest(
            server,
            client,
            this.#client.authenticate,
            callback,
            this.redirectUri,
            verifier,
            { ...options, additionalParameters: this.#resources() },
          ),
          { expectedNonce: nonce, requireIdToken: true },
        ),
      ),
    );
  }

  /** @throws {EndpointFailure} */
  async refresh(refreshToken: string): Promise<Tokens> {
    const server = await this.ready();
    return this.#ask(async (client, options) => {
      const answer = await refreshTokenGrantRequest(
        server,
        client,
        this.#client.authenticate,
        refreshToken,
        { ...options, additionalParameters: this.#resources() },
      );
      // The ID token is judged apart: a flaw in it must not cost the new refresh token.
      let idToken: unknown;
      let rest = answer;
      if (answer.status === 200) {
        const { id_token, ...others } = (await answer.clone().json()) as Record<string, unknown>;
        idToken = id_token;
        rest = new Response(JSON.stringify(others), { headers: answer.headers });
      }
      const tokens = this.#tokensOf(await processRefreshTokenResponse(server, client, rest));
      return { ...tokens, idToken: typeof idToken === "string" ? idToken : null };
    });
  }

  /**
   * The claims of an ID token that is the provider's, for this client, and good.
   *
   * @throws {VerifyError}
   */
  async idTokenClaims(idToken: string): Promise<Claims> {
    await this.ready();
    const verified = await this.#known?.verifier.verify(idToken);
    return verified?.claims ?? {};
  }

  /** @throws {EndpointFailure} also where `sub` is another */
  async userInfo(accessToken: string, subject: string): Promise<Claims> {
    const server = await this.ready();
    return this.#ask(async (client, options) =>
      processUserInfoResponse(
        server,
        client,
        subject,
        await userInfoRequest(server, client, accessToken, asGet(options)),
      ),
    );
  }

  /**
   * Revokes a refresh token (RFC 7009). False: the provider has no endpoint for it.
   *
   * @throws {EndpointFailure}
   */
  async revoke(refreshToken: string): Promise<boolean> {
    const server = await this.ready();
    if (server.revocation_endpoint === undefined) return false;
    await this.#ask(async (client, options) =>
      processRevocationResponse(
        await revocationRequest(server, client, this.#client.authenticate, refreshToken, {
          ...options,
          additionalParameters: { token_type_hint: "refresh_token" },
        }),
      ),
    );
    return true;
  }

  get #isLocal(): boolean {
    return this.#settings.provider.issuer.startsWith("http:");
  }

  async #discover(algorithm: "oidc" | "oauth2"): Promise<AuthorizationServer> {
    const { issuer } = this.#settings.provider;
    const server = await this.#ask(async (_client, options) =>
      processDiscoveryResponse(
        new URL(issuer),
        await discoveryRequest(new URL(issuer), { ...asGet(options), algorithm }),
      ),
    );
    // The library compares addresses, and `iss` is a text.
    if (server.issuer !== issuer) throw new EndpointFailure("misconfigured", 200);
    return server;
  }

  #verifierFor({ jwks_uri = "" }: AuthorizationServer): Verifier {
    const { provider, client, clock, fetch } = this.#settings;
    try {
      return createVerifier({
        issuers: {
          issuer: provider.issuer,
          audience: client.id,
          algorithms: provider.algorithms,
          jwksUri: jwks_uri,
        },
        profile: "id-token",
        // OpenID Connect Core 1.0 section 3.1.3.7, points 3 to 5.
        check: ({ aud, azp }) =>
          azp === undefined ? !Array.isArray(aud) || aud.length === 1 : azp === client.id,
        resultCacheSize: 0,
        clock,
        jwks: { fetch, timeout: KEYS_TIMEOUT },
      });
    } catch (cause) {
      throw new EndpointFailure("misconfigured", 200, null, null, cause);
    }
  }

  #ask<T>(run: (client: Client, options: RequestOptions) => Promise<T>): Promise<T> {
    const { fetch, timeout, clock, provider } = this.#settings;
    const client: Client = {
      ...this.#client.client,
      [clockSkew]: Math.round((clock() - Date.now()) / 1000),
      // The library takes a list too. Ed25519 has two names; which count, the verifier judges.
      id_token_signed_response_alg: [...provider.algorithms, "EdDSA", "Ed25519"] as never,
    };
    const bounds = { fetch, timeout, maxBytes: MOST_BYTES, now: clock, allowHttp: this.#isLocal };
    return ask(bounds, (options) => run(client, options));
  }

  #resources(): URLSearchParams {
    return new URLSearchParams(this.#settings.provider.resource.map((one) => ["resource", one]));
  }

  /** @throws when it is no bearer token, or none that a header can carry */
  #tokensOf(answer: TokenEndpointResponse): Tokens {
    const { access_token, token_type, expires_in, refresh_token, id_token } = answer;
    if (token_type !== "bearer" || !/^[\x21-\x7e]+$/.test(access_token)) throw new Error();
    return {
      accessToken: access_token,
      expiresIn: expires_in === undefined ? null : Math.floor(expires_in),
      refreshToken: refresh_token ?? null,
      idToken: id_token ?? null,
      obtainedAt: this.#settings.clock(),
    };
  }
}
