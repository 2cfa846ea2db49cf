// The OpenID provider: each call to it, through oauth4webapi. What a call comes to is a value here,
// or an `EndpointFailure`. ID tokens are judged by the verifier of `tokenkeep/edge` alone.

import type { AuthorizationServer, HttpRequestOptions } from "oauth4webapi";
import type { VerifyError } from "../edge/request/error.js";
import type { Claims } from "../edge/result/verified.js";
import { createVerifier } from "../edge.js";
import { ask, EndpointFailure, type RequestOptions } from "../oauth/ask.js";
import { oauth } from "../oauth/library.js";
import { discover, remembered } from "../oauth/metadata.js";
import { isText } from "../shared/options.js";
import type { Tokens } from "./sessions.js";
import type { Settings } from "./settings.js";
import type { About, Report } from "./setup.js";

/** Milliseconds that metadata counts. */
const METADATA_LIFE = 3_600_000;
/** Bytes of an answer of the provider. */
const MOST_BYTES = 262_144;
/** Milliseconds for keys. A refresh that waits for them ends before its lease all the same. */
const KEYS_TIMEOUT = 3_000;

/** What a header can carry. */
const TOKEN = /^[!-~]+$/;

/** What the library takes; its types tell a call without a body from one with it. */
type Options = RequestOptions & HttpRequestOptions<"GET"> & HttpRequestOptions<"POST">;
/** Makes requests of the library. */
type Run<T> = (server: AuthorizationServer, options: Options) => Promise<T>;
/** Endpoints that the library does not call. */
type Endpoint = "authorization_endpoint" | "end_session_endpoint" | "jwks_uri";

export type Provider = ReturnType<typeof connect>;

