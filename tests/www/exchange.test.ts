// Page, API, API: a user's token is exchanged for one of the second API. Who may ask for what, what
// the new token says, and that the user's own token opens nothing there.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  compactDecrypt,
  createRemoteJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from "jose";
import { createVerifier } from "tokenkeep/edge";
import { decryption } from "tokenkeep/jwe";
import { createServiceTokens, ServiceTokenError } from "tokenkeep/service";
import {
  authorization,
  BOB,
  claimsOf,
  type TokenReply,
  UNLIMITED,
  useStack,
  Visitor,
} from "./harness.ts";
import { Operator } from "./operator.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const API = "https://api.tokenkeep.example";
const STOCK = "https://stock.tokenkeep.example";
const NARROW = "https://narrow.tokenkeep.example";
const SEALED = "https://sealed.tokenkeep.example";

describe("page, API, API", () => {
  const stack = useStack(UNLIMITED);
  const call = (path: string, { access_token: token }: TokenReply, init: RequestInit = {}) =>
    fetch(stack().api + path, { ...init, headers: authorization(token) });

  test("shows the user, the narrowed audience and who acts", async () => {
    const reply = await new Visitor(stack()).signIn();
    const answer = await call("/api/stock", reply);
    assert.equal(answer.status, 200);
    const { items, readable, ...rest } = (await answer.json()) as Record<string, unknown>;
    assert.ok(Array.isArray(items) && Array.isArray(readable));
    // Its token was encrypted: nobody else can read more than how.
    const header = { alg: "ECDH-ES+A256KW", enc: "A256GCM", cty: "JWT", kid: "stock-1" };
    assert.deepEqual(readable, [{ ...header, epk: readable[0]?.epk }]);
    assert.deepEqual(rest, {
      sub: claimsOf(reply)["sub"],
      audience: STOCK,
      scopes: ["stock:read"],
      actors: ["tokenkeep-api"],
    });
  });

  test("the user's own token is refused there", async () => {
    const reply = await new Visitor(stack()).signIn();
    const answer = await call("/demo/forward", reply, { method: "POST" });
    assert.deepEqual(await answer.json(), {
      status: 401,
      challenge:
        'Bearer realm="stock", error="invalid_token", error_description="The access token is not valid.", scope="stock:read"',
    });
  });

  test("the audit log has one line for the calls of a session", async () => {
    const reply = await new Visitor(stack()).signIn();
    for (let count = 0; count < 3; count += 1)
      assert.equal((await call("/api/stock", reply)).status, 200);
    const operator = new Operator(stack(), reply.access_token);
    const audit = await operator.call("audit?limit=50");
    const { records } = (await audit.json()) as { records: Record<string, unknown>[] };
    const { sub, sid } = claimsOf(reply);
    const lines = records.filter(({ event, session }) => event === "exchanged" && session === sid);
    assert.deepEqual(
      lines.map(({ severity, user, detail }) => [severity, user, detail]),
      [["low", sub, `tokenkeep-api for ${STOCK}`]],
    );
  });

  test("an operator who acts for a user is in the chain", async () => {
    const alice = await new Visitor(stack()).signIn();
    const bob = claimsOf(await new Visitor(stack()).signIn(BOB))["sub"] as string;
    const operator = new Operator(stack(), alice.access_token);
    const acting = (await (await operator.call("act-for", { user: bob })).json()) as TokenReply;
    const answer = (await (await call("/api/stock", acting)).json()) as Record<string, unknown>;
    assert.deepEqual(
      [answer["sub"], answer["actors"]],
      [bob, ["tokenkeep-api", claimsOf(alice)["sub"]]],
    );
  });

  test("a session that has ended gets nothing, and the page is told to refresh", async () => {
    const visitor = new Visitor(stack());
    const reply = await visitor.signIn();
    await visitor.post("/session/logout");
    const answer = await call("/api/stock", reply);
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get("WWW-Authenticate") ?? "", /error="invalid_token"/);
  });

  test("another tenant has no second API", async () => {
    const base = "/tenants/south";
    const reply = await new Visitor(stack(), null, base).signIn();
    assert.equal(claimsOf(reply)["may_act"], undefined);
    assert.equal((await call(`${base}/api/stock`, reply)).status, 404);
  });
});

const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
const recipient = await generateKeyPair("ECDH-ES+A256KW", { extractable: true });
const sealing = { ...(await exportJWK(recipient.publicKey)), kid: "e1", use: "enc" };
const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" };
const service = (id: string, audience: string) => ({
  id,
  jwks: { keys: [jwk] },
  audience,
  targets: { [STOCK]: ["stock:read", "stock:write"], [NARROW]: [], [SEALED]: [] },
});

