// One exchange with an authorization server: what goes out, its bounds, and how a failure is told.

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { decodeProtectedHeader, exportJWK, generateKeyPair, type JWK, jwtVerify } from "jose";
import {
  type AuthorizationServer,
  clientCredentialsGrantRequest,
  processClientCredentialsResponse,
} from "oauth4webapi";
import { ask, type Bounds, EndpointFailure } from "../../js/oauth/ask.ts";
import { client } from "../../js/oauth/client.ts";
import type { ClientAuthentication } from "../../js/oauth/types.ts";
import { members, read } from "../../js/shared/options.ts";

const invalid = (option: string, problem: string) => new Error(`\`${option}\` ${problem}.`);
const clientOf = (given: unknown, now: () => number) =>
  read(members({ client }), { client: given }, invalid).client(now);
const TOKEN = { access_token: "token", token_type: "Bearer", expires_in: 300 };

interface Seen {
  headers: Record<string, unknown>;
  form: URLSearchParams;
}

/** Asks a server on this machine for a token. */
async function grant(
  answer: RequestListener,
  otherwise: Partial<Bounds> & { auth?: ClientAuthentication; endpoint?: string } = {},
) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      seen.push({ headers: request.headers, form: new URLSearchParams(body) });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { auth = { method: "client_secret_basic", secret: "s3cret:+ä" }, endpoint } = otherwise;
  const metadata: AuthorizationServer = { issuer, token_endpoint: endpoint ?? `${issuer}/token` };
  const { client, authenticate } = clientOf({ id: "a client", auth }, () => 1.7e12);
  const bounds: Bounds = {
    fetch: (input, init) => fetch(input, init),
    timeout: 60_000,
    maxBytes: 65_536,
    now: () => 1.7e12,
    allowHttp: true,
    ...otherwise,
  };
  try {
    const outcome = await ask(bounds, async (options) =>
      processClientCredentialsResponse(
        metadata,
        client,
        await clientCredentialsGrantRequest(metadata, client, authenticate, {}, options),
      ),
    ).catch((error: unknown) => error);
    return { outcome, seen, issuer };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

/** Checks what failed, and that nothing of the answer is in it. */
function assertFailure(outcome: unknown, expected: Partial<EndpointFailure>) {
  assert.ok(outcome instanceof EndpointFailure, String(outcome));
  const { kind, status, error, retryAfter } = outcome;
  assert.deepEqual(
    { kind, status, error, retryAfter },
    { status: null, error: null, retryAfter: null, ...expected },
  );
  assert.doesNotMatch(`${outcome.stack} ${JSON.stringify(outcome)}`, /hidden|s3cret/);
}

test("a secret goes by Basic, or in the form", async () => {
  const basic = await grant(json(200, TOKEN));
  assert.equal((basic.outcome as typeof TOKEN).access_token, "token");
  assert.equal(
    basic.seen[0]?.headers.authorization,
    `Basic ${btoa("a+client:s3cret%3A%2B%C3%A4")}`,
  );
  const auth = { method: "client_secret_post", secret: "s3cret" } as const;
  const post = await grant(json(200, TOKEN), { auth });
  assert.equal(post.seen[0]?.form.get("client_secret"), "s3cret");
  assert.equal(post.seen[0]?.headers.authorization, undefined);
});

test("a certificate's client sends its name alone", async () => {
  const { seen } = await grant(json(200, TOKEN), { auth: { method: "tls_client_auth" } });
  assert.deepEqual([...(seen[0] as Seen).form.keys()].sort(), ["client_id", "grant_type"]);
});

for (const alg of ["RS256", "PS384", "ES256", "ES512", "Ed25519"]) {
  test(`an assertion is signed by ${alg}`, async () => {
    const pair = await generateKeyPair(alg, { extractable: true });
    const kid = "the key";
    const key = { ...(await exportJWK(pair.privateKey)), alg, kid, key_ops: ["verify"] } as JWK;
    const assertions: string[] = [];
    for (const auth of [
      { method: "private_key_jwt", key },
      { method: "private_key_jwt", key: pair.privateKey as CryptoKey, kid },
    ] as ClientAuthentication[]) {
      const { seen, issuer } = await grant(json(200, TOKEN), { auth });
      const assertion = seen[0]?.form.get("client_assertion") ?? "";
      const { payload, protectedHeader } = await jwtVerify(assertion, pair.publicKey, {
        issuer: "a client",
        subject: "a client",
        audience: issuer,
        typ: "client-authentication+jwt",
        currentDate: new Date(1.7e12),
      });
      assert.equal(payload.aud, issuer);
      assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60);
      assert.deepEqual([protectedHeader.kid, protectedHeader.alg], [kid, alg]);
      assertions.push(String(payload.jti));
    }
    assert.notEqual(assertions[0], assertions[1]);
  });
}

