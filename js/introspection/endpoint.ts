// The issuer's endpoint: where it is, and how it is asked. When it is left alone is decided by
// src/verify/freshness.rs, as for key sets. What is kept between requests are settled values and
// moments. A request that is cancelled leaves moments behind that count for no longer than its call
// could have taken.

import type { AuthorizationServer } from "oauth4webapi";
import { loadMetadata } from "../chunks.js";
import type { Core } from "../edge/core.js";
import type { IntrospectionMeans } from "../edge/introspector.js";
import type { Fetched } from "../edge/keys/fetch.js";
import type { VerifyErrorCode } from "../edge/request/error.js";
import { oauth } from "../oauth/library.js";
import type { Metadata } from "../oauth/metadata.js";
import type { Options } from "./options.js";

export interface Endpoint {
  /**
   * The body of the answer about a token.
   *
   * @throws {VerifyError} introspection.*, discovery.*, config_invalid
   */
  ask(token: string, wasm: Core): Promise<Uint8Array>;
  /**
   * The issuer's metadata. Those that are known go on counting while they can't be had.
   *
   * @throws {VerifyError} discovery.*
   */
  metadata(): Promise<AuthorizationServer>;
}

const MOST_BYTES = 262_144;
/** The longest that an endpoint is left alone, in milliseconds. */
const LONGEST_REST = 30_000;

export function endpointOf(means: IntrospectionMeans, options: Options): Endpoint {
  const { fetchBody, now, readAddress, settings, VerifyError } = means;
  const { server, client, authenticate, signed, timeout, fetch } = options;
  /** Of the rules that say when it is left alone. */
  let state: Float64Array | undefined;
  /** How it failed last. */
  let lastCode: VerifyErrorCode = "";
  let known: Metadata | undefined;

  const ask: Endpoint["ask"] = async (token, wasm) => {
    const began = now();
    // Nothing that it brings stays fresh.
    const rules = (state ??= wasm.freshness.freshnessOf(0, 0, LONGEST_REST, timeout));
    if (wasm.freshness.ask(rules, began, undefined, false, false, false) === "refuse")
      throw new VerifyError(lastCode, {
        retryAfter: wasm.freshness.retryAfter(rules, began) / 1_000,
      });
    // Before anything is awaited: these moments hold the others back while one tries.
    const number = wasm.freshness.began(rules, began);
    wasm.freshness.renewing(rules, began + timeout);
    let answer: Uint8Array | null;
    try {
      answer = await answerAbout(token);
    } catch (cause) {
      wasm.freshness.failed(rules, number, began, now());
      lastCode = cause instanceof VerifyError ? cause.code : "runtime.failed";
      // It may have moved.
      known?.expire();
      throw cause;
    }
    wasm.freshness.answered(rules, number, began, undefined);
    if (answer === null) throw new VerifyError("introspection.refused");
    return answer;
  };

  const metadata: Endpoint["metadata"] = async () => {
    const { metadataOf } = await loadMetadata();
    known ??= metadataOf(means, options);
    return known.current();
  };

  /** Null for an answer of 400: the endpoint does not take this token for one. */
  const answerAbout = async (token: string): Promise<Uint8Array | null> => {
    let answer: Fetched["body"] = null;
    let status = 0;
    const about = server ?? (await metadata());
    await oauth
      .introspectionRequest(about, client, authenticate, token, {
        additionalParameters: { token_type_hint: "access_token" },
        requestJwtResponse: signed !== null,
        // Looked at below.
        [oauth.allowInsecureRequests]: true,
        async [oauth.customFetch](address, init) {
          const { href } = readAddress("introspection.endpoint", address, settings.jwks.allowHttp);
          const exchange: Options["fetch"] = async (_, { signal = null }) => {
            const response = await fetch(href, { ...(init as RequestInit), signal });
            ({ status } = response);
            return response;
          };
          ({ body: answer } = await fetchBody(href, {
            ...settings.jwks,
            codes: "introspection",
            fetch: exchange,
            maxBytes: MOST_BYTES,
            timeout,
          }));
          return new Response();
        },
      })
      .catch((cause) => {
        if (status === 400) return;
        if (status === 401 || status === 403)
          throw new VerifyError("introspection.unauthorized", { cause });
        // The metadata have no endpoint, the client's key is of no use, or the like.
        throw cause instanceof VerifyError ? cause : new VerifyError("config_invalid", { cause });
      });
    // What has the form of an answer is about this one token, whatever else is wrong with it.
    const form = signed === null ? /^\s*\{.*\}\s*$/s : /^[\w-]+\.[\w-]+\.[\w-]+$/;
    if (answer !== null && !form.test(new TextDecoder().decode(answer)))
      throw new VerifyError("introspection.malformed");
    return answer;
  };

  return { ask, metadata };
}
