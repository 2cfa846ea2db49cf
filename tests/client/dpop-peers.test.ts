// Proofs among others: ours at servers that others wrote, and those of others at our verifier, from
// real pages. With oidc-provider stands a backend, as docs/server-contract.md wants it.

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import { type Context, Hono, type Next } from "hono";
import { cors } from "hono/cors";
import { calculateJwkThumbprint, decodeJwt, EmbeddedJWK, type JWK, jwtVerify, SignJWT } from "jose";
import type { Page } from "playwright-core";
import { createVerifier, VerifyError, verifyProof } from "tokenkeep/edge";
import { OIDC_CLIENT, OIDC_SECRET, Oidc, ProviderPages, RESOURCE } from "../mediator/oidc.ts";
import { Binding } from "./dpop-authority.ts";
import { bundled, type Call, json, type Reply, type Scene, scenes, script } from "./harness.ts";

const behaviour = scenes();
const ISSUER = "https://issuer.example/";
const SECRET = new TextEncoder().encode("a secret of the tests, and of nothing else");

/** A server on this machine, at this origin while `run` goes on. */
async function serving(
  listener: (origin: string) => RequestListener,
  run: (origin: string) => Promise<void>,
): Promise<void> {
  let answer: RequestListener = (_request, response) => response.end();
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  answer = listener(origin);
  try {
    await run(origin);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** An access token that is bound to a key, signed by a secret. */
const boundTo = (jkt: string) =>
  new SignJWT({ cnf: { jkt }, client_id: "app" })
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
    .setIssuer(ISSUER)
    .setAudience(RESOURCE)
    .setSubject("ada")
    .setIssuedAt()
    .setExpirationTime("5 minutes")
    .setJti(crypto.randomUUID())
    .sign(SECRET);

/** Makes the authority of a scene grant such tokens. */
function grants(scene: Scene): void {
  const binding = new Binding(scene);
  scene.authority.on("/session/refresh", async (call) => {
    const proof = await binding.check(call, `${scene.at.authority}${call.path}`, null);
    if (typeof proof === "string") return json({ error: proof }, 400);
    const access_token = await boundTo(proof.thumbprint);
    return json({ access_token, expires_in: 300, token_type: "DPoP" });
  });
}

/** The statuses of what a page can ask: a GET with a query, a POST with a body, and theft. */
const asked = (page: Page, api: string) =>
  page.evaluate(async (api) => {
    const got = await keep.fetch(`${api}/orders?page=2`);
    const sent = await keep.fetch(`${api}/orders`, { method: "POST", body: "a body" });
    const [plain, elsewhere] = await keep.withToken(async (token, prove) => {
      const proof = await prove("GET", `${api}/others`);
      const headers = { Authorization: `DPoP ${token}` };
      return Promise.all([
        fetch(`${api}/orders`, { headers: { Authorization: `Bearer ${token}` } }),
        fetch(`${api}/orders`, { headers: { ...headers, DPoP: proof } }),
      ]);
    });
    return [got.status, await got.text(), sent.status, plain!.status, elsewhere!.status];
  }, api);

behaviour("client_P332_our_proofs_are_taken_by_express_oauth2_jwt_bearer", async (scene) => {
  const { auth } = createRequire(import.meta.url)("express-oauth2-jwt-bearer");
  grants(scene);
  const app = express();
  app.use((request, response, next) => {
    response.set("Access-Control-Allow-Origin", request.headers.origin ?? "*");
    response.set("Access-Control-Allow-Headers", "Authorization, DPoP");
    response.set("Access-Control-Expose-Headers", "WWW-Authenticate");
    if (request.method === "OPTIONS") response.status(204).end();
    else next();
  });
  app.use(
    auth({
      issuer: ISSUER,
      audience: RESOURCE,
      secret: new TextDecoder().decode(SECRET),
      tokenSigningAlg: "HS256",
      dpop: { enabled: true, required: true },
    }),
  );
  app.use("/orders", (_request, response) => void response.send("orders"));
  app.use(
    (error: { status?: number }, _: express.Request, response: express.Response, _next: unknown) =>
      void response.status(error.status ?? 500).end(),
  );
  await serving(
    () => app,
    async (origin) => {
      await scene.started({ dpop: true, origins: [origin] });
      assert.deepEqual(await asked(scene.page, origin), [200, "orders", 200, 400, 400]);
    },
  );
});

behaviour("client_P333_our_proofs_are_taken_by_Hono_with_jose", async (scene) => {
  grants(scene);
  const seen = new Set<string>();
  const guard = async (c: Context, next: Next) => {
    const [scheme, token = ""] = (c.req.header("Authorization") ?? "").split(" ");
    try {
      const access = await jwtVerify<{ cnf: { jkt: string } }>(token, SECRET, {
        issuer: ISSUER,
        audience: RESOURCE,
        typ: "at+jwt",
      });
      const { payload, protectedHeader } = await jwtVerify(
        c.req.header("DPoP") ?? "",
        EmbeddedJWK,
        { typ: "dpop+jwt", algorithms: ["ES256"], maxTokenAge: 60 },
      );
      const ath = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
      assert.deepEqual(
        [scheme, payload["htm"], payload["htu"], payload["ath"]],
        ["DPoP", c.req.method, c.req.url.split("?")[0], Buffer.from(ath).toString("base64url")],
      );
      const jkt = await calculateJwkThumbprint(protectedHeader.jwk as JWK);
      assert.equal(access.payload.cnf.jkt, jkt);
      assert.ok(payload.jti !== undefined && !seen.has(payload.jti));
      seen.add(payload.jti);
    } catch {
      return c.text("", 401, { "WWW-Authenticate": 'DPoP error="invalid_token"' });
    }
    return next();
  };
  const app = new Hono();
  app.use(cors({ origin: scene.at.app, exposeHeaders: ["WWW-Authenticate"] }));
  app.use(guard);
  app.all("/orders", (c) => c.text("orders"));
  await serving(
    () => getRequestListener(app.fetch),
    async (origin) => {
      await scene.started({ dpop: true, origins: [origin] });
      assert.deepEqual(await asked(scene.page, origin), [200, "orders", 200, 401, 401]);
    },
  );
});

/** A session at oidc-provider, and the backend between it and the page. */
interface Between {
  readonly oidc: Oidc;
  /** What the backend answered to refreshes: status, and `error` or `token_type`. */
  readonly answers: (readonly [number, unknown])[];
  /** The access tokens that it handed through. */
  readonly tokens: string[];
}

/**
 * Signs a user in at oidc-provider, and makes the authority of the scene the backend: it is a
 * confidential client, keeps the refresh token, and passes proofs and nonces on.
 */
async function between(scene: Scene, opaque: boolean, run: (between: Between) => Promise<void>) {
  const mediator = `${scene.at.authority}/session`;
  const oidc = await Oidc.start({ mediator, dpop: true, opaque });
  try {
    const ask = async (form: Record<string, string>, proof?: string) => {
      const answer = await fetch(`${oidc.issuer}/token`, {
        method: "POST",
        headers: {
          Authorization: `Basic ${btoa(`${OIDC_CLIENT}:${OIDC_SECRET}`)}`,
          ...(proof === undefined ? {} : { DPoP: proof }),
        },
        body: new URLSearchParams(form),
      });
      const body = (await answer.json()) as Record<string, unknown>;
      return { status: answer.status, nonce: answer.headers.get("DPoP-Nonce"), body };
    };
    let refreshToken = await signedIn(oidc, mediator, ask);
    const answers: (readonly [number, unknown])[] = [];
    const tokens: string[] = [];
    scene.authority.on("/session/refresh", async ({ headers }: Call): Promise<Reply> => {
      const form = { grant_type: "refresh_token", refresh_token: refreshToken };
      const { status, nonce, body } = await ask(form, headers["dpop"] as string | undefined);
      const { refresh_token: next, access_token: token, token_type, error } = body;
      if (typeof next === "string") refreshToken = next;
      if (typeof token === "string") tokens.push(token);
      answers.push([status, error ?? token_type]);
      const { id_token: _, refresh_token: __, ...rest } = body;
      return json(rest, status, {
        "Access-Control-Expose-Headers": "Date, DPoP-Nonce, WWW-Authenticate",
        ...(nonce === null ? {} : { "DPoP-Nonce": nonce }),
      });
    });
    await run({ oidc, answers, tokens });
  } finally {
    await oidc.stop();
  }
}

/** The refresh token of a new session. */
async function signedIn(
  { issuer }: Oidc,
  mediator: string,
  ask: (form: Record<string, string>) => Promise<{ body: Record<string, unknown> }>,
): Promise<string> {
  const verifier = "v".repeat(43);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const url = new URL(`${issuer}/auth`);
  url.search = new URLSearchParams({
    client_id: OIDC_CLIENT,
    response_type: "code",
    redirect_uri: `${mediator}/callback`,
    scope: "openid offline_access",
    prompt: "consent",
    code_challenge: Buffer.from(hash).toString("base64url"),
    code_challenge_method: "S256",
  }).toString();
  const back = await new ProviderPages().follow(url, mediator);
  const { body } = await ask({
    grant_type: "authorization_code",
    code: back.searchParams.get("code") ?? "",
    redirect_uri: `${mediator}/callback`,
    code_verifier: verifier,
  });
  return String(body["refresh_token"]);
}

behaviour("client_P334_a_backend_at_oidc_provider_hands_proofs_and_nonces_on", async (scene) => {
  await between(scene, false, async ({ oidc, answers, tokens }) => {
    const verifier = createVerifier({
      issuers: {
        issuer: oidc.issuer,
        audience: RESOURCE,
        algorithms: ["ES256"],
        jwksUri: `${oidc.issuer}/jwks`,
      },
      profile: "access-token",
      dpop: { nonce: { secret: new Uint8Array(32).fill(9) } },
    });
    scene.api.on("/orders", (call) => judged(verifier, scene, call));
    const options = { dpop: { tokenEndpoint: `${oidc.issuer}/token` } };
    await scene.started(options);
    assert.deepEqual(answers, [
      [400, "use_dpop_nonce"],
      [200, "DPoP"],
    ]);
    assert.deepEqual(await called(scene.page, `${scene.at.api}/orders`), [200, "alice"]);
    // Another tab has another key, and gets its own token for the one refresh token of the backend.
    const second = await scene.open();
    await scene.started(options, second);
    assert.deepEqual(await called(second, `${scene.at.api}/orders`), [200, "alice"]);
    assert.deepEqual(await called(scene.page, `${scene.at.api}/orders`), [200, "alice"]);
    const keys = tokens.map((token) => decodeJwt<{ cnf: { jkt: string } }>(token).cnf.jkt);
    assert.equal(new Set(keys).size, 2);
    // A renewal goes by the nonce that the last answer brought.
    answers.length = 0;
    await scene.page.evaluate(() => keep.refresh());
    assert.deepEqual(answers, [[200, "DPoP"]]);
    // No thief gets in with the token.
    const stolen = await fetch(`${scene.at.api}/orders`, {
      headers: { Authorization: `Bearer ${tokens[0]}` },
    });
    assert.equal(stolen.status, 401);
  });
});

behaviour("client_P335_the_userinfo_endpoint_of_oidc_provider_takes_our_proofs", async (scene) => {
  await between(scene, true, async ({ oidc, tokens }) => {
    const userinfo = `${oidc.issuer}/me`;
    await scene.started({
      dpop: { tokenEndpoint: `${oidc.issuer}/token` },
      origins: [oidc.issuer],
    });
    const statuses: number[] = [];
    scene.page.on("response", (response) => {
      if (response.url().startsWith(userinfo)) statuses.push(response.status());
    });
    assert.deepEqual(await called(scene.page, `${userinfo}?a=1`), [200, "alice"]);
    assert.deepEqual(await called(scene.page, userinfo), [200, "alice"]);
    // The nonces that the backend handed on are kept for the backend: here one is asked for, once.
    assert.equal(statuses.filter((status) => status === 401).length, 1);
    const stolen = await fetch(userinfo, { headers: { Authorization: `Bearer ${tokens[0]}` } });
    assert.equal(stolen.status, 401);
  });
});

/** What other libraries do in a page, as the tests ask for it. */
interface Peers {
  /** A token of the authority, and the calls with it: the status and the user of each. */
  oidcClientTs(authority: string, api: string): Promise<[number, string][]>;
  auth0(api: string, token: string): Promise<[number, string][]>;
  /** A proof, by which the key of auth0-spa-js is known. */
  auth0Proof(url: string): Promise<string>;
}
declare global {
  var peers: Peers;
}

// A text, because both packages are for browsers alone.
const PEERS = `
import { Auth0Client } from "@auth0/auth0-spa-js";
import { IndexedDbDPoPStore, OidcClient, User, UserManager } from "oidc-client-ts";

const told = async (answer) => [answer.status, (await answer.json()).sub];
const auth0 = new Auth0Client({ domain: "issuer.example", clientId: "app", useDpop: true });

globalThis.peers = {
  async oidcClientTs(authority, api) {
    const store = new IndexedDbDPoPStore();
    const metadata = { issuer: authority, token_endpoint: authority + "/token" };
    const redirect_uri = location.origin;
    const settings = { authority, metadata, client_id: "app", redirect_uri, dpop: { store } };
    const state = { refresh_token: "r", scope: "openid", profile: {} };
    const reply = await new OidcClient(settings).useRefreshToken({ state });
    const user = new User({ ...reply, profile: {} });
    const manager = new UserManager(settings);
    const call = async (url, method, nonce) => {
      const proof = await manager.dpopProof(url, user, method, nonce);
      const headers = { Authorization: user.token_type + " " + user.access_token, DPoP: proof };
      return fetch(url, { method, headers });
    };
    const first = await call(api + "/orders", "GET");
    const nonce = first.headers.get("DPoP-Nonce");
    const more = [await call(api + "/orders?page=2", "GET", nonce)];
    more.push(await call(api + "/orders", "POST", nonce));
    return Promise.all([first, ...more].map(told));
  },
  auth0Proof: (url) => auth0.generateDpopProof({ url, method: "POST", accessToken: "none" }),
  async auth0(api, token) {
    const getAccessToken = async () => token;
    const fetcher = auth0.createFetcher({ baseUrl: api, dpopNonceId: "api", getAccessToken });
    const first = await fetcher.fetchWithAuth("/orders?page=2");
    const second = await fetcher.fetchWithAuth("/orders", { method: "POST", body: "a body" });
    return Promise.all([first, second].map(told));
  },
};`;

behaviour("edge_Q333_takes_the_requests_of_oidc_client_ts_and_auth0_spa_js", async (scene) => {
  const { app, authority, api, page, at } = scene;
  const nonce = { secret: new Uint8Array(32).fill(9) };
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: RESOURCE,
      algorithms: ["HS256"],
      secret: SECRET,
    },
    profile: "access-token",
    dpop: { nonce },
  });
  api.on("/orders", (call) => judged(verifier, scene, call));
  authority.on("/token", async ({ headers }) => {
    const exposed = { "Access-Control-Expose-Headers": "DPoP-Nonce" };
    try {
      const url = `${at.authority}/token`;
      const proof = await verifyProof(String(headers["dpop"]), { method: "POST", url }, { nonce });
      const access_token = await boundTo(proof.thumbprint);
      return json({ access_token, expires_in: 300, token_type: "DPoP" }, 200, exposed);
    } catch (error) {
      assert.ok(error instanceof VerifyError && error.dpopNonce !== undefined, String(error));
      const asks = { ...exposed, "DPoP-Nonce": error.dpopNonce };
      return json({ error: "use_dpop_nonce" }, 400, asks);
    }
  });
  const program = await bundled({ text: PEERS, plugins: [] });
  app.on("/peers.js", () => script(program));
  await page.addScriptTag({ url: "/peers.js", type: "module" });
  await page.waitForFunction(() => "peers" in globalThis);

  assert.deepEqual(
    await page.evaluate(({ authority, api }) => peers.oidcClientTs(authority, api), at),
    [
      [401, undefined],
      [200, "ada"],
      [200, "ada"],
    ],
  );
  assert.deepEqual(
    authority.to("/token").map(({ method }) => method),
    ["POST", "POST"],
  );

  const proof = await page.evaluate((url) => peers.auth0Proof(url), `${at.authority}/token`);
  const { thumbprint } = await verifyProof(proof, { method: "POST", url: `${at.authority}/token` });
  const token = await boundTo(thumbprint);
  api.calls.length = 0;
  assert.deepEqual(
    await page.evaluate(([api, token]) => peers.auth0(api, token), [at.api, token] as const),
    [
      [200, "ada"],
      [200, "ada"],
    ],
  );
  // It has repeated the first call with the nonce, and the second one had it.
  assert.equal(api.to("/orders").length, 3);
});

/** The status of a call of the keep, and the `sub` in its answer. */
const called = (page: Page, url: string) =>
  page.evaluate(async (url) => {
    const answer = await keep.fetch(url);
    return [answer.status, (await answer.json()).sub];
  }, url);

/** What our verifier says to a call: the user, or the refusal. */
async function judged(
  verifier: ReturnType<typeof createVerifier>,
  { at }: Scene,
  call: Call,
): Promise<Reply> {
  const exposed = { "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate" };
  const headers = Object.entries(call.headers).filter(([name]) =>
    /^(authorization|dpop)$/.test(name),
  );
  const request = new Request(`${at.api}${call.path}${call.search}`, {
    method: call.method,
    headers: headers as [string, string][],
  });
  try {
    const { claims } = await verifier.authenticate(request);
    return json({ sub: claims.sub }, 200, exposed);
  } catch (error) {
    assert.ok(error instanceof VerifyError);
    const { status, headers } = error.response();
    return json({}, status, { ...exposed, ...Object.fromEntries(headers) });
  }
}
