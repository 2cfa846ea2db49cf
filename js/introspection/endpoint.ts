// The issuer's endpoint: where it is, and how it is asked. When it is left alone is decided by
// src/verify/freshness.rs, as for key sets. What is kept between requests are settled values and
// moments. A request that is cancelled leaves moments behind that count for no longer than its call
// could have taken.

import type { AuthorizationServer } from "oauth4webapi";
import type { Core } from "../edge/core.js";
import type { IntrospectionMeans } from "../edge/introspector.js";
import type { VerifyError, VerifyErrorCode } from "../edge/request/error.js";
import { oauth } from "../oauth/library.js";
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
/** Milliseconds that metadata count. */
const METADATA_FOR = 3_600_000;
/** The longest that an endpoint is left alone, in milliseconds. */
const LONGEST_REST = 30_000;

export function endpointOf(
  { fetchBody, now, readAddress, settings, VerifyError }: IntrospectionMeans,
  { issuer, server, client, authenticate, signed, timeout, fetch }: Options,
): Endpoint {
  const { issuer: name } = issuer.settings;
  const { allowHttp } = settings.jwks;
  const bounds = { ...settings.jwks, timeout, maxBytes: MOST_BYTES };
  /** Of the rules that say when it is left alone. */
  let state: Float64Array | undefined;
  /** How it failed last. */
  let lastCode: VerifyErrorCode = "";
  let known: AuthorizationServer | null = null;
  let knownSince = 0;

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
      lastCode = (cause as VerifyError).code;
      // It may have moved.
      knownSince = 0;
      throw cause;
    }
    wasm.freshness.answered(rules, number, began, undefined);
    if (answer === null) throw new VerifyError("introspection.refused");
    return answer;
  };

  const metadata: Endpoint["metadata"] = async () => {
    if (known !== null && Math.abs(now() - knownSince) < METADATA_FOR) return known;
    // Before anything is awaited: others go on with what is known.
    knownSince = now();
    try {
      known = await documentAt("oidc").catch((cause) => {
        if (cause.code !== "discovery.unreachable") throw cause;
        return documentAt("oauth2");
      });
    } catch (cause) {
      if (known === null) throw cause;
    }
    return known;
  };

  /** By OpenID Connect Discovery 1.0 section 4, or by RFC 8414 section 3. */
  const documentAt = async (algorithm: "oidc" | "oauth2") => {
    // Nothing is a member by a prototype.
    const document = { __proto__: null } as unknown as AuthorizationServer;
    await fetchBody(name, {
      ...bounds,
      codes: "discovery",
      async decode(text) {
        Object.assign(document, JSON.parse(text));
        if (document.issuer !== name) throw new VerifyError("discovery.mismatch");
      },
      // The library knows the address.
      fetch: (_, init) =>
        oauth.discoveryRequest(new URL(name), {
          algorithm,
          [oauth.allowInsecureRequests]: true,
          [oauth.customFetch]: (address) => fetch(address, init),
        }),
    });
    return document;
  };

  /** Null for an answer of 400: the endpoint does not take this token for one. */
  const answerAbout = async (token: string): Promise<Uint8Array | null> => {
    const found = server ?? (await metadata());
    const { introspection_endpoint: address } = found;
    const { href, protocol } = readAddress("introspection.endpoint", address, allowHttp);
    let request: [string, RequestInit] = [href, {}];
    // The library makes the request. It is sent below, within bounds.
    await oauth
      .introspectionRequest(found, client, authenticate, token, {
        additionalParameters: { token_type_hint: "access_token" },
        requestJwtResponse: signed !== null,
        [oauth.allowInsecureRequests]: protocol === "http:",
        async [oauth.customFetch](...made) {
          request = made as typeof request;
          return new Response();
        },
      })
      .catch((cause) => {
        // The client's key is of no use, or the like.
        throw new VerifyError("config_invalid", { cause });
      });
    const [at, init] = request;
    let status = 0;
    const { body } = await fetchBody(at, {
      ...bounds,
      codes: "introspection",
      async fetch(_, { signal = null }) {
        const response = await fetch(at, { ...init, signal });
        status = response.status;
        return response;
      },
    }).catch((cause) => {
      if (status === 400) return { body: null };
      throw [401, 403].includes(status)
        ? new VerifyError("introspection.unauthorized", { cause })
        : cause;
    });
    // What has the form of an answer is about this one token, whatever else is wrong with it.
    const form = signed === null ? /^\s*\{.*\}\s*$/s : /^[\w-]+\.[\w-]+\.[\w-]+$/;
    if (body !== null && !form.test(new TextDecoder().decode(body as Uint8Array)))
      throw new VerifyError("introspection.malformed");
    return body as Uint8Array | null;
  };

  return { ask, metadata };
}
