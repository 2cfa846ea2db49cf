// The issuer's endpoint: where it is, how it is asked, and when it is left alone. What is kept
// between requests are settled values and moments. A request that is cancelled leaves moments
// behind that count for no longer than its call could have taken.

import {
  type AuthorizationServer,
  allowInsecureRequests,
  customFetch,
  introspectionRequest,
} from "oauth4webapi";
import type { IntrospectionMeans } from "../edge/introspector.js";
import { VerifyError } from "../edge/request/error.js";
import type { Options } from "./options.js";

export interface Endpoint {
  /**
   * The body of the answer about a token.
   *
   * @throws {VerifyError} introspection.*, discovery.*, config_invalid
   */
  ask(token: string): Promise<Uint8Array>;
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
/** The code for an answer of 400: the endpoint does not take this token for one. */
const REFUSED = "introspection.refused";

export function endpointOf(
  { fetchBody, now, readAddress, settings }: IntrospectionMeans,
  { issuer, endpoint, client, authenticate, signed, timeout, maxConcurrent, fetch }: Options,
): Endpoint {
  const { issuer: name } = issuer.settings;
  const { allowHttp } = settings.jwks;
  const bounds = { ...settings.jwks, timeout, maxBytes: MOST_BYTES };
  /** The calls that may be under way, by when they began. */
  const underWay = new Set<{ readonly began: number }>();
  /** How many steps it has failed in a row, how at last, and until when it is left alone. */
  let failures = 0;
  let lastCode = "";
  let restsUntil = 0;
  let known: AuthorizationServer | null = null;
  let knownUntil = 0;

  /** For 1, 2, 4 … 30 seconds, and no less than `least` milliseconds. */
  const rest = (least: number) => {
    restsUntil = now() + Math.max(least, Math.min(500 * 2 ** failures, LONGEST_REST));
  };

  /** A moment that a clock has set which was put back since counts no more. */
  const isAhead = (moment: number, by: number) => moment > now() && moment <= now() + by;

  const ask: Endpoint["ask"] = async (token) => {
    const call = { began: now() };
    // Two documents and an answer take no longer.
    for (const one of underWay)
      if (!isAhead(one.began + 4 * timeout, 4 * timeout)) underWay.delete(one);
    if (failures > 0 && isAhead(restsUntil, LONGEST_REST + timeout))
      throw new VerifyError(lastCode, { retryAfter: (restsUntil - call.began) / 1_000 });
    if (underWay.size >= maxConcurrent)
      throw new VerifyError("introspection.busy", { retryAfter: 1 });
    const before = failures;
    // Before anything is awaited: this moment holds the others back while one tries.
    rest(timeout);
    underWay.add(call);
    try {
      const answer = await answerAbout(token);
      failures = 0;
      return answer;
    } catch (cause) {
      const { code = "" } = cause as Partial<VerifyError>;
      // Calls that fail together are one step.
      if (code !== REFUSED && failures === before) {
        failures += 1;
        lastCode = code;
        // It may have moved.
        knownUntil = 0;
        rest(0);
      }
      throw cause;
    } finally {
      underWay.delete(call);
    }
  };

  const metadata: Endpoint["metadata"] = async () => {
    if (known !== null && isAhead(knownUntil, METADATA_FOR)) return known;
    // Before anything is awaited: others go on with what is known.
    knownUntil = now() + METADATA_FOR;
    try {
      known = await document();
    } catch (cause) {
      if (known === null) throw cause;
    }
    return known;
  };

  /** By OpenID Connect Discovery 1.0 section 4, else by RFC 8414 section 3. */
  const document = async (): Promise<AuthorizationServer> => {
    const { origin, pathname } = readAddress("introspection.issuer", name, allowHttp);
    const path = pathname.replace(/\/?$/, "");
    // Nothing is a member by a prototype.
    const parsed = (text: string) => ({ __proto__: null, ...JSON.parse(text) });
    const decode = async (text: string) => {
      const read = parsed(text);
      if (read.issuer !== name) throw new VerifyError("discovery.mismatch");
      return read;
    };
    const at = (end: string) =>
      fetchBody(origin + end, { ...bounds, codes: "discovery", decode, fetch });
    const { body } = await at(`${path}/.well-known/openid-configuration`).catch((cause) => {
      if (cause.code !== "discovery.unreachable") throw cause;
      return at(`/.well-known/oauth-authorization-server${path}`);
    });
    return parsed(body as string);
  };

  const answerAbout = async (token: string): Promise<Uint8Array> => {
    const given = { __proto__: null, issuer: name, introspection_endpoint: endpoint ?? "" };
    const server = endpoint === null ? await metadata() : given;
    const address = server.introspection_endpoint;
    const { href, protocol } = readAddress("introspection.endpoint", address, allowHttp);
    const exchange = async (_: string, { signal }: RequestInit) => {
      let isSent = false;
      const response = await introspectionRequest(server, client, authenticate, token, {
        additionalParameters: { token_type_hint: "access_token" },
        requestJwtResponse: signed !== null,
        signal: signal as AbortSignal,
        [allowInsecureRequests]: protocol === "http:",
        [customFetch]: (input, init) => {
          isSent = true;
          return fetch(input, init as RequestInit);
        },
      }).catch((cause) => {
        // The client's key is of no use, or the like.
        throw isSent ? cause : new VerifyError("config_invalid", { cause });
      });
      const { status } = response;
      if (![400, 401, 403].includes(status)) return response;
      // Leaves no body open: a Worker has six connections.
      response.body?.cancel().catch(() => undefined);
      throw new VerifyError(status === 400 ? REFUSED : "introspection.unauthorized");
    };
    const { body } = await fetchBody(href, { ...bounds, codes: "introspection", fetch: exchange });
    // What has the form of an answer is about this one token, whatever else is wrong with it.
    const form = signed === null ? /^\s*\{.*\}\s*$/s : /^[\w-]+\.[\w-]+\.[\w-]+$/;
    if (!form.test(new TextDecoder().decode(body as Uint8Array)))
      throw new VerifyError("introspection.malformed");
    return body as Uint8Array;
  };

  return { ask, metadata };
}
