// Recipes for where requests arrive, each block as it stands in its document: behind proxies that
// sign users in, MCP servers, WebSockets, CORS, and a policy that is chosen for each request.

import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";
import { claims, type KeyPair, keyPair, makeKeyPair, sign } from "../edge/suite/kit.ts";
import { bundle, ISSUER, ISSUER_OPTIONS, inWorkerd, VERIFIER } from "./running.ts";
import { root } from "./snippets.ts";
import { tokenOf } from "./tokens.ts";

const shown = (document: string) => `export { default } from "doc:${document}";`;

/** The status of an answer, and its body. */
async function asked(url: URL, headers: Record<string, string>, init: RequestInit = {}) {
  const answer = await fetch(url, { redirect: "manual", ...init, headers });
  return [answer.status, await answer.text()] as const;
}

/** A token of a proxy that signs users in, good from now on for five minutes. */
function proxyToken(pair: KeyPair, more: Record<string, unknown>): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = claims({ email: "alice@example.com", iat: now, exp: now + 300, ...more });
  return sign(payload, {}, pair);
}

const proxies = [
  [
    "docs/recipes/access-proxies.md#0",
    "Cf-Access-Jwt-Assertion",
    {
      iss: "https://example.cloudflareaccess.com",
      aud: ["4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2"],
      type: "app",
    },
    "RS256",
    "https://example.cloudflareaccess.com/cdn-cgi/access/certs",
  ],
  [
    "docs/recipes/access-proxies.md#1",
    "X-Goog-Iap-Jwt-Assertion",
    {
      iss: "https://cloud.google.com/iap",
      aud: "/projects/123456789/global/backendServices/987654321",
      sub: "accounts.google.com:1",
    },
    "ES256",
    "https://www.gstatic.com/iap/verify/public_key-jwk",
  ],
] as const;
for (const [document, header, payload, alg, jwks] of proxies) {
  test(`recipe_behind_the_proxy_that_writes_${header}_its_token_is_verified`, async () => {
    const pair = await keyPair(alg);
    await inWorkerd(header, shown(document), pair, async (url, fetched) => {
      const good = await proxyToken(pair, payload);
      const user = '{"email":"alice@example.com"}';
      assert.deepEqual(await asked(url, { [header]: good }), [200, user]);
      assert.deepEqual(await asked(url, { [header]: good, Authorization: "Basic x" }), [200, user]);
      for (const bad of [
        await proxyToken(pair, { ...payload, aud: "other" }),
        await proxyToken(pair, { ...payload, iss: "https://other.example" }),
        await proxyToken(pair, { ...payload, exp: 1 }),
        await proxyToken(await makeKeyPair(alg, pair.kid), payload),
      ])
        assert.equal((await asked(url, { [header]: bad }))[0], 401);
      for (const elsewhere of [
        {},
        { Authorization: `Bearer ${good}` },
        { Cookie: `${header}=${good}` },
      ])
        assert.equal((await asked(url, elsewhere as Record<string, string>))[0], 401);
      assert.equal((await asked(url, { [header]: `${good}, ${good}` }))[0], 400);
      assert.deepEqual(fetched, [jwks]);
    });
  });
}

test("recipe_a_plain_worker_answers_preflights_and_lets_the_page_read_refusals", async () => {
  const text = VERIFIER + shown("docs/recipes/cors.md#0");
  await inWorkerd("cors", text, await keyPair(), async (url) => {
    const origin = { Origin: "https://app.example.com" };
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: { ...origin, "Access-Control-Request-Method": "GET" },
    });
    const names = ["Origin", "Headers", "Methods"].map((name) => `Access-Control-Allow-${name}`);
    assert.deepEqual(
      [preflight.status, ...names.map((name) => preflight.headers.get(name))],
      [204, "https://app.example.com", "Authorization, Content-Type", "GET, POST"],
    );
    const bearer = async (more: Record<string, unknown>) => ({
      ...origin,
      Authorization: `Bearer ${await tokenOf(ISSUER, more)}`,
    });
    assert.deepEqual(await asked(url, await bearer({})), [200, '{"sub":"alice"}']);
    for (const [headers, status] of [
      [origin, 401],
      [await bearer({ scope: "write" }), 403],
      [{ ...origin, Authorization: "Basic x" }, 400],
    ] as const) {
      const refused = await fetch(url, { headers: headers as Record<string, string> });
      assert.equal(refused.status, status);
      assert.equal(refused.headers.get("Access-Control-Allow-Origin"), "https://app.example.com");
      assert.match(refused.headers.get("Access-Control-Expose-Headers") ?? "", /WWW-Authenticate/);
      assert.match(refused.headers.get("WWW-Authenticate") ?? "", /^Bearer .*scope="read"$/);
    }
    // An OPTIONS that is no preflight is a request like others.
    assert.equal((await asked(url, origin, { method: "OPTIONS" }))[0], 401);
  });
});

