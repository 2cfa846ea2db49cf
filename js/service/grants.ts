// Asks the authorization server for tokens: client credentials (RFC 6749 section 4.4), an exchange
// (RFC 8693), or the grant that a target describes. oauth4webapi makes the requests. The answers
// are read here: of what it would read beside them nothing is used, and some would be refused.

import {
  type AuthorizationServer,
  discoveryRequest,
  genericTokenEndpointRequest,
  processDiscoveryResponse,
} from "oauth4webapi";
import type { Claims } from "../edge/result/verified.js";
import { ask, type Bounds, EndpointFailure } from "../oauth/ask.js";
import { type ErrorDetails, invalid, type ServiceErrorCode, ServiceTokenError } from "./error.js";
import { AUTHENTICATES, type Settings, type TargetSettings } from "./options.js";

const TYPES = "urn:ietf:params:oauth:token-type:";
const ACCESS_TOKEN = `${TYPES}access_token`;
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** The user whose token is exchanged. */
export interface Subject {
  readonly token: string;
  readonly claims: Claims;
}

export interface Grant {
  readonly token: string;
  /** As the answer has it. */
  readonly expiresIn: unknown;
}

type Parameters = readonly (readonly [name: string, value: string])[];

/** Metadata are asked for no sooner again, whatever came of it. */
const LEAST_FRESH = 60_000;

export class Grants {
  readonly #settings: Settings;
  readonly #bounds: Bounds;
  /** Milliseconds by a clock that nobody sets. */
  readonly #now: () => number;
  #server: AuthorizationServer | null = null;
  #freshUntil = -Infinity;

  constructor(settings: Settings, now: () => number) {
    const { fetch, timeout, clock, allowHttp, issuer, tokenEndpoint } = settings;
    this.#settings = settings;
    this.#now = now;
    this.#bounds = { fetch, timeout, maxBytes: 65_536, now: clock, allowHttp };
    if (tokenEndpoint === null) return;
    this.#server = { issuer, token_endpoint: tokenEndpoint };
    this.#freshUntil = Infinity;
  }

  /** A token of the service itself. */
  forService({ parameters }: TargetSettings): Promise<Grant> {
    return this.#grant("client_credentials", parameters, () => undefined);
  }

