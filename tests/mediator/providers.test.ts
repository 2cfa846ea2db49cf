// The configurations of docs/mediator.md as they stand there, each against a provider that answers
// in its shape: sign-in, refresh, logout. The metadata are excerpts of what each publishes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import {
  createMediator,
  type MediatorEvent,
  type MediatorOptions,
  memorySessions,
  storedSessions,
} from "tokenkeep/mediator";
import { bundle } from "../docs/running.ts";
import { fencesOf, root } from "../docs/snippets.ts";
import { APP, Browser, bodyOf, errorIn, locationOf, URL_OF_MEDIATOR } from "./browser.ts";
import { json, KEY, oauthError } from "./faulty-provider.ts";

const PAGE = "docs/mediator.md";
const SECRET = "the client's secret";

type Claims = Record<string, unknown>;
type Configuration = Pick<MediatorOptions, "provider" | "client">;

/** What differs between providers. */
interface Shape {
  /** The algorithm is added. */
  readonly metadata: Readonly<Record<string, unknown>> & { readonly issuer: string };
  /** Of ID tokens. */
  readonly idToken?: Claims;
  /** Of answers to a code, and to a refresh token. */
  readonly answer?: Claims;
  /** What a refresh gives beside an access token. */
  readonly refresh: readonly ("id_token" | "refresh_token")[];
  /** Whether a refresh token works once. */
  readonly once?: boolean;
  /** Of the authorization request, or of what is pushed. */
  readonly asked: Readonly<Record<string, string>>;
}

const entraTenant = "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555";
const keycloak = "https://login.example.com/realms/example/protocol/openid-connect";
const okta = "https://example.okta.com/oauth2/default/v1";
const cognito = "https://example.auth.eu-west-1.amazoncognito.com";
const zitadel = "https://example.zitadel.cloud";