test("recipe_the_policy_of_each_request_reads_a_cookie_and_pages_are_sent_to_the_sign_in", async () => {
  const text = ISSUER_OPTIONS + shown("docs/edge.md#2");
  await inWorkerd("edge-policies", text, await keyPair(), async (url) => {
    const cookie = async (scope: string) => ({
      Cookie: `a=1; __Host-session=${await tokenOf(ISSUER, { scope })}`,
    });
    assert.deepEqual(await asked(url, await cookie("read")), [200, '{"sub":"alice"}']);
    const post = { method: "POST" };
    assert.equal((await asked(url, await cookie("read"), post))[0], 403);
    assert.equal((await asked(url, await cookie("write"), post))[0], 200);
    assert.equal((await asked(url, {}))[0], 401);
    // fetch writes this header itself.
    const page = await new Promise<IncomingMessage>((resolve) =>
      get(url, { headers: { "Sec-Fetch-Mode": "navigate" } }, resolve),
    );
    page.resume();
    assert.deepEqual(
      [page.statusCode, page.headers.location],
      [302, "https://app.example.com/sign-in"],
    );
  });
});

test("recipe_an_mcp_server_leads_a_client_to_its_authority_and_takes_tokens_for_itself_alone", async () => {
  const answer = "globalThis.answer = async (_request, user) => Response.json({ user });\n";
  const text = answer + shown("docs/recipes/mcp.md#0");
  await inWorkerd("mcp", text, await keyPair(), async (url, fetched) => {
    const mcp = new URL("/mcp", url);
    const call = (headers: Record<string, string>) => fetch(mcp, { method: "POST", headers });
    const refused = await call({});
    assert.equal(refused.status, 401);
    const challenge = refused.headers.get("WWW-Authenticate") ?? "";
    const metadata = "https://tools.example.com/.well-known/oauth-protected-resource/mcp";
    assert.equal(challenge, `Bearer scope="mcp:tools", resource_metadata="${metadata}"`);

    const found = await fetch(new URL(new URL(metadata).pathname, url));
    assert.equal(found.headers.get("Access-Control-Allow-Origin"), "*");
    assert.deepEqual(await found.json(), {
      resource: "https://tools.example.com/mcp",
      authorization_servers: [ISSUER],
      scopes_supported: ["mcp:tools"],
      bearer_methods_supported: ["header"],
      resource_name: "Tools",
    });

    const good = { aud: "https://tools.example.com/mcp", scope: "mcp:tools" };
    const bearer = async (more: Record<string, unknown>) => ({
      Authorization: `Bearer ${await tokenOf(ISSUER, more)}`,
    });
    const admitted = await call(await bearer(good));
    assert.deepEqual([admitted.status, await admitted.json()], [200, { user: "alice" }]);
    assert.equal((await call(await bearer({ ...good, scope: "other" }))).status, 403);
    for (const aud of [
      "https://api.example.com",
      "https://tools.example.com",
      "https://tools.example.com/mcp/",
    ])
      assert.equal((await call(await bearer({ ...good, aud }))).status, 401, aud);
    assert.deepEqual(fetched, [`${ISSUER}/.well-known/jwks.json`]);
  });
});

test("recipe_a_token_for_one_mcp_server_opens_no_other_in_the_same_worker", async () => {
  const answer = "globalThis.answer = async (_request, user) => Response.json({ user });\n";
  const text = ISSUER_OPTIONS + answer + shown("docs/recipes/mcp.md#1");
  await inWorkerd("mcp-several", text, await keyPair(), async (url) => {
    const at = (path: string) => new URL(path, url);
    const bearer = async (path: string) => ({
      Authorization: `Bearer ${await tokenOf(ISSUER, { aud: `https://tools.example.com${path}` })}`,
    });
    for (const [path, other] of [
      ["/files", "/mail"],
      ["/mail", "/files"],
    ] as const) {
      assert.deepEqual(await asked(at(path), await bearer(path)), [200, '{"user":"alice"}']);
      const refused = await fetch(at(path), { headers: await bearer(other) });
      assert.equal(refused.status, 401);
      assert.match(
        refused.headers.get("WWW-Authenticate") ?? "",
        new RegExp(`error="invalid_token".*/oauth-protected-resource${path}"$`),
      );
      const metadata = await fetch(at(`/.well-known/oauth-protected-resource${path}`));
      const { resource } = (await metadata.json()) as { resource: string };
      assert.equal(resource, `https://tools.example.com${path}`);
    }
    assert.equal((await asked(at("/other"), await bearer("/files")))[0], 404);
  });
});

