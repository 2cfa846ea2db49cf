// The OpenID provider: its metadata, and each call to it, through oauth4webapi. What a call comes
// to is a value here, or an `EndpointFailure`; ID tokens are judged by the verifier of
// `tokenkeep/edge`.

import type {
  AuthorizationServer,
  Client,
  HttpRequestOptions,
  TokenEndpointResponse,
} from "oauth4webapi";
import * as oauth from "oauth4webapi";
import type { Claims } from "../edge/result/verified.js";
import { createVerifier } from "../edge.js";
import { ask, EndpointFailure, type RequestOptions } from "../oauth/ask.js";
import { NotSignedIn } from "./failed.js";
import type { Tokens } from "./sessions.js";
import type { Settings } from "./settings.js";
import type { About, Report } from "./setup.js";
import type { Transaction } from "./sign-in.js";
import type { SignInErrorCode } from "./sign-in-error.js";

/** Milliseconds that metadata counts. If it can't be renewed then, it counts on. */
const METADATA_LIFE = 3_600_000;
/** Milliseconds until it is asked for again, after a failure. */
const METADATA_RETRY = 60_000;
/** Bytes of an answer of the provider. */
const MOST_BYTES = 262_144;
/** Milliseconds for keys. A refresh that waits for them ends before its lease all the same. */
const KEYS_TIMEOUT = 3_000;

/** What the errors of an authorization answer mean to a page. */
const ERRORS: Readonly<Record<string, SignInErrorCode>> = {
  __proto__: null as never,
  access_denied: "cancelled",
  interaction_required: "interaction_required",
  login_required: "interaction_required",
  consent_required: "interaction_required",
  account_selection_required: "interaction_required",
  unmet_authentication_requirements: "step_up_failed",
  server_error: "provider_unavailable",
  temporarily_unavailable: "provider_unavailable",
  unauthorized_client: "misconfigured",
  invalid_scope: "misconfigured",
  invalid_target: "misconfigured",
};

/** The library's types tell a call without a body from one with it. */
const asGet = (options: RequestOptions) => options as unknown as HttpRequestOptions<"GET">;

type Endpoint = "authorization_endpoint" | "end_session_endpoint" | "jwks_uri";

export type Provider = ReturnType<typeof connect>;