export function connect(settings: Settings, report: Report) {
  const { issuer, discovery, algorithms, resource, pushed, url } = settings;
  const { client, authenticate, clock, fetch, timeout } = settings;
  const allowHttp = issuer.startsWith("http:");
  const bounds = { fetch, timeout, maxBytes: MOST_BYTES, now: clock, allowHttp };
  const scheme = allowHttp ? /^https?:/ : /^https:/;

  /** How tokens of the provider are verified. Its metadata says where its keys are. */
  const trust = {
    issuers: { issuer, audience: client.client_id, algorithms, jwksUri: "https://keys.invalid" },
    jwks: {
      fetch: async (_: string, init: RequestInit) => fetch((await endpoint("jwks_uri")).href, init),
      timeout: Math.min(timeout, KEYS_TIMEOUT),
    },
    clock,
  };
  const verifier = createVerifier({
    ...trust,
    profile: "id-token",
    // OpenID Connect Core 1.0 section 3.1.3.7, points 3 to 5, and section 2.
    check: ({ aud, azp, auth_time = 0 }) =>
      (azp === undefined ? [aud].flat().length === 1 : azp === client.client_id) &&
      typeof auth_time === "number",
    resultCacheSize: 0,
  });

  /** @throws {EndpointFailure} "misconfigured": there is no such endpoint, or it is http: */
  const endpointIn = (server: AuthorizationServer, name: Endpoint) => {
    const address = server[name] ?? "";
    if (!scheme.test(address) || !URL.canParse(address)) throw new EndpointFailure("misconfigured");
    return new URL(address);
  };

  const { current: metadata } = remembered(async () => {
    const [server] =
      typeof discovery === "string"
        ? await ask(bounds, (options) => discover(issuer, discovery, options))
        : [discovery];
    // The library compares what the addresses mean, and `iss` is a text.
    if (server.issuer !== issuer) throw new EndpointFailure("misconfigured");
    endpointIn(server, "jwks_uri");
    return [server, METADATA_LIFE];
  }, clock);

  /** @throws {EndpointFailure} */
  const endpoint = async (name: Endpoint) => endpointIn(await metadata(), name);

  /** @throws {EndpointFailure} */
  const call = async <T>(run: Run<T>): Promise<T> => {
    const server = await metadata();
    return ask(bounds, (options) => run(server, options as Options));
  };

  /**
   * The tokens of an answer. The ID token is still to be judged: a flaw in it must not cost the new
   * refresh token.
   *
   * @param request asks the token endpoint
   * @param held has the refresh token and the ID token, where the answer has none
   * @throws {EndpointFailure} also where it is no bearer token, or none that a header can carry
   */
  const tokens = (request: Run<Response>, held?: Tokens) =>
    call(async (server, options): Promise<Tokens> => {
      const additionalParameters = resource.map((one) => ["resource", one]);
      const answer = await request(server, { ...options, additionalParameters } as never);
      const { access_token, token_type, expires_in, refresh_token, id_token } = await answer.json();
      // Not with the library, which would refuse all of it for a flaw in the ID token.
      if (!/^bearer$/i.test(token_type) || !isText(access_token) || !TOKEN.test(access_token))
        throw new Error();
      return {
        accessToken: access_token,
        expiresIn: expires_in > 0 ? Math.floor(expires_in) : null,
        refreshToken: isText(refresh_token) ? refresh_token : (held?.refreshToken ?? null),
        idToken: isText(id_token) ? id_token : (held?.idToken ?? null),
        obtainedAt: clock(),
      };
    });

  return {
    trust,
    metadata,
    endpoint,

    /**
     * Where a sign-in with these parameters begins (RFC 6749 section 4.1.1, RFC 9126).
     *
     * @throws {EndpointFailure}
     */
    async authorizationAddress(parameters: URLSearchParams): Promise<URL> {
      const page = await endpoint("authorization_endpoint");
      const { pushed_authorization_request_endpoint: offered } = await metadata();
      let shown = parameters;
      if (pushed === "always" || (pushed === "auto" && offered !== undefined)) {
        const { request_uri } = await call(async (server, options) =>
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
        shown = new URLSearchParams({ client_id: client.client_id, request_uri });
      }
      for (const [name, value] of shown) page.searchParams.append(name, value);
      return page;
    },

    /**
     * @param code what `validateAuthResponse` gave
     * @throws {EndpointFailure}
     */
    exchange: (code: URLSearchParams, verifier: string) =>
      tokens((server, options) =>
        oauth.authorizationCodeGrantRequest(
          server,
          client,
          authenticate,
          code,
          `${url}callback`,
          verifier,
          options,
        ),
      ),

    /** @throws {EndpointFailure} also where `sub` is another */
    userInfo: (accessToken: string, subject: string): Promise<Claims> =>
      call(async (server, options) =>
        oauth.processUserInfoResponse(
          server,
          client,
          subject,
          await oauth.userInfoRequest(server, client, accessToken, options),
        ),
      ),

    /** @throws {EndpointFailure} */
    refresh: (held: Tokens & { readonly refreshToken: string }) =>
      tokens(
        (server, options) =>
          oauth.refreshTokenGrantRequest(server, client, authenticate, held.refreshToken, options),
        held,
      ),

    /**
     * The claims of an ID token that is the provider's, for this client, and good.
     *
     * @param nonce that of the sign-in
     * @throws {EndpointFailure}
     */
    async claimsOf(idToken: string | null, nonce?: string): Promise<Claims> {
      try {
        const { claims } = await verifier.verify(idToken ?? "");
        if (nonce !== undefined && claims["nonce"] !== nonce) throw new Error();
        return claims;
      } catch (error) {
        const { status } = error as Partial<VerifyError>;
        const kind =
          status === 503 ? "unavailable" : status === 500 ? "misconfigured" : "malformed";
        throw new EndpointFailure(kind, null, "id_token");
      }
    },

    /** Revokes a refresh token (RFC 7009). That it can't be done is an event. */
    async revoke(refreshToken: string | null, about: About): Promise<void> {
      if (refreshToken === null) return;
      try {
        const { revocation_endpoint: offered } = await metadata();
        if (offered === undefined)
          return report("revocation-failed", { ...about, code: "no_endpoint" });
        await call(async (server, options) => {
          const additionalParameters = { token_type_hint: "refresh_token" };
          return oauth.processRevocationResponse(
            await oauth.revocationRequest(server, client, authenticate, refreshToken, {
              ...options,
              additionalParameters,
            }),
          );
        });
      } catch {
        report("revocation-failed", about);
      }
    },
  };
}