test("an assertion can do without `typ`", async () => {
  const { privateKey } = await generateKeyPair("ES256");
  const auth = { method: "private_key_jwt", key: privateKey as CryptoKey, typ: null } as const;
  const { seen } = await grant(json(200, TOKEN), { auth });
  const header = decodeProtectedHeader(seen[0]?.form.get("client_assertion") ?? "");
  assert.deepEqual(header, { alg: "ES256" });
});

test("odd clients are told by the option's name", async () => {
  const { publicKey } = await generateKeyPair("ES256", { extractable: true });
  const odd: [unknown, RegExp][] = [
    [null, /`client`/],
    [{ id: "" }, /`client.id`/],
    [{ id: "a" }, /`client.auth`/],
    [{ id: "a", auth: Object.create({ method: "tls_client_auth" }) }, /`client.auth.method`/],
    [{ id: "a", auth: { method: "none" } }, /`client.auth.method`/],
    [{ id: "a", auth: { method: "client_secret_post", secret: "" } }, /`client.auth.secret`/],
    [{ id: "a", auth: { method: "private_key_jwt", key: publicKey } }, /`client.auth.key`/],
    [
      { id: "a", auth: { method: "private_key_jwt", key: await exportJWK(publicKey) } },
      /`client.auth.key`/,
    ],
    [
      { id: "a", auth: { method: "private_key_jwt", key: { kty: "oct", k: "", d: "" } } },
      /`client.auth.key`/,
    ],
  ];
  for (const [given, message] of odd) assert.throws(() => clientOf(given, Date.now), { message });
});

test("an answer of 4xx is a refusal, with its code", async () => {
  const refused = { error: "invalid_client", error_description: "hidden" };
  const challenge = { "WWW-Authenticate": "Basic realm=hidden" };
  assertFailure((await grant(json(401, refused, challenge))).outcome, {
    kind: "refused",
    status: 401,
    error: "invalid_client",
  });
  for (const body of ["<p>hidden", "null", '{"error":7}', '{"error":"hi\\"dden"}'])
    assertFailure((await grant(json(400, body))).outcome, { kind: "refused", status: 400 });
});

test("a server in trouble is unavailable, for as long as it says", async () => {
  const date = new Date(1.7e12 + 7_000).toUTCString();
  for (const [status, header, retryAfter] of [
    [503, undefined, null],
    [429, "12", 12],
    [500, date, 7],
    [408, "soon", null],
    [502, "99999999", 3_600],
  ] as const) {
    const headers = header === undefined ? undefined : { "Retry-After": header };
    const { outcome } = await grant(json(status, { error: "invalid_grant" }, headers));
    assertFailure(outcome, { kind: "unavailable", status, retryAfter });
  }
  const broken = await grant((_, response) => response.destroy());
  assertFailure(broken.outcome, { kind: "unavailable" });
  const cut = await grant((_, response) => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "100" });
    response.write('{"hidden":');
    setImmediate(() => response.destroy());
  });
  assertFailure(cut.outcome, { kind: "unavailable" });
});

test("what the protocol does not know is malformed", async () => {
  for (const answer of [
    json(200, "<p>hidden"),
    json(200, { hidden: true }),
    json(200, { ...TOKEN, token_type: "hidden" }),
    json(200, { ...TOKEN, hidden: "x".repeat(70_000) }),
  ])
    assertFailure((await grant(answer)).outcome, { kind: "malformed", status: 200 });
  const moved = await grant(json(302, "", { Location: "https://elsewhere.example/hidden" }));
  assertFailure(moved.outcome, { kind: "malformed", status: 302 });
  assert.equal(moved.seen.length, 1);
});

test("a call ends in time, though `fetch` ignores its signal", async () => {
  const never = () => new Promise<Response>(() => undefined);
  const silent = await grant(json(200, TOKEN), { fetch: never, timeout: 20 });
  assertFailure(silent.outcome, { kind: "timeout" });
  const slow = async () => new Response(new ReadableStream({}));
  assertFailure((await grant(json(200, TOKEN), { fetch: slow, timeout: 20 })).outcome, {
    kind: "timeout",
  });
});

test("what can't be asked is told apart from an answer", async () => {
  const broken = { kty: "EC", crv: "P-256", x: "AA", y: "AA", d: "hidden" };
  for (const otherwise of [
    { endpoint: "hidden" },
    { allowHttp: false },
    { auth: { method: "private_key_jwt", key: broken } as ClientAuthentication },
  ]) {
    const { outcome, seen } = await grant(json(200, TOKEN), otherwise);
    assertFailure(outcome, { kind: "misconfigured" });
    assert.equal(seen.length, 0);
  }
});