/** What a connection says until it is closed, and the code it is closed with. */
function listening(socket: WebSocket) {
  const said: string[] = [];
  const waiting: (() => void)[] = [];
  const tell = () => waiting.splice(0).forEach((go) => go());
  let code: number | null = null;
  socket.on("message", (data) => void (said.push(String(data)), tell()));
  socket.on("close", (given) => ((code = given), tell()));
  socket.on("unexpected-response", (_request, response) => {
    code = response.statusCode ?? 0;
    tell();
  });
  socket.on("error", tell);
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return {
    next: async (count: number) => (await until(() => said.length >= count), said[count - 1]),
    end: async () => (await until(() => code !== null), code),
  };
}

const opened = (socket: WebSocket) =>
  new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));

test("recipe_a_websocket_brings_its_token_among_the_subprotocols", async () => {
  const page = await bundle(
    "websocket-page.mjs",
    'export { connect } from "doc:docs/recipes/websocket-upgrades.md#0";',
    { format: "esm", packages: "external", inject: [join(root, "tests", "docs", "websocket.ts")] },
  );
  const { connect } = (await import(pathToFileURL(page).href)) as {
    connect(url: string, token: string): WebSocket;
  };
  const text = VERIFIER + shown("docs/recipes/websocket-upgrades.md#1");
  await inWorkerd("websocket-upgrade", text, await keyPair(), async (url) => {
    const address = url.href.replace("http", "ws");
    const token = (more: Record<string, unknown>) => tokenOf(ISSUER, { scope: "chat", ...more });

    const socket = connect(address, await token({ roles: ["operator"] }));
    const heard = listening(socket);
    await opened(socket);
    assert.equal(socket.protocol, "chat", "the token is not answered");
    socket.send("hello");
    assert.equal(await heard.next(1), "alice: hello");
    socket.send("/kick bob");
    assert.equal(await heard.next(2), "alice: /kick bob");
    socket.close();

    const user = connect(address, await token({}));
    await opened(user);
    user.send("/kick alice");
    assert.equal(await listening(user).end(), 4403);

    for (const [given, status] of [
      [await token({ scope: "read" }), 403],
      [await token({ exp: 1 }), 401],
      ["abc", 401],
    ] as const)
      assert.equal(await listening(connect(address, given)).end(), status);
    // Neither in the address nor nowhere.
    assert.equal(await listening(new WebSocket(address, ["chat"])).end(), 401);
    const query = `${address}?token=${await token({})}`;
    assert.equal(await listening(new WebSocket(query, ["chat"])).end(), 401);

    const brief = connect(address, await token({ exp: Math.floor(Date.now() / 1000) + 3 }));
    assert.equal(await listening(brief).end(), 4401, "it ends with its token");
  });
});

test("recipe_a_websocket_brings_its_tokens_in_messages", async () => {
  const text = VERIFIER + shown("docs/recipes/websocket-upgrades.md#2");
  await inWorkerd("websocket-messages", text, await keyPair(), async (url) => {
    const address = url.href.replace("http", "ws");
    const token = (more: Record<string, unknown> = {}) =>
      tokenOf(ISSUER, { scope: "chat", ...more });
    const connected = async () => {
      const socket = new WebSocket(address);
      const heard = listening(socket);
      await opened(socket);
      return { ...heard, send: (message: object) => socket.send(JSON.stringify(message)), socket };
    };
    const good = await connected();
    good.send({ text: "too early" });
    good.send({ type: "token", token: await token() });
    good.send({ text: "hello" });
    // Verified while the second message was on its way, which is dropped then.
    const again = setInterval(() => good.send({ text: "hello" }), 20);
    assert.equal(await good.next(1), "alice: hello");
    clearInterval(again);
    good.send({ type: "token", token: await token({ jti: "t2" }) });
    good.send({ type: "token", token: await token({ sub: "mallory" }) });
    assert.equal(await good.end(), 4401);
    (await connected()).socket.close();

    for (const bad of [
      { type: "token", token: await token({ scope: "read" }) },
      { type: "token", token: await token({ exp: 1 }) },
      { type: "token", token: "abc" },
      { type: "token" },
    ]) {
      const one = await connected();
      one.send(bad);
      assert.equal(await one.end(), 4401);
    }
    const noise = await connected();
    noise.socket.send("not JSON");
    assert.equal(await noise.end(), 4401);
  });
});
