// oidc-provider as a mediator's provider, over HTTP: the certified one, with refresh tokens that
// work once, pushed requests, logout, and a page that signs in whoever is asked for.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider, { type Configuration } from "oidc-provider";

export const OIDC_CLIENT = "web";
export const OIDC_SECRET = "a-secret-of-the-tests-and-of-nothing-else";
export const RESOURCE = "https://api.example.com";

export interface OidcOptions {
  /** The mediator's address. */
  readonly mediator: string;
  readonly pushed?: boolean;
  readonly rotates?: boolean;
  /** Seconds. */
  readonly accessTokenLife?: number;
  readonly backchannelLogout?: string;
  /** Wants proofs with a nonce where a proof comes, and lets pages call it. */
  readonly dpop?: boolean;
  /** Access tokens for its own userinfo endpoint, in place of JWTs for RESOURCE. */
  readonly opaque?: boolean;
  /** What is different from the usual one. */
  readonly change?: (base: Configuration) => Configuration;
}

export class Oidc {
  readonly issuer: string;
  /** What it was asked, as "POST /token refresh_token". */
  readonly asked: string[] = [];
  /** Called before the page that signs in answers. */
  beforeInteraction: () => Promise<void> | void = () => undefined;
  readonly #server: Server;

  private constructor(server: Server, issuer: string) {
    this.#server = server;
    this.issuer = issuer;
  }

  static async start(options: OidcOptions): Promise<Oidc> {
    let answer = (_request: IncomingMessage, response: ServerResponse): unknown => response.end();
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const started = new Oidc(server, issuer);
    const { change = (base) => base } = options;
    const provider = new Provider(issuer, change(await configuration(options)));
    provider.on("grant.success", ({ oidc }) => {
      started.asked.push(String(oidc.params?.["grant_type"]));
    });
    provider.on("grant.error", ({ oidc }, error) => {
      started.asked.push(`${oidc.params?.["grant_type"]}: ${error.message}`);
    });
    const callback = provider.callback();
    answer = async (request, response) => {
      if (!request.url?.startsWith("/interaction/")) return callback(request, response);
      await started.beforeInteraction();
      const { prompt, params } = await provider.interactionDetails(request, response);
      const user = String(params["login_hint"] ?? "alice");
      const result =
        user === "nobody"
          ? { error: "access_denied", error_description: "<b>The user said no.</b>" }
          : prompt.name === "login"
            ? { login: { accountId: user, acr: "urn:two", amr: ["pwd", "otp"] } }
            : { consent: {} };
      return provider.interactionFinished(request, response, result, {
        mergeWithLastSubmission: true,
      });
    };
    return started;
  }

  get refreshes(): number {
    return this.asked.filter((one) => one.startsWith("refresh_token")).length;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function configuration(options: OidcOptions): Promise<Configuration> {
  const { mediator, pushed = true, rotates = true, accessTokenLife = 300 } = options;
  const { dpop = false, opaque = false } = options;
  const pair = await generateKeyPair("ES256", { extractable: true });
  const key: JWK = { ...(await exportJWK(pair.privateKey)), kid: "one", alg: "ES256", use: "sig" };
  return {
    clients: [
      {
        client_id: OIDC_CLIENT,
        client_secret: OIDC_SECRET,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: [`${mediator}/callback`],
        post_logout_redirect_uris: [`${mediator}/ended`],
        id_token_signed_response_alg: "ES256",
        token_endpoint_auth_method: "client_secret_basic",
        ...(options.backchannelLogout === undefined
          ? {}
          : {
              backchannel_logout_uri: options.backchannelLogout,
              backchannel_logout_session_required: true,
            }),
      },
    ],
    jwks: { keys: [key as never] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `The user ${id}`, email: `${id}@example.com` }),
    }),
    acrValues: ["urn:two", "urn:three"],
    claims: { openid: ["sub"], profile: ["name"], email: ["email"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["a key of the tests"] },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    // A grant for each sign-in would end the one before.
    async loadExistingGrant({ oidc }) {
      const { client, session, provider } = oidc;
      const id = session?.grantIdFor(client?.clientId ?? "");
      const found = id === undefined ? undefined : await provider.Grant.find(id);
      if (found !== undefined) return found;
      const { clientId = "" } = client ?? {};
      const { accountId = "" } = session ?? {};
      const grant = new provider.Grant({ clientId, accountId });
      grant.addOIDCScope("openid profile email offline_access");
      grant.addResourceScope(RESOURCE, "read");
      await grant.save();
      return grant;
    },
    issueRefreshToken: async () => true,
    rotateRefreshToken: rotates,
    pkce: { required: () => true },
    ttl: {
      AccessToken: accessTokenLife,
      IdToken: 10 * 86_400,
      RefreshToken: 30 * 86_400,
      Session: 86_400,
      Grant: 30 * 86_400,
      Interaction: 600,
    },
    features: {
      devInteractions: { enabled: false },
      pushedAuthorizationRequests: { enabled: pushed },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        // The page that asks whether to sign out, as a form that a test sends.
        logoutSource: (context, form) => {
          context.body = form;
        },
      },
      backchannelLogout: { enabled: options.backchannelLogout !== undefined },
      dPoP: {
        enabled: dpop,
        nonceSecret: Buffer.alloc(32, 3),
        requireNonce: () => dpop,
      },
      resourceIndicators: {
        enabled: !opaque,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "read",
          audience: RESOURCE,
          accessTokenFormat: "jwt",
          accessTokenTTL: accessTokenLife,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
    clientBasedCORS: () => dpop,
    // It drops the dispatcher that refuses this machine.
    fetch: (url, init) => {
      const { dispatcher: _refuses, ...rest } = init as RequestInit & { dispatcher?: unknown };
      return fetch(url, rest);
    },
  };
}

/** The provider's side of a browser: its own cookies, and its redirects followed. */
export class ProviderPages {
  readonly #jar = new Map<string, string>();

  /** Follows the provider's redirects until one leads back to the mediator. */
  async follow(from: URL, mediator: string): Promise<URL> {
    let url = from;
    for (let hops = 0; hops < 20; hops += 1) {
      const response = await this.send(url);
      const location = response.headers.get("Location");
      assert.ok(location !== null, `${response.status} ${await response.text()}`);
      url = new URL(location, url);
      if (url.href.startsWith(mediator)) return url;
    }
    return assert.fail("too many redirects");
  }

  async send(url: URL, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...(init.headers as Record<string, string>), Cookie: cookie };
    const response = await fetch(url, { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || /expires=thu, 01 jan 1970/i.test(line)) this.#jar.delete(name);
      else this.#jar.set(name, value);
    }
    return response;
  }
}
