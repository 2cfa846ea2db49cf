// The entries that ask an authorization server, here oidc-provider.

import { createVerifier, VerifyError } from "tokenkeep/edge";
import { introspection } from "tokenkeep/introspection";
import { createMediator, memorySessions, storedSessions } from "tokenkeep/mediator";
import { createServiceTokens, ServiceTokenError } from "tokenkeep/service";
import { codeOf, codeOfA, expect } from "./outcomes.js";

/** @typedef {{ issuer: string, audience: string, opaque: string, secret: string }} About */

/** @param {string} at @returns {Promise<About>} */
const about = async (at) => (await (await fetch(`${at}/about`)).json()).oidc;

/**
 * Gets a token as the service itself, which the verifier reads at its target.
 * @param {string} at
 */
export async function exerciseService(at) {
  const { issuer, audience, secret } = await about(at);
  const verifier = createVerifier({
    issuers: { issuer, audience, algorithms: ["ES256"], jwksUri: `${issuer}/jwks` },
  });
  /** @param {Request} request */
  const transport = async (request) => {
    const { claims } = await verifier.authenticate(request);
    return Response.json({ client: claims["client_id"] });
  };
  const services = createServiceTokens({
    issuer,
    client: { id: "orders", auth: { method: "client_secret_basic", secret } },
    targets: { [audience]: { resource: audience, scopes: ["read"] } },
    transport,
  });
  const answer = await services.fetch(`${audience}/things`);
  expect(await answer.json(), { client: "orders" }, "the client");
  const code = await codeOfA(ServiceTokenError, () => services.fetch("https://other.example/"));
  expect(code, "origin_not_listed", "another origin");
}

/** Asks the issuer about an opaque token, and about one that is none. @param {string} at */
export async function exerciseIntrospection(at) {
  const { issuer, opaque, secret } = await about(at);
  const services = createServiceTokens({
    issuer,
    client: { id: "orders", auth: { method: "client_secret_basic", secret } },
    targets: { [opaque]: { resource: opaque, scopes: ["read"] } },
  });
  const asking = introspection({
    issuer,
    audience: opaque,
    client: { id: "orders", auth: { method: "client_secret_basic", secret } },
  });
  const verifier = createVerifier({ issuers: [], introspection: asking });
  const { claims } = await services.withToken(opaque, (token) => verifier.verify(token));
  expect(claims["client_id"], "orders", "a good token");
  const code = await codeOfA(VerifyError, () => verifier.verify("another-token"));
  expect(code, "token.inactive", "an inactive token");
}

const APP = "https://app.example.com";
const MEDIATOR = `${APP}/session`;

/** Signs in at the provider, and refreshes there. @param {string} at */
export async function exerciseMediator(at) {
  const { issuer, secret } = await about(at);
  let ahead = 0;
  const mediator = createMediator({
    provider: { issuer, scope: "openid profile email offline_access" },
    client: { id: "web", auth: { method: "client_secret_basic", secret } },
    url: MEDIATOR,
    apps: [APP],
    sessions: storedSessions(memorySessions(), { keys: ["a key of the package's own tests"] }),
    clock: () => Date.now() + ahead,
  });
  const app = new Cookies((request) => mediator.fetch(request));
  const begun = await app.send(`${MEDIATOR}/sign-in`);
  const provider = new Cookies((request) => fetch(request));
  let url = addressIn(begun, MEDIATOR);
  for (let hops = 0; !url.startsWith(MEDIATOR) && hops < 20; hops += 1)
    url = addressIn(await provider.send(url), url);
  expect(addressIn(await app.send(url), url), `${APP}/?tokenkeep=in`, "signed in");
  const refreshed = async () => {
    const headers = { "X-Requested-With": "XMLHttpRequest", Origin: APP };
    const answer = await app.send(`${MEDIATOR}/refresh`, { method: "POST", headers });
    return (await answer.json()).access_token;
  };
  const first = await refreshed();
  ahead = 61_000;
  const second = await refreshed();
  expect([typeof first, typeof second, first === second], ["string", "string", false], "tokens");
  const code = await codeOf(async () => createMediator(/** @type {never} */ ({})));
  expect(code, "config_invalid", "no options");
}

/** @param {Response} response @param {string} base */
function addressIn(response, base) {
  const location = response.headers.get("Location");
  if (location === null) throw new Error(`${base} answered ${response.status} and no address`);
  return new URL(location, base).href;
}

/** What a browser keeps of cookies, for one server. */
class Cookies {
  #jar = new Map();
  #ask;

  /** @param {(request: Request) => Promise<Response>} ask */
  constructor(ask) {
    this.#ask = ask;
  }

  /** @param {string} url @param {RequestInit} init @returns {Promise<Response>} */
  async send(url, init = {}) {
    const headers = new Headers(init.headers);
    headers.set("Cookie", [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const answer = await this.#ask(new Request(url, { redirect: "manual", ...init, headers }));
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#jar.set(name, value);
    }
    return answer;
  }
}
