// Asks the authorization server for tokens, by any grant. oauth4webapi makes the requests. The
// answers are read here: of what it would read beside them nothing is used, and some would be
// refused.

import {
  type AuthorizationServer,
  discoveryRequest,
  genericTokenEndpointRequest,
  type HttpRequestOptions,
  processDiscoveryResponse,
} from "oauth4webapi";
import { ask, type EndpointFailure, type RequestOptions } from "../oauth/ask.js";
import type { Hold } from "./entry.js";
import { type ServiceErrorCode, ServiceTokenError } from "./error.js";
import type { Parameters, Settings } from "./options.js";

/** The answer, of whose other members nothing is known. */
export interface Grant extends Readonly<Record<string, unknown>> {
  readonly access_token: string;
}

/** Metadata are asked for no sooner again, whatever came of it. */
const LEAST_FRESH = 60_000;

/** What a header can carry, and a token can be (RFC 6750 section 2.1 and more). */
const TOKEN = /^[\x21-\x7e]+$/;

export type Grants = ReturnType<typeof grantsOf>;

/** @param now milliseconds by a clock that nobody sets */
export function grantsOf(settings: Settings, now: () => number) {
  const { authenticate, client, clock, fetch, issuer, timeout, tokenEndpoint } = settings;
  let server: AuthorizationServer | undefined = tokenEndpoint && {
    issuer,
    token_endpoint: tokenEndpoint.href,
  };
  let freshUntil = server ? Infinity : -Infinity;
  /** The endpoint asked to be left alone (`Retry-After`): a rule for all tokens. */
  let pause: Hold | null = null;

  const asking = <T>(run: (options: RequestOptions) => Promise<T>, refused: ServiceErrorCode) =>
    ask(
      {
        fetch,
        timeout,
        maxBytes: 65_536,
        now: clock,
        allowHttp: /^http:/m.test(`${issuer}\n${tokenEndpoint}`),
      },
      run,
    ).catch(({ kind, status, error, retryAfter }: EndpointFailure) => {
      const details = { ...(status && { status }), ...(error && { error }) };
      if (kind === "misconfigured") throw new ServiceTokenError();
      if (kind === "refused") throw new ServiceTokenError(refused, details);
      const failure = new ServiceTokenError(
        kind === "unavailable" ? "token_unreachable" : `token_${kind}`,
        { ...details, retryAfter: retryAfter ?? 0 },
      );
      if (retryAfter) pause = { at: now(), wait: retryAfter * 1000, error: failure };
      throw failure;
    });

  const discover = (algorithm: "oauth2" | "oidc", refused: ServiceErrorCode) =>
    asking(async (options) => {
      const url = new URL(issuer);
      const request = { ...(options as object), algorithm } as HttpRequestOptions<"GET">;
      const response = await discoveryRequest(url, request);
      const found = await processDiscoveryResponse(url, response);
      // RFC 8414 section 3.3. The library compares what the addresses mean.
      if (found.issuer !== issuer) throw new Error("another issuer");
      const told = /\bmax-age=(\d+)/i.exec(response.headers.get("Cache-Control") ?? "")?.[1];
      // As `tokenkeep/discovery` has it.
      freshUntil = now() + Math.max(Math.min(Number(told ?? 600), 86_400) * 1000, LEAST_FRESH);
      server = found;
      return found;
    }, refused);

  /** An address that is known goes on working while the metadata can't be had. */
  const metadata = async (refused: ServiceErrorCode): Promise<AuthorizationServer> =>
    server && now() < freshUntil
      ? server
      : discover("oauth2", refused)
          .catch(() => discover("oidc", refused))
          .catch((failure) => {
            if (!server) throw failure;
            freshUntil = now() + LEAST_FRESH;
            return server;
          });

  return {
    pause: () => pause,

    /** @param refused what a refusal is called */
    async ask(grantType: string, parameters: Parameters, refused: ServiceErrorCode) {
      const known = await metadata(refused);
      const form = new URLSearchParams(parameters as [string, string][]);
      return asking(async (options): Promise<Grant> => {
        const response = await genericTokenEndpointRequest(
          known,
          client,
          authenticate,
          grantType,
          form,
          options,
        );
        // RFC 6749 section 5.1.
        const body: unknown = response.status === 200 ? await response.json() : null;
        const answer = { __proto__: null, ...Object(body) };
        const { access_token: token, token_type: type } = answer;
        if (typeof token !== "string" || !TOKEN.test(token) || !/^bearer$/i.test(type))
          throw new Error("no token");
        return answer;
      }, refused);
    },
  };
}