const SHAPES: Readonly<Record<string, Shape>> = {
  auth0: {
    metadata: {
      issuer: "https://example.eu.auth0.com/",
      authorization_endpoint: "https://example.eu.auth0.com/authorize",
      token_endpoint: "https://example.eu.auth0.com/oauth/token",
      userinfo_endpoint: "https://example.eu.auth0.com/userinfo",
      jwks_uri: "https://example.eu.auth0.com/.well-known/jwks.json",
      revocation_endpoint: "https://example.eu.auth0.com/oauth/revoke",
      end_session_endpoint: "https://example.eu.auth0.com/oidc/logout",
      code_challenge_methods_supported: ["S256", "plain"],
      id_token_signing_alg_values_supported: ["HS256", "RS256", "PS256"],
    },
    refresh: ["id_token"],
    asked: {
      scope: "openid profile email offline_access",
      audience: "https://api.example.com",
    },
  },
  keycloak: {
    metadata: {
      issuer: "https://login.example.com/realms/example",
      authorization_endpoint: `${keycloak}/auth`,
      token_endpoint: `${keycloak}/token`,
      userinfo_endpoint: `${keycloak}/userinfo`,
      jwks_uri: `${keycloak}/certs`,
      revocation_endpoint: `${keycloak}/revoke`,
      end_session_endpoint: `${keycloak}/logout`,
      pushed_authorization_request_endpoint: `${keycloak}/ext/par/request`,
      require_pushed_authorization_requests: false,
      authorization_response_iss_parameter_supported: true,
      mtls_endpoint_aliases: { token_endpoint: `${keycloak}/mtls` },
    },
    idToken: { typ: "ID", azp: "web", acr: "1" },
    answer: { refresh_expires_in: 1_800, "not-before-policy": 0, session_state: "one" },
    refresh: ["id_token", "refresh_token"],
    asked: { scope: "openid profile email" },
  },
  entra: {
    metadata: {
      issuer: `${entraTenant}/v2.0`,
      authorization_endpoint: `${entraTenant}/oauth2/v2.0/authorize`,
      token_endpoint: `${entraTenant}/oauth2/v2.0/token`,
      userinfo_endpoint: "https://graph.microsoft.com/oidc/userinfo",
      jwks_uri: `${entraTenant}/discovery/v2.0/keys`,
      end_session_endpoint: `${entraTenant}/oauth2/v2.0/logout`,
      response_modes_supported: ["query", "fragment", "form_post"],
    },
    idToken: { ver: "2.0", tid: "11111111-2222-4333-8444-555555555555" },
    answer: { ext_expires_in: 5_000 },
    refresh: ["id_token", "refresh_token"],
    asked: { scope: "openid profile email offline_access api://example/read" },
  },
  okta: {
    metadata: {
      issuer: "https://example.okta.com/oauth2/default",
      authorization_endpoint: `${okta}/authorize`,
      token_endpoint: `${okta}/token`,
      userinfo_endpoint: `${okta}/userinfo`,
      jwks_uri: `${okta}/keys`,
      revocation_endpoint: `${okta}/revoke`,
      end_session_endpoint: `${okta}/logout`,
      pushed_authorization_request_endpoint: `${okta}/par`,
    },
    idToken: { ver: 1, amr: ["pwd"], idp: "00o1" },
    refresh: ["id_token"],
    asked: { scope: "openid profile email offline_access" },
  },
  cognito: {
    metadata: {
      issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example",
      authorization_endpoint: `${cognito}/oauth2/authorize`,
      token_endpoint: `${cognito}/oauth2/token`,
      userinfo_endpoint: `${cognito}/oauth2/userInfo`,
      jwks_uri:
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example/.well-known/jwks.json",
      revocation_endpoint: `${cognito}/oauth2/revoke`,
      end_session_endpoint: `${cognito}/logout`,
    },
    idToken: { token_use: "id", "cognito:username": "alice" },
    refresh: ["id_token"],
    asked: { scope: "openid profile email" },
  },
  zitadel: {
    metadata: {
      issuer: zitadel,
      authorization_endpoint: `${zitadel}/oauth/v2/authorize`,
      token_endpoint: `${zitadel}/oauth/v2/token`,
      userinfo_endpoint: `${zitadel}/oidc/v1/userinfo`,
      jwks_uri: `${zitadel}/oauth/v2/keys`,
      revocation_endpoint: `${zitadel}/oauth/v2/revoke`,
      end_session_endpoint: `${zitadel}/oidc/v1/end_session`,
    },
    idToken: { aud: ["example", "another"], azp: "example" },
    refresh: ["id_token", "refresh_token"],
    once: true,
    asked: {
      scope: "openid profile email offline_access urn:zitadel:iam:org:project:id:example:aud",
    },
  },
  google: {
    metadata: {
      issuer: "https://accounts.google.com",
      authorization_endpoint: "https://accounts.google.com/o/oauth2/v2/auth",
      token_endpoint: "https://oauth2.googleapis.com/token",
      userinfo_endpoint: "https://openidconnect.googleapis.com/v1/userinfo",
      jwks_uri: "https://www.googleapis.com/oauth2/v3/certs",
      revocation_endpoint: "https://oauth2.googleapis.com/revoke",
    },
    idToken: { azp: "example.apps.googleusercontent.com", email_verified: true },
    refresh: ["id_token"],
    asked: { scope: "openid profile email", access_type: "offline", prompt: "consent" },
  },
};

let configurations: Readonly<Record<string, Configuration>> = {};
let key: CryptoKey;
let jwk: JWK;

before(async () => {
  const fences = fencesOf(readFileSync(join(root, PAGE), "utf8"));
  const place = fences.findIndex(({ code }) => code.some((line) => line.includes("auth0:")));
  const file = await bundle("mediator-providers.mjs", `export * from "doc:${PAGE}#${place}";`, {
    format: "esm",
    packages: "external",
    define: { secret: JSON.stringify(SECRET) },
  });
  configurations = await import(pathToFileURL(file).href);
  const pair = await generateKeyPair("RS256", { extractable: true });
  key = pair.privateKey;
  jwk = { ...(await exportJWK(pair.publicKey)), kid: "one", alg: "RS256", use: "sig" };
});

