// Asks the authorization server for tokens, by any grant. oauth4webapi makes the requests. The
// answers are read here: of what it would read beside them nothing is used, and some would be
// refused.

import { genericTokenEndpointRequest } from "oauth4webapi";
import { loadDiscovery } from "../chunks.js";
import { ask, type RequestOptions } from "../oauth/ask.js";
import type { Metadata } from "../oauth/metadata.js";
import { decodeBinary } from "../shared/base64url.js";
import { type Issued, lifetimeOf } from "./entry.js";
import type { Parameters, Settings } from "./options.js";

/** An answer with a token. Of its other members nothing is known. */
export type Answer = Readonly<Record<string, unknown>>;

/** `judge` throws for an answer that is not what was asked for. */
export type Asked = [grantType: string, parameters: Parameters, judge?: (answer: Answer) => void];

/** Asks for a token. @throws {EndpointFailure} and what `judge` throws */
export type Ask = (...asked: Asked) => Promise<Issued>;

/** Runs requests of oauth4webapi. @throws {EndpointFailure} */
export type Asking = <T>(run: (options: RequestOptions) => Promise<T>) => Promise<T>;

/** What a header can carry, and a token can be (RFC 6750 section 2.1 and more). */
const TOKEN = /^[!-~]+$/;

/** @param now milliseconds by a clock that nobody sets */
export function grantsOf(settings: Settings, now: () => number): Ask {
  const { authenticate, client, clock, issuer, tokenEndpoint } = settings;
  const bounds = {
    ...settings,
    maxBytes: 65_536,
    now: clock,
    allowHttp: /^http:/.test(`${tokenEndpoint ?? issuer}`),
  };
  const asking: Asking = (run) => ask(bounds, run);
  let metadata: Metadata | undefined;
  const discovered = async () => {
    const { metadataOf } = await loadDiscovery();
    return (metadata ??= metadataOf(issuer, asking, now)).current();
  };

  return async (grantType, parameters, judge) => {
    const server = tokenEndpoint
      ? { issuer, token_endpoint: tokenEndpoint.href }
      : await discovered();
    const form = new URLSearchParams(parameters as [string, string][]);
    const answer = await asking(async (options) => {
      const response = await genericTokenEndpointRequest(
        server,
        client,
        authenticate,
        grantType,
        form,
        options,
      );
      // RFC 6749 section 5.1.
      const answer = { __proto__: null, ...Object(await response.json()) };
      const { access_token: token, token_type: type } = answer;
      const isToken = typeof token === "string" && TOKEN.test(token);
      if (isToken && /^bearer$/i.test(type) && response.status === 200) return answer;
      throw new Error();
    });
    judge?.(answer);
    const { access_token: token, expires_in } = answer;
    return { token, lifetime: lifetimeOf(expires_in, lifetimeIn(token)), obtainedAt: clock() };
  };
}

/** Seconds from `iat` to `exp` of a token that is a JWT; null where it does not tell. */
function lifetimeIn(token: string): number | null {
  try {
    const { exp, iat } = JSON.parse(decodeBinary(token.split(".")[1] as string));
    return exp - iat;
  } catch {
    return null;
  }
}