  /** A token for the user. `actorToken`: that of the service, where the target wants it sent. */
  forUser(target: TargetSettings, subject: Subject, actorToken: string | null): Promise<Grant> {
    const { user } = target;
    if (typeof user === "function") return this.#described(user, subject);
    const actor: Parameters =
      actorToken === null
        ? []
        : [
            ["actor_token", actorToken],
            ["actor_token_type", ACCESS_TOKEN],
          ];
    const parameters: Parameters = [
      ["subject_token", subject.token],
      ["subject_token_type", ACCESS_TOKEN],
      ["requested_token_type", ACCESS_TOKEN],
      ...actor,
      ...target.parameters,
    ];
    return this.#grant(EXCHANGE, parameters, ({ issued_token_type: issued, scope = "" }) => {
      if (issued !== ACCESS_TOKEN && issued !== `${TYPES}jwt`)
        throw new ServiceTokenError("token_malformed");
      const granted = String(scope).split(" ");
      if (granted.some((one) => one !== "" && !target.scopes.includes(one)))
        throw new ServiceTokenError("exchange_widened");
    });
  }

  async #described(
    describe: Exclude<TargetSettings["user"], string>,
    subject: Subject,
  ): Promise<Grant> {
    const { grantType, parameters } = describe({ ...subject });
    const sent = Object.entries(parameters);
    if (typeof grantType !== "string" || sent.some(([name]) => AUTHENTICATES.test(name)))
      throw invalid("user", "must describe a grant, and not the client's authentication");
    return this.#grant(grantType, sent, () => undefined);
  }

  /** @param check throws a {@link ServiceTokenError} for a token that is not to be used */
  async #grant(
    grantType: string,
    parameters: Parameters,
    check: (answer: Record<string, unknown>) => void,
  ): Promise<Grant> {
    const server = await this.#metadata();
    const { client, authenticate } = this.#settings;
    const form = new URLSearchParams(parameters.map(([name, value]) => [name, value]));
    const answer = await ask(this.#bounds, async (options) =>
      readAnswer(
        await genericTokenEndpointRequest(server, client, authenticate, grantType, form, options),
      ),
    );
    check(answer);
    return { token: answer["access_token"] as string, expiresIn: answer["expires_in"] };
  }

  /** An address that is known goes on working while the metadata can't be had. */
  async #metadata(): Promise<AuthorizationServer> {
    const known = this.#server;
    if (known !== null && this.#now() < this.#freshUntil) return known;
    try {
      return await this.#discover("oauth2").catch(() => this.#discover("oidc"));
    } catch (error) {
      if (known === null) throw error;
      this.#freshUntil = this.#now() + LEAST_FRESH;
      return known;
    }
  }

  async #discover(algorithm: "oauth2" | "oidc"): Promise<AuthorizationServer> {
    const { issuer } = this.#settings;
    const url = new URL(issuer);
    const { server, maxAge } = await ask(this.#bounds, async (options) => {
      const response = await discoveryRequest(url, {
        ...(options as object),
        algorithm,
      });
      const server = await processDiscoveryResponse(url, response);
      // RFC 8414 section 3.3. The library compares what the addresses mean.
      if (server.issuer !== issuer) throw new Error("another issuer");
      const told = /\bmax-age=(\d+)/i.exec(response.headers.get("Cache-Control") ?? "")?.[1];
      // As `tokenkeep/discovery` has it.
      return { server, maxAge: Math.min(Number(told ?? 600), 86_400) };
    });
    this.#server = server;
    this.#freshUntil = this.#now() + Math.max(maxAge * 1000, LEAST_FRESH);
    return server;
  }
}

/** What a header can carry, and a token can be (RFC 6750 section 2.1 and more). */
const TOKEN = /^[\x21-\x7e]+$/;

/** The members of a successful answer (RFC 6749 section 5.1). */
async function readAnswer(response: Response): Promise<Record<string, unknown>> {
  const body: unknown = response.status === 200 ? await response.json() : null;
  const answer: Record<string, unknown> = { __proto__: null, ...Object(body) };
  const { access_token: token, token_type: type } = answer;
  if (typeof token !== "string" || !TOKEN.test(token) || !/^bearer$/i.test(String(type)))
    throw new EndpointFailure("malformed");
  return answer;
}

/** Milliseconds that a refusal is remembered. */
const REFUSAL = 30_000;

/** What went wrong. */
export interface Trouble {
  readonly code: ServiceErrorCode;
  readonly details: ErrorDetails;
  /** How long it is remembered, in milliseconds; null: as many troubles in a row want it. */
  readonly wait: number | null;
}

/** What {@link Grants} has thrown. */
export function troubleOf(thrown: unknown, subject: Subject | null): Trouble {
  if (thrown instanceof ServiceTokenError) {
    // Of the service's own token, it may be over soon.
    const { code, message, retryable, status, retryAfter = 1 } = thrown;
    const details = { message, retryable, status: status ?? null };
    return { code, details, wait: retryable ? retryAfter * 1000 : REFUSAL };
  }
  const { kind, status, error, retryAfter } =
    // Anything else was thrown by a function of the options. Its text may hold a token.
    thrown instanceof EndpointFailure ? thrown : new EndpointFailure("misconfigured");
  if (kind === "misconfigured") return { code: "config_invalid", details: {}, wait: REFUSAL };
  if (kind === "refused") {
    const code = subject === null ? "token_refused" : "exchange_refused";
    // Nothing but another token of the user mends these.
    const isForGood = subject !== null && /^invalid_(grant|request)$/.test(error ?? "");
    return { code, details: { status, error }, wait: isForGood ? Infinity : REFUSAL };
  }
  const code = kind === "unavailable" ? "token_unreachable" : (`token_${kind}` as const);
  return { code, details: { status, retryAfter, retryable: true }, wait: null };
}
