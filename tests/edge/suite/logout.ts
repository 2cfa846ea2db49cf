// Group W: logout tokens of OpenID Connect Back-Channel Logout 1.0, and the endpoint that takes
// them.

import assert from "node:assert/strict";
import { exportSPKI, SignJWT } from "jose";
import {
  createVerifier,
  type IssuerOptions,
  type KeyValue,
  kvRevocation,
  memoryRevocation,
  type RevocationStore,
  type Revoker,
  type VerifierEvent,
  VerifyError,
} from "tokenkeep/edge";
import {
  type LogoutOptions,
  type LogoutToken,
  logoutReceiver,
  verifyLogoutToken,
} from "tokenkeep/logout";
import {
  AUDIENCE,
  base64url,
  bench,
  Clock,
  claims,
  Endpoint,
  edge,
  ISSUER,
  keyPair,
  makeKeyPair,
  misconfigured,
  NOW,
  refused,
  sign,
} from "./kit.ts";

const CLIENT = "shop";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";

/** The claims of a logout token; one that is undefined is left out. */
const ended = (more: Record<string, unknown> = {}) => ({
  iss: ISSUER,
  aud: CLIENT,
  iat: NOW,
  exp: NOW + 120,
  jti: "l1",
  sub: "alice",
  sid: "s1",
  events: { [EVENT]: {} },
  ...more,
});
const logoutToken = (more: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  sign(ended(more), { typ: "logout+jwt", ...header });

interface Made {
  readonly clock: Clock;
  readonly endpoint: Endpoint;
  readonly events: VerifierEvent[];
  readonly options: LogoutOptions;
}

async function made(
  more: Partial<LogoutOptions> & { issuer?: Partial<IssuerOptions> } = {},
): Promise<Made> {
  const { issuer, ...rest } = more;
  const endpoint = new Endpoint((await keyPair()).jwk);
  const clock = new Clock();
  const events: VerifierEvent[] = [];
  const options: LogoutOptions = {
    issuers: {
      issuer: ISSUER,
      audience: CLIENT,
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}/jwks.json`,
      ...issuer,
    },
    clockTolerance: 0,
    clock: clock.read,
    jwks: { fetch: endpoint.fetch },
    onEvent: (event) => events.push(event),
    ...rest,
  };
  return { clock, endpoint, events, options };
}

const ADDRESS = "https://app.example/backchannel-logout";
const form = (fields: [string, string][] | string, headers: Record<string, string> = {}) =>
  new Request(ADDRESS, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields).toString(),
  });
const posted = (token: string) => form([["logout_token", token]]);

/** Says what an answer is: its status, and the body, which may not be kept. */
async function told(response: Response): Promise<[number, string]> {
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  for (const name of ["Access-Control-Allow-Origin", "Set-Cookie", "WWW-Authenticate"])
    assert.equal(response.headers.get(name), null, name);
  return [response.status, await response.text()];
}
const DONE = [200, ""];
const INVALID = '{"error":"invalid_request"}';

/** Whether a verifier of the API would refuse a token of these claims now. */
const isRevoked = (store: RevocationStore, of: { sid?: string; sub?: string; iat?: number }) =>
  store.isRevoked({ issuer: ISSUER, jti: "t1", sid: null, sub: "alice", iat: NOW, ...of });

edge("edge_W2_takes_no_other_token", async () => {
  const { options } = await made({ issuer: { audience: [CLIENT, AUDIENCE] } });
  const idToken = { ...ended({ events: undefined, nonce: "n" }), auth_time: NOW };
  for (const [token, code] of [
    [await sign(idToken), "claim.nonce"],
    [await sign({ ...idToken, nonce: undefined }), "claim.events"],
    [await sign(claims()), "claim.events"],
    [await sign(claims({ client_id: "c" }), { typ: "at+jwt" }), "header.typ"],
    [await sign({ jti: "p", htm: "POST", htu: ADDRESS, iat: NOW }, { typ: "dpop+jwt" }), null],
    [await logoutToken({}, { typ: "dpop+jwt" }), "header.typ"],
    [await logoutToken({}, { typ: "secevent+jwt" }), "header.typ"],
    [await logoutToken({}, { typ: 7 }), "header.typ"],
  ] as const)
    await refused(verifyLogoutToken(token, options), code ?? "claim.iss", String(code));
});

edge("edge_W3_refuses_a_logout_token_that_breaks_one_rule", async () => {
  const { options } = await made({ revoker: memoryRevocation(), ttl: 900 });
  const receive = logoutReceiver(options);
  const answers = async (token: string) => told(await receive(posted(token)));
  for (const typ of ["logout+jwt", "application/LOGOUT+JWT", "JWT", undefined])
    assert.deepEqual(await answers(await logoutToken({}, { typ })), DONE, String(typ));
  for (const [more, code] of [
    [{ iss: "https://other.example" }, "issuer.unknown"],
    [{ iss: undefined }, "claim.iss"],
    [{ aud: AUDIENCE }, "claim.aud"],
    [{ aud: undefined }, "claim.aud"],
    [{ aud: [CLIENT, 7] }, "claim.aud"],
    [{ iat: undefined }, "claim.iat"],
    [{ iat: `${NOW}` }, "claim.iat"],
    [{ iat: NOW + 1 }, "claim.iat"],
    [{ iat: NOW - 301 }, "token.expired"],
    [{ exp: undefined }, "claim.exp"],
    [{ exp: NOW }, "token.expired"],
    [{ nbf: NOW + 1 }, "token.not_yet_valid"],
    [{ jti: undefined }, "claim.jti"],
    [{ jti: "" }, "claim.jti"],
    [{ nonce: "n" }, "claim.nonce"],
    [{ events: undefined }, "claim.events"],
  ] as const) {
    const token = await logoutToken(more);
    await refused(verifyLogoutToken(token, options), code, JSON.stringify(more));
    assert.deepEqual(await answers(token), [400, INVALID], JSON.stringify(more));
  }
});

edge("edge_W4_refuses_a_signature_that_is_none_or_another_ones", async () => {
  const { options, endpoint } = await made();
  const none = `${base64url('{"alg":"none","typ":"logout+jwt"}')}.${base64url(JSON.stringify(ended()))}.`;
  const { publicKey } = await keyPair();
  const hmac = await new SignJWT(ended())
    .setProtectedHeader({ alg: "HS256", kid: "k1", typ: "logout+jwt" })
    .sign(new TextEncoder().encode(await exportSPKI(publicKey)));
  await refused(verifyLogoutToken(none, options), "token.malformed");
  for (const token of [`${none}AAAA`, hmac])
    await refused(verifyLogoutToken(token, options), "alg.not_allowed");
  assert.equal(endpoint.fetches, 0);
  const stranger = await makeKeyPair("ES256", "k1");
  const forged = await sign(ended(), { typ: "logout+jwt" }, stranger);
  await refused(verifyLogoutToken(forged, options), "signature.invalid");
  const other = await keyPair("ES256", "k9");
  const unknown = await sign(ended(), { typ: "logout+jwt" }, other);
  await refused(verifyLogoutToken(unknown, options), "key.unknown");
});

edge("edge_W5_refuses_a_nonce_whatever_its_value", async () => {
  const { options } = await made();
  for (const nonce of ["n", "", null, 0, false, [], {}])
    await refused(
      verifyLogoutToken(await logoutToken({ nonce }), options),
      "claim.nonce",
      JSON.stringify(nonce),
    );
});

edge("edge_W6_wants_the_event_and_an_object_as_its_value", async () => {
  const { options } = await made();
  for (const events of [
    null,
    EVENT,
    [EVENT],
    [{ [EVENT]: {} }],
    {},
    { [`${EVENT}/`]: {} },
    { [EVENT]: [] },
    { [EVENT]: null },
    { [EVENT]: "{}" },
    { [EVENT]: true },
    { more: { [EVENT]: {} } },
  ])
    await refused(
      verifyLogoutToken(await logoutToken({ events }), options),
      "claim.events",
      JSON.stringify(events),
    );
  const events = { "https://schemas.example/other": 7, [EVENT]: { more: [1] } };
  await verifyLogoutToken(await logoutToken({ events }), options);
});

edge("edge_W7_wants_a_subject_or_a_session_and_texts_for_both", async () => {
  const { options } = await made({ issuer: { tenant: "north" } });
  const of = async (more: Record<string, unknown>) =>
    verifyLogoutToken(await logoutToken(more), options);
  const token: LogoutToken = await of({});
  assert.deepEqual(token, {
    issuer: ISSUER,
    sub: "alice",
    sid: "s1",
    jti: "l1",
    iat: NOW,
    tenant: "north",
  });
  assert.deepEqual((await of({ sid: undefined })).sid, null);
  assert.deepEqual((await of({ sub: undefined })).sub, null);
  await refused(of({ sub: undefined, sid: undefined }), "claim.sub");
  for (const odd of ["", 7, null, ["alice"], {}]) {
    const note = JSON.stringify(odd);
    await refused(of({ sub: odd }), "claim.sub", note);
    await refused(of({ sid: odd }), "claim.sid", note);
    await refused(of({ sub: odd, sid: undefined }), "claim.sub", note);
  }
  // By name, where the issuer is known to write numbers.
  const tolerant = await made({ issuer: { tolerate: ["numeric-sub"] } });
  assert.equal((await verifyLogoutToken(await logoutToken({ sub: 7 }), tolerant.options)).sub, "7");
});

edge("edge_W8_takes_a_token_without_expiry_by_option_alone_and_judges_its_age", async () => {
  const strict = await made();
  const tolerant = await made({ allowNoExpiry: true, maxAge: 60 });
  const token = await logoutToken({ exp: undefined });
  await refused(verifyLogoutToken(token, strict.options), "claim.exp");
  await verifyLogoutToken(token, tolerant.options);
  tolerant.clock.forward(60);
  await verifyLogoutToken(token, tolerant.options);
  tolerant.clock.forward(1);
  await refused(verifyLogoutToken(token, tolerant.options), "token.expired");
  await refused(
    verifyLogoutToken(await logoutToken({ exp: undefined, iat: undefined }), tolerant.options),
    "claim.iat",
  );
  // An `exp` far away makes no token younger.
  await refused(
    verifyLogoutToken(await logoutToken({ exp: NOW + 900_000 }), tolerant.options),
    "token.expired",
  );
});

edge("edge_W9_ends_the_session_or_what_the_user_was_issued_up_to_then", async () => {
  const reached = async (reach: "session" | "user" | undefined, more: Record<string, unknown>) => {
    const store = memoryRevocation({ clock: () => NOW * 1000 });
    const { options } = await made({
      revoker: store,
      ttl: 900,
      ...(reach === undefined ? {} : { reach }),
    });
    const receive = logoutReceiver(options);
    assert.deepEqual(await told(await receive(posted(await logoutToken(more)))), DONE);
    return {
      thisSession: await isRevoked(store, { sid: "s1", sub: "bob" }),
      otherSession: await isRevoked(store, { sid: "s2" }),
      otherUser: await isRevoked(store, { sid: "s2", sub: "bob" }),
    };
  };
  const session = { thisSession: true, otherSession: false, otherUser: false };
  const user = { thisSession: false, otherSession: true, otherUser: false };
  assert.deepEqual(await reached(undefined, {}), session);
  assert.deepEqual(await reached("session", { sub: undefined }), session);
  assert.deepEqual(await reached("session", { sid: undefined }), user);
  assert.deepEqual(await reached("user", {}), user);
  assert.deepEqual(await reached("user", { sub: undefined }), session);
});

edge("edge_W9_ends_nothing_that_began_after_the_token_was_issued", async () => {
  const clock = new Clock();
  const store = memoryRevocation({ clock: clock.read });
  const { options } = await made({ revoker: store, ttl: 900, reach: "user", clock: clock.read });
  const receive = logoutReceiver(options);
  const { verifier } = await bench({ revocation: store, clock: clock.read });
  const accessToken = (iat: number) => sign(claims({ iat }));
  const logout = await logoutToken();
  assert.deepEqual(await told(await receive(posted(logout))), DONE);
  await refused(verifier.verify(await accessToken(NOW - 60)), "token.revoked");
  await refused(verifier.verify(await accessToken(NOW)), "token.revoked");
  // The user signs in anew. Whoever has the token sends it again.
  clock.forward(60);
  await verifier.verify(await accessToken(NOW + 30));
  assert.deepEqual(await told(await receive(posted(logout))), DONE);
  await verifier.verify(await accessToken(NOW + 30));
  await refused(verifier.verify(await accessToken(NOW)), "token.revoked");
});

/** KV in memory. */
function emptyKv(): KeyValue {
  const entries = new Map<string, string>();
  return {
    get: async (key) => entries.get(key) ?? null,
    put: async (key, value) => void entries.set(key, value),
    delete: async (key) => void entries.delete(key),
  };
}

edge("edge_W10_keeps_the_later_of_two_cut_offs_in_whatever_order_they_come", async () => {
  for (const order of [
    [NOW - 100, NOW],
    [NOW, NOW - 100],
  ]) {
    const clock = new Clock();
    for (const store of [
      memoryRevocation({ clock: clock.read }),
      kvRevocation(emptyKv(), { clock: clock.read }),
      kvRevocation(emptyKv(), { clock: clock.read, cacheTtl: 0 }),
    ]) {
      const { options } = await made({ revoker: store, ttl: 900, reach: "user" });
      const receive = logoutReceiver(options);
      for (const iat of order)
        assert.deepEqual(await told(await receive(posted(await logoutToken({ iat })))), DONE);
      assert.equal(await isRevoked(store, { iat: NOW }), true);
      assert.equal(await isRevoked(store, { iat: NOW + 1 }), false);
    }
  }
});

edge("edge_W11_answers_requests_that_are_no_form_with_one_token", async () => {
  const logouts: LogoutToken[] = [];
  const { options, events, endpoint } = await made({
    onLogout: (logout) => void logouts.push(logout),
  });
  const receive = logoutReceiver(options);
  const token = await logoutToken();
  const post = (body: BodyInit | null, type = "application/x-www-form-urlencoded") =>
    new Request(ADDRESS, { method: "POST", headers: { "Content-Type": type }, body });
  for (const method of ["GET", "HEAD", "PUT", "OPTIONS"]) {
    const address = `${ADDRESS}?logout_token=${token}`;
    const answer = await receive(new Request(address, { method }));
    assert.equal(answer.headers.get("Allow"), "POST", method);
    assert.deepEqual(await told(answer), [405, INVALID], method);
  }
  const used = posted(token);
  await used.text();
  for (const [note, request] of [
    ["JSON", post(JSON.stringify({ logout_token: token }), "application/json")],
    ["a form of another type", post(`logout_token=${token}`, "text/plain")],
    ["no type", new Request(ADDRESS, { method: "POST", body: new Uint8Array([1]) })],
    ["no body", post(null)],
    ["no token", form([["token", token]])],
    ["an empty token", form([["logout_token", ""]])],
    [
      "two tokens",
      form([...new URLSearchParams({ logout_token: token }), ["logout_token", token]]),
    ],
    ["a token in the address", new Request(`${ADDRESS}?logout_token=${token}`, post("a=b"))],
    ["a body that was read", used],
    ["bytes", post(new Uint8Array(1_000).fill(255))],
  ] as const)
    assert.deepEqual(await told(await receive(request)), [400, INVALID], note);
  for (const size of [16_385, 1_048_576]) {
    const large = `${"a".repeat(size - 1)}=`;
    assert.deepEqual(await told(await receive(post(large))), [413, INVALID], String(size));
  }
  assert.equal(endpoint.fetches, 0);
  assert.deepEqual(logouts, []);
  const codes = [...new Set(events.map((event) => (event.type === "refused" ? event.code : null)))];
  assert.deepEqual(codes, ["request.malformed", "token.malformed", "request.too_large"]);

  // Other fields are no fault, and the type may have a parameter.
  const more: [string, string][] = [
    ["state", "x"],
    ["logout_token", token],
  ];
  const type = "Application/X-WWW-Form-Urlencoded ; charset=utf-8";
  assert.deepEqual(await told(await receive(form(more, { "Content-Type": type }))), DONE);
  assert.deepEqual(
    logouts.map(({ jti }) => jti),
    ["l1"],
  );
});

edge("edge_W12_answers_503_while_something_is_out_of_reach_and_200_when_sent_again", async () => {
  let isDown = true;
  const store = memoryRevocation({ clock: () => NOW * 1000 });
  const failing =
    <Arguments extends unknown[]>(then: (...given: Arguments) => Promise<void>) =>
    async (...given: Arguments) => {
      if (isDown) throw new Error("down");
      await then(...given);
    };
  const revoker: Revoker = {
    revokeToken: store.revokeToken,
    revokeSession: failing(store.revokeSession),
    revokeUser: failing(store.revokeUser),
  };
  const fails = async (options: LogoutOptions, heal: () => void) => {
    const receive = logoutReceiver(options);
    const token = await logoutToken({ exp: NOW + 300 });
    const answer = await receive(posted(token));
    assert.match(answer.headers.get("Retry-After") ?? "", /^\d+$/);
    assert.deepEqual(await told(answer), [503, '{"error":"temporarily_unavailable"}']);
    heal();
    assert.deepEqual(await told(await receive(posted(token))), DONE);
  };
  const heal = () => {
    isDown = false;
  };

  const first = await made({ revoker, ttl: 900 });
  await fails(first.options, heal);
  assert.ok(await isRevoked(store, { sid: "s1" }));
  assert.deepEqual(
    first.events.filter(({ type }) => type === "refused"),
    [
      {
        type: "refused",
        code: "revocation.unavailable",
        category: "runtime",
        issuer: ISSUER,
        tenant: null,
      },
    ],
  );

  isDown = true;
  const onLogout = failing(async () => undefined);
  await fails((await made({ onLogout })).options, heal);

  const keys = await made({ onLogout: () => undefined });
  const { answer } = keys.endpoint;
  keys.endpoint.answer = () => new Response(null, { status: 500 });
  await fails(keys.options, () => {
    keys.endpoint.answer = answer;
    keys.clock.forward(31);
  });

  const clock = new Clock();
  clock.now = 0;
  await fails((await made({ onLogout: () => undefined, clock: clock.read })).options, () => {
    clock.now = NOW * 1000;
  });

  isDown = true;
  const resolver = await made({ onLogout: () => undefined });
  const { issuers } = resolver.options;
  const resolve = async () => {
    if (isDown) throw new Error("down");
    return issuers as IssuerOptions;
  };
  await fails({ ...resolver.options, issuers: resolve }, heal);
});

edge("edge_W12_never_throws", async () => {
  const { options } = await made({
    onLogout: () => undefined,
    onEvent: () => {
      throw new Error("the listener");
    },
  });
  // A resolver that answers what could never be right.
  const odd = logoutReceiver({ ...options, issuers: () => ({}) as IssuerOptions });
  assert.deepEqual(await told(await odd(posted(await logoutToken()))), [
    500,
    '{"error":"server_error"}',
  ]);
  const receive = logoutReceiver(options);
  assert.deepEqual(await told(await receive(form("x"))), [400, INVALID]);
  assert.deepEqual(await told(await receive(posted(await logoutToken()))), DONE);
  const rejecting = await made({ onLogout: () => Promise.reject(new VerifyError("claim.custom")) });
  const answer = await logoutReceiver(rejecting.options)(posted(await logoutToken()));
  assert.equal((await told(answer))[0], 503, "whatever `onLogout` throws");
});

edge("edge_W13_lets_no_logout_token_in_as_an_access_token", async () => {
  // As an access token it would be whole: it has all claims of RFC 9068.
  const more = { aud: [CLIENT, AUDIENCE], client_id: CLIENT, scope: "read" };
  for (const profile of ["jwt", "access-token", "id-token"] as const) {
    for (const typ of ["logout+jwt", "application/logout+jwt", "JWT", "at+jwt", undefined]) {
      const { verifier } = await bench({ profile });
      const token = await logoutToken({ ...more, azp: AUDIENCE }, { typ });
      await assert.rejects(
        verifier.verify(token),
        ({ code }: VerifyError) => code === "header.typ" || code === "claim.events",
        `${profile} ${typ}`,
      );
    }
    const types = ["JOSE", "secevent+jwt"];
    const { verifier } = await bench({ profile, issuer: { types } });
    const token = await logoutToken({ ...more, azp: AUDIENCE }, { typ: "secevent+jwt" });
    await refused(verifier.verify(token), "claim.events", profile);
  }
  const issuer = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: ISSUER };
  for (const odd of [
    { issuers: issuer, profile: "logout" },
    { issuers: { ...issuer, profile: "logout" } },
    { issuers: { ...issuer, types: ["logout+jwt"] } },
    { issuers: { ...issuer, types: ["JWT", "application/LOGOUT+jwt"] } },
  ])
    misconfigured(() => createVerifier(odd as never), JSON.stringify(odd));
});

edge("edge_W300_has_no_use_for_what_an_issuers_access_tokens_must_be", async () => {
  const issuer: Partial<IssuerOptions> = {
    profile: "access-token",
    types: ["at+jwt"],
    requiredClaims: ["scope"],
    maxTokenAge: 1,
    check: () => false,
  };
  const { options, clock } = await made({ issuer });
  clock.forward(60);
  const { issuers } = options;
  for (const given of [issuers, [issuers as IssuerOptions], () => issuers as IssuerOptions]) {
    const each = { ...options, issuers: given };
    await verifyLogoutToken(await logoutToken(), each);
    await refused(verifyLogoutToken(await sign(claims()), each), "claim.aud");
    await refused(verifyLogoutToken(await sign(claims(), { typ: "at+jwt" }), each), "header.typ");
  }
  // Claims that an issuer's tokens must have count here too.
  const marked = await made({ issuer: { claims: { realm: "north" } } });
  await refused(verifyLogoutToken(await logoutToken(), marked.options), "claim.realm");
  await verifyLogoutToken(await logoutToken({ realm: "north" }), marked.options);
});

edge("edge_W301_fetches_the_keys_once_for_one_object_of_options", async () => {
  const { options, endpoint } = await made();
  for (const jti of ["l1", "l2", "l3"])
    await verifyLogoutToken(await logoutToken({ jti }), options);
  assert.equal(endpoint.fetches, 1);
});

edge("edge_W302_refuses_options_that_could_never_be_right", async () => {
  const { options } = await made({ onLogout: () => undefined });
  logoutReceiver(options);
  const revoker = memoryRevocation();
  const inherited = Object.create({ revokeSession: null });
  for (const odd of [
    { issuers: undefined },
    { issuers: [] },
    { issuers: null },
    { issuers: { ...options.issuers, audience: null } },
    { issuers: [{ ...options.issuers, audience: null, claims: { a: "b" } }] },
    { revoker, ttl: undefined },
    { revoker, ttl: 0 },
    { revoker, ttl: Number.NaN },
    { revoker: {}, ttl: 900 },
    { revoker: null, ttl: 900 },
    { revoker: inherited, ttl: 900 },
    { reach: "all" },
    { reach: null },
    { maxAge: 0 },
    { maxAge: 86_401 },
    { maxAge: "300" },
    { allowNoExpiry: 1 },
    { clockTolerance: -1 },
    { onLogout: 7 },
    { onEvent: 7 },
    { profile: "jwt" },
    { check: () => true },
  ])
    misconfigured(() => logoutReceiver({ ...options, ...odd } as never), JSON.stringify(odd));
  for (const odd of [undefined, null, 7, "x", []]) {
    misconfigured(() => logoutReceiver(odd as never), String(odd));
    await refused(verifyLogoutToken(await logoutToken(), odd as never), "config_invalid");
  }
  const resolver = () => ({ ...options.issuers, audience: null }) as IssuerOptions;
  await refused(
    verifyLogoutToken(await logoutToken(), { ...options, issuers: resolver }),
    "config_invalid",
  );
});

edge("edge_W350_a_receiver_without_revoker_and_onLogout_verifies_alone", async () => {
  const { options, events } = await made();
  const receive = logoutReceiver(options);
  assert.deepEqual(await told(await receive(posted(await logoutToken()))), DONE);
  assert.ok(!events.some(({ type }) => type === "refused"));
  assert.deepEqual(await told(await receive(posted(await logoutToken({ exp: NOW - 1 })))), [
    400,
    INVALID,
  ]);
  assert.ok(events.some(({ type }) => type === "refused"));
});