describe("the exchange endpoint", () => {
  const stack = useStack({
    bindings: {
      authority: {
        RATE_LIMITS: "off",
        SERVICES: JSON.stringify([
          service("orders", API),
          service("other", API),
          service("third", STOCK),
        ]),
        ENCRYPTION_KEYS: JSON.stringify({ [SEALED]: { keys: [sealing] } }),
      },
    },
  });
  /** An assertion as the service makes it, and whatever a test wants to be wrong in it. */
  const assertion = async (claims: JWTPayload = {}, header: object = {}, key = privateKey) => {
    const now = Math.floor(Date.now() / 1000);
    const { iss = "orders", aud = stack().authority } = claims;
    return new SignJWT({
      jti: crypto.randomUUID(),
      iat: now,
      exp: now + 60,
      sub: iss,
      iss,
      aud,
      ...claims,
    })
      .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "client-authentication+jwt", ...header })
      .sign(key);
  };
  const form = async (subject: string, more: Record<string, string | null> = {}) => {
    const all: Record<string, string | null> = {
      grant_type: GRANT,
      client_id: "orders",
      client_assertion_type: ASSERTION,
      client_assertion: more["client_assertion"] ?? (await assertion()),
      subject_token: subject,
      subject_token_type: ACCESS_TOKEN,
      audience: STOCK,
      ...more,
    };
    return Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  };
  const post = async (body: string[][] | string, type = "application/x-www-form-urlencoded") => {
    const answer = await fetch(`${stack().authority}/token`, {
      method: "POST",
      headers: { "Content-Type": type },
      body: typeof body === "string" ? body : String(new URLSearchParams(body)),
    });
    assert.equal(answer.headers.get("Cache-Control"), "no-store");
    const json = (await answer.json()) as Record<string, unknown>;
    return { status: answer.status, json };
  };
  const refusal = async (body: string[][] | string, type?: string) => {
    const { status, json } = await post(body, type);
    return `${status} ${Object.values(json).join()}`;
  };
  const alice = async () => (await new Visitor(stack()).signIn()).access_token;

  test("gives a token that is narrower in audience, scope and time", async () => {
    const token = await alice();
    const { json } = await post(await form(token, { scope: "stock:read" }));
    const { access_token: exchanged, ...rest } = json;
    assert.deepEqual(rest, {
      issued_token_type: ACCESS_TOKEN,
      token_type: "Bearer",
      expires_in: 120,
      scope: "stock:read",
    });
    const before = claimsOf({ access_token: token } as TokenReply);
    const { iat, exp, jti, ...claims } = claimsOf({ access_token: exchanged } as TokenReply);
    assert.equal(Number(exp) - Number(iat), 120);
    assert.notEqual(jti, before["jti"]);
    assert.deepEqual(claims, {
      iss: stack().authority,
      sub: before["sub"],
      sid: before["sid"],
      aud: STOCK,
      client_id: "orders",
      scope: "stock:read",
      act: { sub: "orders" },
    });
    const plain = await post(await form(token, { audience: NARROW }));
    assert.equal(plain.json["scope"], undefined);
  });

  test("edge_X330_a_token_for_an_audience_with_a_key_is_signed_and_encrypted", async () => {
    const token = await alice();
    const { json } = await post(await form(token, { audience: SEALED }));
    const sealed = String(json["access_token"]);
    const { epk, ...header } = decodeProtectedHeader(sealed);
    assert.deepEqual(header, { alg: "ECDH-ES+A256KW", enc: "A256GCM", cty: "JWT", kid: "e1" });
    assert.equal(typeof epk, "object");
    assert.equal(sealed.split(".").length, 5);
    const { sub } = claimsOf({ access_token: token } as TokenReply);
    const readable = sealed.split(".").map((part) => Buffer.from(part, "base64url").toString());
    assert.ok(readable.every((part) => !part.includes(String(sub))));
    // By jose: what is inside is the token as ever.
    const { plaintext } = await compactDecrypt(sealed, recipient.privateKey);
    const jwksUri = `${stack().authority}/.well-known/jwks.json`;
    const { payload } = await jwtVerify(
      new TextDecoder().decode(plaintext),
      createRemoteJWKSet(new URL(jwksUri)),
      { issuer: stack().authority, audience: SEALED, typ: "at+jwt" },
    );
    assert.equal(payload.sub, sub);
    // By our verifier, which takes no other.
    const verifier = createVerifier({
      issuers: {
        issuer: stack().authority,
        audience: [SEALED, STOCK],
        algorithms: ["ES256"],
        jwksUri,
        encrypted: "required",
      },
      profile: "access-token",
      encryption: decryption({
        keys: [{ key: (await exportJWK(recipient.privateKey)) as never }],
        keyManagement: ["ECDH-ES+A256KW"],
      }),
    });
    assert.equal((await verifier.verify(sealed)).claims.sub, sub);
    const plain = (await post(await form(token))).json["access_token"];
    await assert.rejects(verifier.verify(String(plain)), { code: "token.not_encrypted" });
    // Whoever holds it can do no more with it than hand it on.
    assert.equal(await refusal(await form(sealed)), "400 invalid_grant");
  });

  test("gives no more than was asked of it, and asks who it is", async () => {
    const token = await alice();
    const { privateKey: foreign } = await generateKeyPair("ES256");
    const now = Math.floor(Date.now() / 1000);
    const used = await assertion();
    assert.equal((await post(await form(token, { client_assertion: used }))).status, 200);
    const rows: [string, Record<string, string | null>, string][] = [
      ["another grant", { grant_type: "client_credentials" }, "400 unsupported_grant_type"],
      ["no client", { client_id: null }, "401 invalid_client"],
      ["an unknown client", { client_id: "nobody" }, "401 invalid_client"],
      ["no assertion", { client_assertion: "" }, "401 invalid_client"],
      ["an assertion used before", { client_assertion: used }, "401 invalid_client"],
      [
        "another's key",
        { client_assertion: await assertion({}, {}, foreign) },
        "401 invalid_client",
      ],
      [
        "another's name",
        { client_assertion: await assertion({ iss: "other" }) },
        "401 invalid_client",
      ],
      [
        "for the endpoint",
        { client_assertion: await assertion({ aud: `${stack().authority}/token` }) },
        "401 invalid_client",
      ],
      [
        "for two",
        { client_assertion: await assertion({ aud: [stack().authority, "b"] }) },
        "401 invalid_client",
      ],
      ["expired", { client_assertion: await assertion({ exp: now - 1 }) }, "401 invalid_client"],
      [
        "for a day",
        { client_assertion: await assertion({ exp: now + 86_400 }) },
        "401 invalid_client",
      ],
      [
        "of another type",
        { client_assertion: await assertion({}, { typ: "at+jwt" }) },
        "401 invalid_client",
      ],
      [
        "an audience that is not in the table",
        { audience: "https://all.example" },
        "400 invalid_target",
      ],
      ["none", { audience: null }, "400 invalid_target"],
      ["a name of every object", { audience: "constructor" }, "400 invalid_target"],
      ["a resource", { resource: STOCK }, "400 invalid_target"],
      ["a scope that is not in the table", { scope: "stock:read all" }, "400 invalid_scope"],
      [
        "a scope of another audience",
        { audience: NARROW, scope: "stock:read" },
        "400 invalid_scope",
      ],
      [
        "a refresh token",
        { requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" },
        "400 invalid_request",
      ],
      ["an actor", { actor_token: token, actor_token_type: ACCESS_TOKEN }, "400 invalid_request"],
      [
        "another type of subject",
        { subject_token_type: "urn:ietf:params:oauth:token-type:id_token" },
        "400 invalid_request",
      ],
      ["no subject", { subject_token: null }, "400 invalid_request"],
      ["a forged subject", { subject_token: `${token}x` }, "400 invalid_grant"],
    ];
    for (const [name, more, expected] of rows)
      assert.equal(await refusal(await form(token, more)), expected, name);
    assert.equal(
      await refusal([...(await form(token)), ["audience", NARROW]]),
      "400 invalid_request",
    );
    assert.equal(await refusal("{}", "application/json"), "400 invalid_request");
    assert.equal(await refusal(await form("x".repeat(5_000))), "413 body_too_large");
  });

  test("a token that names another service in `may_act`, or is for another, is not exchanged", async () => {
    const token = await alice();
    assert.deepEqual(claimsOf({ access_token: token } as TokenReply)["may_act"], { sub: "orders" });
    for (const id of ["other", "third"]) {
      const more = { client_id: id, client_assertion: await assertion({ iss: id }) };
      assert.equal(await refusal(await form(token, more)), "400 invalid_grant", id);
    }
    // What was exchanged already is for the next API, which hands it on to nobody.
    const { json } = await post(await form(token));
    assert.equal(await refusal(await form(String(json["access_token"]))), "400 invalid_grant");
  });

  test("a session that has ended is not exchanged", async () => {
    const visitor = new Visitor(stack());
    const { access_token: token } = await visitor.signIn();
    await visitor.post("/session/logout");
    assert.equal(await refusal(await form(token)), "400 invalid_grant");
  });

  test("tokenkeep/service speaks to it", async () => {
    const tokens = createServiceTokens({
      issuer: stack().authority,
      tokenEndpoint: `${stack().authority}/token`,
      client: { id: "orders", auth: { method: "private_key_jwt", key: privateKey, kid: "k1" } },
      targets: { [STOCK]: { audience: STOCK }, [NARROW]: { audience: NARROW, scopes: ["a"] } },
    });
    const token = await alice();
    const { exp, sub } = claimsOf({ access_token: token } as TokenReply);
    const request = new Request(API, { headers: authorization(token) });
    const user = tokens.onBehalfOf(request, { claims: { exp, sub } } as never);
    const exchanged = await user.withToken(STOCK, String);
    assert.equal(claimsOf({ access_token: exchanged } as TokenReply)["aud"], STOCK);
    await assert.rejects(
      user.withToken(NARROW, String),
      (error) => error instanceof ServiceTokenError && error.error === "invalid_scope",
    );
  });
});

describe("an authority that would encrypt what it has to read", () => {
  const stack = useStack({
    bindings: {
      authority: { ENCRYPTION_KEYS: JSON.stringify({ [API]: { keys: [sealing] } }) },
    },
  });

  test("edge_X331_gives_no_token_at_all", async () => {
    const body = { username: "alice", password: "correct horse battery" };
    const answer = await new Visitor(stack()).post("/session/sign-in", { body });
    assert.equal(answer.status, 500);
  });
});