export function connect(settings: Settings, report: Report) {
  const { provider, client: own, authenticate, clock, fetch, timeout, url } = settings;
  const { issuer, discovery, algorithms, pushed } = provider;
  const redirectUri = `${url}/callback`;
  const allowHttp = issuer.startsWith("http:");
  const bounds = { fetch, timeout, maxBytes: MOST_BYTES, now: clock, allowHttp };
  const resources = new URLSearchParams(provider.resource.map((one) => ["resource", one]));
  let known: { readonly server: AuthorizationServer; readonly until: number } | undefined;

  /** How tokens of the provider are verified. Its metadata says where its keys are. */
  const trust = {
    issuers: { issuer, audience: own.client_id, algorithms, jwksUri: "https://keys.invalid" },
    jwks: {
      fetch: async (_: string, init: RequestInit) =>
        fetch(endpointOf(await ready(), "jwks_uri").href, init),
      timeout: KEYS_TIMEOUT,
    },
    clock,
  };
  const verifier = createVerifier({
    ...trust,
    profile: "id-token",
    // OpenID Connect Core 1.0 section 3.1.3.7, points 3 to 5.
    check: ({ aud, azp }) =>
      azp === undefined ? !Array.isArray(aud) || aud.length === 1 : azp === own.client_id,
    resultCacheSize: 0,
  });

  /** @throws {EndpointFailure} "misconfigured": the metadata has no such endpoint */
  function endpointOf(server: AuthorizationServer, name: Endpoint): URL {
    const text = server[name] ?? "";
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url?.protocol === "https:" || (allowHttp && url?.protocol === "http:")) return url;
    throw new EndpointFailure("misconfigured", 200);
  }

  /**
   * The metadata: what is known, or what the provider says now.
   *
   * @throws {EndpointFailure}
   */
  async function ready(): Promise<AuthorizationServer> {
    if (known !== undefined && clock() < known.until) return known.server;
    try {
      const server =
        typeof discovery === "string"
          ? await discover(discovery)
          : (discovery as AuthorizationServer);
      endpointOf(server, "jwks_uri");
      known = { server, until: clock() + METADATA_LIFE };
    } catch (failure) {
      if (known === undefined) throw failure;
      known = { ...known, until: clock() + METADATA_RETRY };
    }
    return known.server;
  }

  async function discover(algorithm: "oidc" | "oauth2"): Promise<AuthorizationServer> {
    const at = new URL(issuer);
    const server = await ask(bounds, async (options) =>
      oauth.processDiscoveryResponse(
        at,
        await oauth.discoveryRequest(at, { ...asGet(options), algorithm }),
      ),
    );
    // The library compares addresses, and `iss` is a text.
    if (server.issuer !== issuer) throw new EndpointFailure("misconfigured", 200);
    return server;
  }

  /** @throws {EndpointFailure} */
  async function call<T>(
    run: (server: AuthorizationServer, client: Client, options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const server = await ready();
    const client: Client = {
      ...own,
      [oauth.clockSkew]: Math.round((clock() - Date.now()) / 1000),
      // The library takes a list too. Ed25519 has two names; which count, the verifier judges.
      id_token_signed_response_alg: [...algorithms, "EdDSA", "Ed25519"] as never,
    };
    return ask(bounds, (options) => run(server, client, options));
  }

  /** @throws when it is no bearer token, or none that a header can carry */
  function tokensOf(answer: TokenEndpointResponse): Tokens {
    const { access_token, token_type, expires_in, refresh_token, id_token } = answer;
    if (token_type !== "bearer" || !/^[\x21-\x7e]+$/.test(access_token)) throw new Error();
    return {
      accessToken: access_token,
      expiresIn: expires_in === undefined ? null : Math.floor(expires_in),
      refreshToken: refresh_token ?? null,
      idToken: id_token ?? null,
      obtainedAt: clock(),
    };
  }

  return {
    trust,
    ready,
    redirectUri,

    /** @throws {EndpointFailure} */
    endpoint: async (name: Endpoint): Promise<URL> => endpointOf(await ready(), name),

    /**
     * Where a sign-in with these parameters begins (RFC 6749 section 4.1.1, RFC 9126).
     *
     * @throws {EndpointFailure}
     */
    async authorization(parameters: URLSearchParams): Promise<URL> {
      const server = await ready();
      const page = endpointOf(server, "authorization_endpoint");
      const { pushed_authorization_request_endpoint: offered } = server;
      let shown = parameters;
      if (pushed === "always" || (pushed === "auto" && offered !== undefined)) {
        const { request_uri } = await call(async (server, client, options) =>
          oauth.processPushedAuthorizationResponse(
            server,
            client,
            await oauth.pushedAuthorizationRequest(
              server,
              client,
              authenticate,
              parameters,
              options,
            ),
          ),
        );
        shown = new URLSearchParams({ client_id: own.client_id, request_uri });
      }
      for (const [name, value] of shown) page.searchParams.append(name, value);
      return page;
    },

    /**
     * Exchanges the code of an answer that is the provider's, to this sign-in. The signature of the
     * ID token is still to be verified.
     *
     * @throws {EndpointFailure | NotSignedIn}
     */
    async exchange(
      answer: URLSearchParams,
      { state, verifier, nonce }: Transaction,
    ): Promise<Tokens> {
      const server = await ready();
      let code: URLSearchParams;
      try {
        code = oauth.validateAuthResponse(server, own, answer, state);
      } catch (error) {
        throw new NotSignedIn(ERRORS[Object(error).error] ?? "provider_error");
      }
      return call(async (server, client, options) =>
        tokensOf(
          await oauth.processAuthorizationCodeResponse(
            server,
            client,
            await oauth.authorizationCodeGrantRequest(
              server,
              client,
              authenticate,
              code,
              redirectUri,
              verifier,
              { ...options, additionalParameters: resources },
            ),
            { expectedNonce: nonce, requireIdToken: true },
          ),
        ),
      );
    },

    /** @throws {EndpointFailure} */
    refresh(refreshToken: string): Promise<Tokens> {
      return call(async (server, client, options) => {
        const answer = await oauth.refreshTokenGrantRequest(
          server,
          client,
          authenticate,
          refreshToken,
          {
            ...options,
            additionalParameters: resources,
          },
        );
        // The ID token is judged apart: a flaw in it must not cost the new refresh token.
        const { id_token, ...rest } = (await answer.json()) as Record<string, unknown>;
        const others = new Response(JSON.stringify(rest), answer);
        const tokens = tokensOf(await oauth.processRefreshTokenResponse(server, client, others));
        return { ...tokens, idToken: typeof id_token === "string" ? id_token : null };
      });
    },

    /**
     * The claims of an ID token that is the provider's, for this client, and good.
     *
     * @throws {VerifyError}
     */
    async idTokenClaims(idToken: string): Promise<Claims> {
      return (await verifier.verify(idToken)).claims;
    },

    /** @throws {EndpointFailure} also where `sub` is another */
    userInfo(accessToken: string, subject: string): Promise<Claims> {
      return call(async (server, client, options) =>
        oauth.processUserInfoResponse(
          server,
          client,
          subject,
          await oauth.userInfoRequest(server, client, accessToken, asGet(options)),
        ),
      );
    },

    /** Revokes a refresh token (RFC 7009). That it can't be done is an event. */
    async revoke(refreshToken: string | null, about: About): Promise<void> {
      if (refreshToken === null) return;
      try {
        const { revocation_endpoint: offered } = await ready();
        if (offered === undefined)
          return report("revocation-failed", { ...about, code: "no_endpoint" });
        await call(async (server, client, options) =>
          oauth.processRevocationResponse(
            await oauth.revocationRequest(server, client, authenticate, refreshToken, {
              ...options,
              additionalParameters: { token_type_hint: "refresh_token" },
            }),
          ),
        );
      } catch {
        report("revocation-failed", about);
      }
    },
  };
}