interface Call {
  readonly url: string;
  readonly form: URLSearchParams;
  readonly headers: Headers;
}

/** By address. */
type Answers = Readonly<Record<string, (form: URLSearchParams) => Response | Promise<Response>>>;

/** A provider of this shape, behind the option `fetch`, and a browser in front of a mediator. */
function world({ provider, client }: Configuration, shape: Shape, more: Answers = {}) {
  const { issuer } = shape.metadata;
  const metadata: Readonly<Record<string, unknown>> = {
    id_token_signing_alg_values_supported: ["RS256"],
    ...shape.metadata,
  };
  const began = Math.floor(Date.now() / 1000) * 1000;
  const calls: Call[] = [];
  const events: MediatorEvent[] = [];
  const state = { offset: 0, turn: 0, asked: new URLSearchParams() };
  const clock = () => began + state.offset;
  const sign = (more: Claims) => {
    const iat = Math.floor(clock() / 1000);
    const claims = { iss: issuer, aud: client.id, sub: "alice", iat, exp: iat + 3_600 };
    return new SignJWT({ ...claims, ...shape.idToken, ...more })
      .setProtectedHeader({ alg: "RS256", kid: "one", typ: "JWT" })
      .sign(key);
  };
  const tokens = async (more: Claims, gives: readonly string[]) => {
    state.turn += 1;
    return json({
      access_token: `access.${state.turn}`,
      token_type: "Bearer",
      expires_in: 3_600,
      ...(gives.includes("id_token") ? { id_token: await sign(more) } : {}),
      ...(gives.includes("refresh_token") ? { refresh_token: `refresh.${state.turn}` } : {}),
      ...shape.answer,
    });
  };
  const answers: Answers = {
    [`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`]: () => json(metadata),
    [String(metadata["jwks_uri"])]: () => json({ keys: [jwk] }),
    [String(metadata["revocation_endpoint"])]: () => new Response(null),
    [String(metadata["pushed_authorization_request_endpoint"])]: (form) => {
      state.asked = form;
      return json({ request_uri: "urn:request:1", expires_in: 60 }, { status: 201 });
    },
    [String(metadata["token_endpoint"])]: (form) => {
      const used = form.get("refresh_token");
      if (used === null)
        return tokens({ nonce: state.asked.get("nonce") }, ["id_token", "refresh_token"]);
      const isGood = !shape.once || used === `refresh.${state.turn}`;
      return isGood ? tokens({}, shape.refresh) : oauthError("invalid_grant");
    },
    ...more,
  };
  const mediator = createMediator({
    provider,
    client,
    url: URL_OF_MEDIATOR,
    apps: [APP],
    sessions: storedSessions(memorySessions(), { keys: [KEY] }),
    clock,
    onEvent: (event) => events.push(event),
    fetch: async (url, init) => {
      const form = new URLSearchParams(String(init.body ?? ""));
      calls.push({ url, form, headers: new Headers(init.headers) });
      return (await answers[url]?.(form)) ?? new Response("<h1>Not found</h1>", { status: 404 });
    },
  });
  return { browser: new Browser(mediator), calls, events, metadata, state };
}

/** The client proves itself as it is configured. */
function assertProof({ form, headers }: Call, { id, auth }: MediatorOptions["client"]): void {
  const basic = headers.get("Authorization");
  if (auth.method === "client_secret_post") {
    assert.deepEqual([basic, form.get("client_id"), form.get("client_secret")], [null, id, SECRET]);
    return;
  }
  assert.equal(auth.method, "client_secret_basic");
  const [name, secret] = atob(basic?.replace("Basic ", "") ?? "").split(":");
  assert.deepEqual([name, form.get("client_secret")], [id, null]);
  assert.equal(decodeURIComponent(secret?.replaceAll("+", " ") ?? ""), SECRET);
}

for (const [name, shape] of Object.entries(SHAPES))
  test(`mediator_Q307_signs_in_refreshes_and_ends_with_the_configuration_of_${name}`, async () => {
    const configuration = configurations[name] ?? assert.fail("the page has no such configuration");
    const { client } = configuration;
    const { browser, calls, events, metadata, state } = world(configuration, shape);
    const isPushed = metadata["pushed_authorization_request_endpoint"] !== undefined;

    const request = locationOf(await browser.navigate("sign-in"));
    assert.equal(request.origin + request.pathname, metadata["authorization_endpoint"]);
    if (isPushed) {
      assert.deepEqual(
        [...request.searchParams],
        [
          ["client_id", client.id],
          ["request_uri", "urn:request:1"],
        ],
      );
      assertProof(calls.at(-1) ?? assert.fail(), client);
    } else state.asked = request.searchParams;
    const wanted = {
      ...shape.asked,
      client_id: client.id,
      redirect_uri: `${URL_OF_MEDIATOR}/callback`,
      response_type: "code",
      code_challenge_method: "S256",
    };
    for (const [parameter, value] of Object.entries(wanted))
      assert.equal(state.asked.get(parameter), value, parameter);

    const answer = new URLSearchParams({ code: "code", state: state.asked.get("state") ?? "" });
    if (metadata["authorization_response_iss_parameter_supported"] === true)
      answer.set("iss", shape.metadata.issuer);
    const back = await browser.navigate(`callback?${answer}`, "cross");
    assert.equal(errorIn(back), "in", JSON.stringify(events));
    assertProof(
      calls.find(({ url }) => url === metadata["token_endpoint"]) ?? assert.fail(),
      client,
    );

    for (const turn of [2, 3]) {
      state.offset += 61_000;
      assert.equal((await bodyOf(await browser.refresh())).access_token, `access.${turn}`);
    }
    const used = calls.flatMap(({ form }) => form.get("refresh_token") ?? []);
    const renews = shape.refresh.includes("refresh_token");
    assert.deepEqual(used, ["refresh.1", renews ? "refresh.2" : "refresh.1"]);

    assert.equal((await browser.page("logout")).status, 204);
    const end = locationOf(await browser.navigate("end?return_to=/bye"));
    if (metadata["end_session_endpoint"] === undefined) assert.equal(end.href, `${APP}/bye`);
    else {
      assert.equal(end.origin + end.pathname, metadata["end_session_endpoint"]);
      assert.match(end.searchParams.get("id_token_hint") ?? "", /^eyJ/);
    }
    const types = events.map(({ type, code }) => code ?? type);
    const told = ["sign-in", "refreshed", "refreshed", "ended"];
    if (metadata["revocation_endpoint"] === undefined) told.push("no_endpoint");
    else {
      const [revoked = assert.fail()] = calls.filter(
        ({ url }) => url === metadata["revocation_endpoint"],
      );
      assert.equal(revoked.form.get("token"), renews ? "refresh.3" : "refresh.1");
      assertProof(revoked, client);
    }
    assert.deepEqual(types, told);
  });

test("mediator_Q307_refuses_the_metadata_of_all_of_Entra", async () => {
  const { client } = configurations["entra"] ?? assert.fail();
  const shape = SHAPES["entra"] ?? assert.fail();
  const issuer = "https://login.microsoftonline.com/common/v2.0";
  const { browser, calls, events, metadata } = world({ provider: { issuer }, client }, shape, {
    [`${issuer}/.well-known/openid-configuration`]: () =>
      json({ ...metadata, issuer: "https://login.microsoftonline.com/{tenantid}/v2.0" }),
  });
  assert.equal(errorIn(await browser.navigate("sign-in")), "provider_unavailable");
  assert.equal(calls.length, 1);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["sign-in-failed", "provider-answer"],
  );
});

test("mediator_Q307_knows_a_shape_for_each_configuration_of_the_documentation", () => {
  assert.deepEqual(Object.keys(configurations).sort(), Object.keys(SHAPES).sort());
});
