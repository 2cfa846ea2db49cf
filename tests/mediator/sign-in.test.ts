// Signing in through the mediator, against a provider that says whatever a test wants.

import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK, generateKeyPair } from "jose";
import { VerifyError } from "tokenkeep/edge";
import {
  createMediator,
  MediatorError,
  type MediatorOptions,
  memorySessions,
  storedSessions,
} from "tokenkeep/mediator";
import { APP, Browser, bodyOf, errorIn, locationOf, URL_OF_MEDIATOR } from "./browser.ts";
import {
  CLIENT_ID,
  FaultyProvider,
  ISSUER,
  json,
  KEY,
  mediatorFor,
  oauthError,
  SECRET,
  signedIn,
  world,
} from "./faulty-provider.ts";

test("mediator_Q1_sends_the_authorization_request_with_S256_state_nonce_and_the_exact_redirect_uri", async () => {
  const { browser, provider, signIn } = await world({
    provider: {
      issuer: ISSUER,
      scope: "profile offline_access",
      resource: "https://api.example.com",
      parameters: { audience: "api" },
    },
  });
  const request = await browser.begin(
    "prompt=login&login_hint=alice%40example.com&ui_locales=de-CH%20de",
  );
  assert.equal(request.origin + request.pathname, `${ISSUER}/authorize`);
  const asked = Object.fromEntries(request.searchParams);
  for (const name of ["state", "nonce", "code_challenge"]) {
    assert.match(asked[name] ?? "", /^[\w-]{43}$/, name);
    delete asked[name];
  }
  assert.deepEqual(asked, {
    client_id: CLIENT_ID,
    redirect_uri: `${APP}/session/callback`,
    response_type: "code",
    scope: "openid profile offline_access",
    code_challenge_method: "S256",
    resource: "https://api.example.com",
    audience: "api",
    prompt: "login",
    login_hint: "alice@example.com",
    ui_locales: "de-CH de",
  });
  const back = await signIn();
  assert.equal(back.headers.get("Location"), `${APP}/?tokenkeep=in`);
  const [exchange] = provider.calls.filter(({ endpoint }) => endpoint === "token");
  assert.equal(exchange?.form.get("resource"), "https://api.example.com");
  assert.match(exchange?.headers.get("authorization") ?? "", /^Basic /);
  const answer = await browser.refresh();
  assert.deepEqual(await bodyOf(answer), {
    access_token: "access.session2.0",
    expires_in: 300,
    token_type: "Bearer",
  });
});

test("mediator_Q1_pushes_the_request_where_the_provider_offers_it", async () => {
  const { browser, provider } = await world();
  provider.metadata = { pushed_authorization_request_endpoint: `${ISSUER}/par` };
  const request = await browser.begin();
  assert.deepEqual(Object.fromEntries(request.searchParams), {
    client_id: CLIENT_ID,
    request_uri: "urn:request:1",
  });
  const [pushed] = provider.calls.filter(({ endpoint }) => endpoint === "par");
  assert.equal(pushed?.form.get("code_challenge_method"), "S256");
  assert.match(pushed?.headers.get("authorization") ?? "", /^Basic /);
  provider.answers["par"] = () => oauthError("invalid_client", 401);
  assert.equal(errorIn(await browser.navigate("sign-in")), "provider_unavailable");
  const never = mediatorFor(provider, { provider: { issuer: ISSUER, pushed: "never" } });
  assert.ok((await new Browser(never).begin()).searchParams.has("state"));
  const without = await world({ provider: { issuer: ISSUER, pushed: "always" } });
  assert.equal(errorIn(await without.browser.navigate("sign-in")), "provider_unavailable");
});

test("mediator_Q2_signs_in_in_five_tabs_at_once", async () => {
  const { browser, provider } = await world();
  const requests = await Promise.all(
    [1, 2, 3, 4, 5].map((tab) => browser.begin(`return_to=/${tab}`)),
  );
  assert.equal(browser.cookies.length, 5);
  for (const [place, request] of requests.entries()) {
    const back = await browser.navigate(`callback?${provider.agree(request)}`, "cross");
    assert.equal(back.headers.get("Location"), `${APP}/${place + 1}?tokenkeep=in`);
    assert.equal((await browser.refresh()).status, 200);
  }
  assert.equal(browser.cookies.length, 1, "no transaction is left");
});

test("mediator_Q3_keeps_five_transactions_and_lets_the_oldest_go", async () => {
  const { browser, provider } = await world();
  const first = await browser.begin();
  for (let more = 0; more < 20; more += 1) {
    provider.offset += 1_000;
    await browser.begin();
    assert.ok(browser.cookies.length <= 5);
  }
  assert.ok(browser.header("same", "/").length < 4_096);
  assert.equal(errorIn(await browser.navigate(`callback?${provider.agree(first)}`)), "expired");
  assert.equal(provider.count("token"), 0);
});

test("mediator_Q4_gives_no_cookie_to_a_prefetch_or_a_fetch", async () => {
  const { browser } = await world();
  const cases: [Record<string, string>, number][] = [
    [{ "Sec-Purpose": "prefetch" }, 204],
    [{ "Sec-Purpose": "prefetch;prerender" }, 204],
    [{ Purpose: "prefetch" }, 204],
    [{ "X-Moz": "prefetch" }, 204],
    [{ "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" }, 403],
    [{ "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image" }, 403],
    [{ "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" }, 403],
    [{}, 303],
  ];
  for (const [headers, status] of cases) {
    const response = await browser.send("sign-in", { headers });
    assert.equal(response.status, status, JSON.stringify(headers));
    assert.equal(response.headers.getSetCookie().length > 0, status === 303);
  }
});

test("mediator_Q5_takes_a_callback_once_in_its_own_browser_and_in_time", async () => {
  const { browser, provider, visitor } = await world();
  const begin = async () => provider.agree(await browser.begin());
  const other = await begin();
  assert.equal(errorIn(await visitor().navigate(`callback?${other}`, "cross")), "expired");
  other.set("state", `${other.get("state")?.slice(0, 8)}${"A".repeat(35)}`);
  assert.equal(errorIn(await browser.navigate(`callback?${other}`, "cross")), "expired");
  const late = await begin();
  provider.offset += 600_000;
  assert.equal(errorIn(await browser.navigate(`callback?${late}`, "cross")), "expired");
  assert.equal(errorIn(await browser.navigate("callback", "cross")), "expired");
  assert.equal(provider.count("token"), 0);
  const good = await begin();
  assert.equal(errorIn(await browser.navigate(`callback?${good}`, "cross")), "in");
  assert.equal(errorIn(await browser.navigate(`callback?${good}`, "cross")), "expired");
  assert.equal(provider.count("token"), 1);
  // One that was sealed for something else, or changed, is none.
  const forged = await begin();
  for (const [name, cookie] of browser.jar)
    if (name.includes("-tx-")) browser.jar.set(name, { ...cookie, value: `${cookie.value}A` });
  assert.equal(errorIn(await browser.navigate(`callback?${forged}`, "cross")), "expired");
  assert.equal(provider.count("token"), 1);
});

test("mediator_Q6_sends_no_code_where_iss_is_wrong_or_missing_though_promised", async () => {
  const { browser, provider } = await world();
  const call = async (iss: string | null) => {
    const answer = provider.agree(await browser.begin());
    if (iss !== null) answer.set("iss", iss);
    return errorIn(await browser.navigate(`callback?${answer}`, "cross"));
  };
  assert.equal(await call("https://evil.example.com"), "provider_error");
  assert.equal(await call(`${ISSUER}/`), "provider_error");
  assert.equal(provider.count("token"), 0);
  assert.equal(await call(ISSUER), "in");
  provider.offset += 3_600_000;
  provider.metadata = { authorization_response_iss_parameter_supported: true };
  assert.equal(await call(null), "provider_error");
  assert.equal(provider.count("token"), 1);
  assert.equal(await call(ISSUER), "in");
});

test("mediator_Q7_refuses_an_ID_token_that_is_not_for_this_sign_in", async () => {
  const { browser, provider, signIn, events } = await world();
  const now = Math.floor(Date.now() / 1000);
  const stranger = await generateKeyPair("ES256");
  const wrong: Record<string, () => void> = {
    nonce: () => (provider.idToken = { nonce: "another" }),
    "no nonce": () => (provider.idToken = { nonce: undefined }),
    aud: () => (provider.idToken = { aud: "another" }),
    "aud beside us without azp": () => (provider.idToken = { aud: [CLIENT_ID, "another"] }),
    "azp of another": () => (provider.idToken = { aud: [CLIENT_ID, "another"], azp: "another" }),
    "azp of another, alone": () => (provider.idToken = { azp: "another" }),
    iss: () => (provider.idToken = { iss: "https://evil.example.com" }),
    exp: () => (provider.idToken = { exp: now - 60 }),
    "no sub": () => (provider.idToken = { sub: undefined }),
    "no ID token": () => (provider.tokens = { id_token: undefined }),
    "no token": () => (provider.tokens = { access_token: undefined }),
    "no bearer token": () => (provider.tokens = { token_type: "DPoP" }),
    "what no header carries": () => (provider.tokens = { access_token: "a\nb" }),
  };
  for (const [what, set] of Object.entries(wrong)) {
    set();
    assert.equal(errorIn(await signIn()), "provider_error", what);
    assert.equal(events.at(-1)?.type, "provider-answer", what);
    [provider.idToken, provider.tokens] = [{}, {}];
  }
  const good = provider.signing;
  provider.signing = { ...good, key: stranger.privateKey };
  assert.equal(errorIn(await signIn()), "provider_error", "signature");
  assert.deepEqual([events.at(-1)?.type, events.at(-1)?.code], ["provider-answer", "id_token"]);
  provider.signing = good;
  provider.answers["token"] = async () => {
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    const [, payload] = (await provider.sign({})).split(".");
    const id_token = `${header}.${payload}.`;
    return json({ access_token: "a", token_type: "Bearer", id_token });
  };
  assert.equal(errorIn(await signIn()), "provider_error", "alg none");
  delete provider.answers["token"];
  assert.equal(browser.session, undefined, "nobody is signed in");
  provider.idToken = { aud: [CLIENT_ID, "another"], azp: CLIENT_ID };
  assert.equal(errorIn(await signIn()), "in");
});

const LONG = "x".repeat(2_000);
test("mediator_Q8_returns_to_the_application_whatever_return_to_says", async () => {
  const { browser, provider } = await world();
  const root = `${APP}/`;
  const cases: [string, string][] = [
    ["/", root],
    ["/a/b?c=d#e", `${APP}/a/b?c=d#e`],
    ["a", `${APP}/a`],
    ["?q=1", `${APP}/?q=1`],
    ["", root],
    ["//evil.example", root],
    ["///evil.example", root],
    ["////evil.example", root],
    ["/\\evil.example", root],
    ["\\\\evil.example", root],
    ["\\/evil.example", root],
    ["/\t/evil.example", root],
    ["\t//evil.example", root],
    [" //evil.example", root],
    ["/\r\n/evil.example", root],
    ["/x\r\nSet-Cookie: a=b", `${APP}/xSet-Cookie:%20a=b`],
    ["/a/..//evil.example", `${APP}//evil.example`],
    ["/%2f%2fevil.example", `${APP}/%2f%2fevil.example`],
    ["/%5cevil.example", `${APP}/%5cevil.example`],
    ["https://evil.example", root],
    ["https:evil.example", `${APP}/evil.example`],
    ["https:/evil.example", `${APP}/evil.example`],
    ["https:\\\\evil.example", root],
    ["http://app.example.com/", root],
    ["https://app.example.com:444/", root],
    ["https://app.example.com:443/x", `${APP}/x`],
    ["https://app.example.com.evil.example/", root],
    ["https://app.example.com@evil.example/", root],
    ["https://user@app.example.com/", root],
    ["https://user:password@app.example.com/", root],
    ["https://:password@app.example.com/", root],
    ["https://@app.example.com/x", `${APP}/x`],
    ["HTTPS://APP.EXAMPLE.COM/x", `${APP}/x`],
    ["https://other.example.com/y", "https://other.example.com/y"],
    ["javascript:alert(1)", root],
    ["data:text/html,x", root],
    [`blob:${APP}/1`, root],
    ["file:///etc/passwd", root],
    ["https://", root],
    ["//app.example.com/z", `${APP}/z`],
    [`/${LONG}`, root],
    [`/${"x".repeat(1_023)}`, `${APP}/${"x".repeat(1_023)}`],
    [`/${"é".repeat(300)}`, `${APP}/${"%C3%A9".repeat(300)}`],
    [`/${"é".repeat(1_000)}`, root],
    ["https://аpp.example.com/", root],
    ["/x?tokenkeep=error.cancelled.abcdefgh", `${APP}/x`],
    ["/x?a=1&tokenkeep=in&b=%20", `${APP}/x?a=1&b=%20`],
  ];
  assert.ok(cases.length >= 40);
  for (const [text, wanted] of cases) {
    const request = await browser.begin(new URLSearchParams({ return_to: text }).toString());
    const back = await browser.navigate(`callback?${provider.agree(request)}`, "cross");
    const location = back.headers.get("Location") ?? "";
    const unmarked = location.replace(/[?&]tokenkeep=in(?=#|$)/, "");
    assert.notEqual(unmarked, location, text);
    assert.equal(unmarked, wanted, text);
    provider.offset += 1_000;
  }
});

test("mediator_Q9_tells_a_refusal_by_its_code_and_no_text_of_the_provider", async () => {
  const { browser, events } = await world();
  const codes = {
    access_denied: "cancelled",
    login_required: "interaction_required",
    interaction_required: "interaction_required",
    consent_required: "interaction_required",
    unmet_authentication_requirements: "step_up_failed",
    temporarily_unavailable: "provider_unavailable",
    unauthorized_client: "misconfigured",
    invalid_request: "provider_error",
    __proto__x: "provider_error",
    constructor: "provider_error",
    "<b>bold</b>": "provider_error",
  };
  for (const [error, code] of Object.entries(codes)) {
    const request = await browser.begin("return_to=https://other.example.com/deep");
    const answer = new URLSearchParams({
      error,
      error_description: "<script>alert(1)</script>",
      state: request.searchParams.get("state") ?? "",
    });
    const back = await browser.navigate(`callback?${answer}`, "cross");
    assert.equal(errorIn(back), code, error);
    assert.equal(locationOf(back).origin, "https://other.example.com", "the one that asked");
    assert.equal(locationOf(back).pathname, "/");
    const told = events.at(-1);
    assert.deepEqual([told?.type, told?.code], ["sign-in-failed", code]);
    assert.ok(locationOf(back).href.endsWith(told?.reference ?? "?"));
    assert.doesNotMatch(JSON.stringify(events) + locationOf(back), /script|bold|alert/);
  }
  assert.deepEqual(browser.cookies, [], "each transaction is gone");
});

test("mediator_Q10_lets_nobody_in_below_what_was_asked_and_the_old_session_stands", async () => {
  const { browser, provider, signIn } = await signedIn();
  const old = browser.session;
  const now = () => Math.floor(provider.clock() / 1000);
  const tries: [string, Record<string, unknown>, string][] = [
    ["acr_values=gold%20silver", {}, "step_up_failed"],
    ["acr_values=gold%20silver", { acr: "bronze" }, "step_up_failed"],
    ["max_age=60", {}, "step_up_failed"],
    ["max_age=60", { auth_time: now() - 120 }, "step_up_failed"],
    ["max_age=60", { auth_time: "now" }, "provider_error"],
  ];
  for (const [query, claims, code] of tries) {
    provider.idToken = claims;
    assert.equal(errorIn(await signIn(browser, query)), code, JSON.stringify(claims));
    assert.equal(browser.session, old);
  }
  assert.deepEqual(provider.revoked, [], "that would end the old one at some providers");
  provider.offset += 60_000;
  assert.equal((await browser.refresh()).status, 200);
  provider.idToken = { acr: "silver", auth_time: now() - 5 };
  assert.equal(errorIn(await signIn(browser, "acr_values=gold%20silver&max_age=60")), "in");
});

test("mediator_Q11_admits_exactly_who_is_admitted", async () => {
  let answer: () => unknown = () => true;
  const asked: unknown[] = [];
  const { browser, provider, signIn } = await world({
    userInfo: true,
    admit: (who) => {
      asked.push(who);
      return answer() as boolean;
    },
  });
  const refusals: Record<string, () => unknown> = {
    false: () => false,
    1: () => 1,
    "the text true": () => "true",
    undefined: () => undefined,
    "a throw": () => {
      throw new Error("no");
    },
    "a rejection": () => Promise.reject(new Error("no")),
    "a promise of 1": () => Promise.resolve(1),
  };
  for (const [what, refuse] of Object.entries(refusals)) {
    answer = refuse;
    assert.equal(errorIn(await signIn()), "not_admitted", what);
  }
  assert.equal(provider.revoked.length, 7);
  assert.equal(browser.session, undefined);
  answer = () => Promise.resolve(true);
  assert.equal(errorIn(await signIn()), "in");
  const { claims, userInfo } = asked.at(-1) as Record<string, Record<string, unknown>>;
  assert.equal(claims?.["sub"], "alice");
  assert.deepEqual(userInfo, { sub: "alice", email: "alice@example.com" });
  assert.doesNotMatch(JSON.stringify(asked), /access\.|session\d\.\d/);
  const user = await browser.page("user", "GET");
  assert.deepEqual(((await user.json()) as { claims: unknown }).claims, {
    sub: "alice",
    email: "alice@example.com",
  });
  provider.answers["userinfo"] = () => json({ sub: "mallory", email: "alice@example.com" });
  assert.equal(errorIn(await signIn()), "provider_error");
});

test("mediator_Q14_ends_the_old_session_at_a_sign_in_while_signed_in", async () => {
  const { browser, signIn, provider } = await signedIn();
  const before = browser.copy();
  assert.equal((await before.refresh()).status, 200);
  assert.equal(errorIn(await signIn()), "in");
  assert.notEqual(browser.session, before.session, "no session is fixed from outside");
  assert.equal((await before.refresh()).status, 401);
  assert.equal((await browser.refresh()).status, 200);
  // Where the provider asks nothing, the Strict cookie comes to the callback.
  const another = browser.copy();
  another.jar.delete([...another.jar.keys()][0] ?? "");
  const request = await another.begin();
  const [[name, cookie] = assert.fail()] = browser.jar;
  another.jar.set(name, cookie);
  assert.equal(errorIn(await another.navigate(`callback?${provider.agree(request)}`)), "in");
  assert.equal((await browser.refresh()).status, 401);
  assert.equal((await another.refresh()).status, 200);
});

test("mediator_Q15_lets_neither_options_nor_the_query_set_what_is_the_protocols", async () => {
  const reserved = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "resource",
  ];
  const provider = await FaultyProvider.make();
  for (const name of reserved)
    assert.throws(
      () => mediatorFor(provider, { provider: { issuer: ISSUER, parameters: { [name]: "x" } } }),
      (error) => error instanceof MediatorError && error.code === "config_invalid",
      name,
    );
  const browser = new Browser(mediatorFor(provider));
  const query = new URLSearchParams(reserved.map((name) => [name, "forged"]));
  for (const [name, odd] of Object.entries({
    prompt: "create",
    max_age: "-1",
    ui_locales: "<b>",
    acr_values: "a\nb",
    login_hint: "x".repeat(600),
    audience: "forged",
  }))
    query.set(name, odd);
  const request = await browser.begin(query.toString());
  assert.doesNotMatch(request.search, /forged|create|max_age|%3Cb|acr_values|xxx/);
});

test("mediator_Q300_takes_no_provider_that_is_another_and_tells_when_it_cannot_be_had", async () => {
  const { browser, provider, events } = await world();
  const cases: [string, () => Response, string][] = [
    ["of another issuer", () => json({ issuer: "https://evil.example.com" }), "provider-answer"],
    ["with a slash more", () => json({ issuer: `${ISSUER}/` }), "misconfigured"],
    ["of Entra's template", () => json({ issuer: `${ISSUER}/{tenantid}` }), "provider-answer"],
    [
      "HTML",
      () => new Response("<h1>Hi</h1>", { headers: { "Content-Type": "text/html" } }),
      "provider-answer",
    ],
    ["away", () => new Response(null, { status: 502 }), "unavailable"],
    ["nowhere", () => new Response(null, { status: 404 }), "misconfigured"],
    [
      "with endpoints in clear",
      () =>
        json({
          issuer: ISSUER,
          authorization_endpoint: "http://login.example.com/",
          jwks_uri: `${ISSUER}/jwks`,
        }),
      "misconfigured",
    ],
  ];
  for (const [what, answer, event] of cases) {
    provider.answers["openid-configuration"] = answer;
    assert.equal(errorIn(await browser.navigate("sign-in")), "provider_unavailable", what);
    if (what !== "with endpoints in clear") assert.equal(events.at(-1)?.type, event, what);
  }
  assert.deepEqual(browser.cookies, []);
});

test("mediator_Q301_proves_the_client_by_a_signed_assertion", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: "client" };
  const { provider, signIn } = await world({
    client: { id: CLIENT_ID, auth: { method: "private_key_jwt", key } },
  });
  assert.equal(errorIn(await signIn()), "in");
  const [{ form, headers } = assert.fail()] = provider.calls.filter(
    ({ endpoint }) => endpoint === "token",
  );
  assert.equal(headers.get("authorization"), null);
  assert.equal(
    form.get("client_assertion_type"),
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  );
  assert.ok(form.get("client_assertion")?.split(".").length === 3);
});

test("mediator_Q302_maps_each_failure_of_the_exchange_to_a_code", async () => {
  const { browser, provider, events, signIn } = await world({ timeout: 1_000 });
  const cases: [string, () => Response | Promise<Response>, string, string][] = [
    ["a wrong secret", () => oauthError("invalid_client", 401), "misconfigured", "misconfigured"],
    [
      "a challenge",
      () => new Response(null, { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } }),
      "provider_error",
      "misconfigured",
    ],
    ["a used code", () => oauthError("invalid_grant"), "provider_error", "refused"],
    [
      "trouble",
      () => new Response("sorry", { status: 503 }),
      "provider_unavailable",
      "unavailable",
    ],
    [
      "no network",
      () => Promise.reject(new TypeError("fetch failed")),
      "provider_unavailable",
      "unavailable",
    ],
    ["silence", () => new Promise(() => undefined), "provider_unavailable", "unavailable"],
    [
      "HTML",
      () => new Response("<p>", { headers: { "Content-Type": "text/html" } }),
      "provider_error",
      "provider-answer",
    ],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { Location: "https://evil.example.com" } }),
      "provider_error",
      "provider-answer",
    ],
    [
      "too much",
      () => json({ access_token: "a".repeat(300_000) }),
      "provider_error",
      "provider-answer",
    ],
  ];
  for (const [what, answer, code, event] of cases) {
    provider.answers["token"] = answer;
    assert.equal(errorIn(await signIn()), code, what);
    assert.equal(events.at(-1)?.type, event, what);
  }
  provider.answers = { jwks: () => new Response(null, { status: 500 }) };
  assert.equal(errorIn(await signIn()), "provider_unavailable", "no keys");
  assert.equal(browser.session, undefined);
});

test("mediator_Q341_takes_an_answer_with_no_code_or_with_two_for_the_providers_error", async () => {
  const { browser, provider, events } = await world();
  for (const codes of [[], [""], ["one", "two"], ["one", ""]]) {
    const answer = provider.agree(await browser.begin());
    answer.delete("code");
    for (const code of codes) answer.append("code", code);
    const response = await browser.navigate(`callback?${answer}`, "cross");
    assert.equal(errorIn(response), "provider_error", String(codes));
  }
  assert.equal(provider.count("token"), 0);
  assert.ok(events.every(({ type }) => type === "sign-in-failed"));
});

test("mediator_Q342_says_misconfigured_of_no_code_that_the_provider_refuses", async () => {
  const { provider, events, signIn } = await world();
  for (const error of ["invalid_grant", "interaction_required"]) {
    provider.answers["token"] = () => oauthError(error);
    assert.equal(errorIn(await signIn()), "provider_error");
    const { type, code } = events.at(-1) ?? {};
    assert.deepEqual({ type, code }, { type: "refused", code: error });
  }
  assert.ok(events.every(({ type }) => type !== "misconfigured"));
});

test("mediator_Q303_refuses_options_that_could_never_be_right", async () => {
  const good: MediatorOptions = {
    provider: { issuer: ISSUER },
    client: { id: CLIENT_ID, auth: { method: "client_secret_basic", secret: SECRET } },
    url: `${APP}/session`,
    apps: [APP],
    sessions: storedSessions(memorySessions(), { keys: [KEY] }),
  };
  createMediator(good);
  createMediator({
    ...good,
    provider: { issuer: "http://localhost:3000" },
    url: "http://127.0.0.1/s",
    apps: ["http://localhost:5173"],
  });
  const odd: [string, object][] = [
    ["an unknown option", { session: 1 }],
    ["an unknown option of the provider", { provider: { issuer: ISSUER, scopes: "x" } }],
    ["an issuer in clear", { provider: { issuer: "http://login.example.com" } }],
    ["another one's host", { provider: { issuer: "http://evil.example/a.localhost/x" } }],
    ["no issuer", { provider: {} }],
    ["HS256", { provider: { issuer: ISSUER, algorithms: ["HS256"] } }],
    ["none", { provider: { issuer: ISSUER, algorithms: ["none"] } }],
    ["an odd algorithm", { provider: { issuer: ISSUER, algorithms: ["RS256", "rs512"] } }],
    ["no algorithm", { provider: { issuer: ISSUER, algorithms: [] } }],
    [
      "metadata of another",
      { provider: { issuer: ISSUER, discovery: { issuer: "https://x.example" } } },
    ],
    ["an odd discovery", { provider: { issuer: ISSUER, discovery: "saml" } }],
    ["a public client", { client: { id: CLIENT_ID, auth: { method: "none" } } }],
    ["no secret", { client: { id: CLIENT_ID, auth: { method: "client_secret_post" } } }],
    ["an app with a path", { apps: [`${APP}/app`] }],
    ["an app with a slash", { apps: [`${APP}/`] }],
    ["no app", { apps: [] }],
    ["an app in clear", { apps: ["http://app.example.com"] }],
    ["a url with a query", { url: `${APP}/session?x` }],
    ["a url in clear", { url: "http://app.example.com/session" }],
    ["a name with a dash", { name: "a-end" }],
    ["odd sessions", { sessions: { kind: "stored" } }],
    ["no sessions", { sessions: undefined }],
    ["an odd lifetime", { lifetime: { idle: 0 } }],
    ["an odd reuse", { reuse: 61 }],
    ["an odd scope of cookies", { cookie: { scope: "site" } }],
    ["an odd revocation", { revocation: {} }],
    ["an odd admit", { admit: true }],
    ["odd claims", { claims: "sub" }],
  ];
  for (const [what, more] of odd)
    assert.throws(
      () => createMediator({ ...good, ...more } as MediatorOptions),
      (error) =>
        error instanceof MediatorError &&
        error instanceof VerifyError &&
        error.code === "config_invalid",
      what,
    );
  for (const keys of [[], ["short"], [new Uint8Array(31)], "x".repeat(40), undefined])
    assert.throws(() => storedSessions(memorySessions(), { keys } as never), MediatorError);
});

test("mediator_Q304_answers_nothing_that_may_be_cached_framed_or_sniffed", async () => {
  const { browser, mediator } = await signedIn();
  const answers = [
    await browser.navigate("sign-in"),
    await browser.navigate("callback"),
    await browser.refresh(),
    await browser.page("user", "GET"),
    await browser.navigate("end"),
    await browser.navigate("ended"),
    await browser.page("logout"),
    await browser.page("refresh", "PUT"),
    await browser.page("nothing"),
    await browser.send("refresh", { method: "POST" }),
  ];
  for (const { headers } of answers) {
    assert.equal(headers.get("Cache-Control"), "no-store");
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(headers.get("Referrer-Policy"), "no-referrer");
    assert.equal(
      headers.get("Content-Security-Policy"),
      "default-src 'none'; frame-ancestors 'none'",
    );
  }
  assert.deepEqual(
    answers.map(({ status }) => status),
    [303, 303, 200, 200, 303, 303, 204, 405, 404, 403],
  );
  assert.equal(mediator.handles(new Request(`${APP}/session/refresh`)), true);
  for (const path of ["/session", "/sessions/refresh", "/", "/other/session/refresh"])
    assert.equal(mediator.handles(new Request(APP + path)), false, path);
});

test("mediator_Q305_lets_only_pages_of_the_application_call", async () => {
  const { browser } = await signedIn();
  const own = { "X-Requested-With": "XMLHttpRequest" };
  const cases: [Record<string, string>, number][] = [
    [own, 200],
    [{ ...own, Origin: APP, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" }, 200],
    [{ ...own, Origin: "https://other.example.com", "Sec-Fetch-Site": "same-site" }, 200],
    [{}, 403],
    [{ "X-Requested-With": "fetch" }, 403],
    [{ ...own, Origin: "https://evil.example.com" }, 403],
    [{ ...own, Origin: "null" }, 403],
    [{ ...own, "Sec-Fetch-Site": "cross-site" }, 403],
    [{ ...own, "Sec-Fetch-Mode": "navigate" }, 403],
    [{ ...own, "Sec-Fetch-Mode": "no-cors" }, 403],
  ];
  for (const [headers, status] of cases)
    for (const [path, method] of [
      ["refresh", "POST"],
      ["user", "GET"],
    ] as const) {
      const response = await browser.send(path, { method, headers });
      assert.equal(response.status, status, JSON.stringify(headers));
      const origin = headers["Origin"] ?? null;
      const allowed = origin === APP || origin === "https://other.example.com" ? origin : null;
      assert.equal(response.headers.get("Access-Control-Allow-Origin"), allowed);
    }
  const ask = (Origin: string) =>
    browser.send("refresh", {
      method: "OPTIONS",
      headers: { Origin, "Access-Control-Request-Method": "POST" },
    });
  const allowed = await ask(APP);
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get("Access-Control-Allow-Credentials"), "true");
  assert.equal(allowed.headers.get("Access-Control-Allow-Headers"), "X-Requested-With");
  assert.equal(allowed.headers.get("Access-Control-Expose-Headers"), "Retry-After, Date");
  const refused = await ask("https://evil.example.com");
  assert.deepEqual(
    [refused.status, refused.headers.get("Access-Control-Allow-Origin")],
    [403, null],
  );
});

test("mediator_Q306_tells_which_caller_was_refused_and_by_which_header", async () => {
  const { browser, events } = await signedIn();
  const own = { "X-Requested-With": "XMLHttpRequest" };
  const refused = async (path: string, method: string, headers: Record<string, string>) => {
    const before = events.length;
    const { status } = await browser.send(path, { method, headers });
    const [event, ...others] = events.slice(before);
    assert.deepEqual([status, event?.type, others.length], [403, "caller-refused", 0]);
    return [event?.code, event?.origin];
  };
  const evil = "https://evil.example.com";
  const odd = `https://${"x".repeat(500)}`;
  // A dev server that puts the Worker's own host in place of the page's.
  const rewritten = "https://mediator.example.com";
  for (const path of ["refresh", "logout"]) {
    assert.deepEqual(await refused(path, "POST", { Origin: APP }), ["X-Requested-With", APP]);
    for (const Origin of [evil, rewritten, "null"])
      assert.deepEqual(await refused(path, "POST", { ...own, Origin }), ["Origin", Origin]);
    assert.deepEqual(await refused(path, "POST", { ...own, Origin: odd }), [
      "Origin",
      odd.slice(0, 128),
    ]);
    assert.deepEqual(await refused(path, "OPTIONS", { Origin: evil }), ["Origin", evil]);
  }
  for (const [header, value] of [
    ["Sec-Fetch-Site", "cross-site"],
    ["Sec-Fetch-Mode", "no-cors"],
  ] as const)
    assert.deepEqual(await refused("user", "GET", { ...own, [header]: value }), [
      header,
      undefined,
    ]);
  for (const [header, value] of [
    ["Sec-Fetch-Mode", "cors"],
    ["Sec-Fetch-Dest", "image"],
  ] as const)
    assert.deepEqual(await refused("sign-in", "GET", { [header]: value }), [header, undefined]);
  assert.equal((await browser.refresh()).status, 200);
});

test("mediator_Q350_reads_a_long_cookie_header_in_no_time", async () => {
  const { mediator } = await signedIn();
  for (const Cookie of ["a", ";", "a;", "=", " "].map((text) => text.repeat(300_000))) {
    const begun = performance.now();
    const { status } = await mediator.fetch(
      new Request(`${URL_OF_MEDIATOR}/refresh`, {
        method: "POST",
        headers: { "X-Requested-With": "XMLHttpRequest", Cookie },
      }),
    );
    assert.equal(status, 401);
    // It takes a minute and more where each character is read for each other one.
    assert.ok(performance.now() - begun < 10_000, JSON.stringify(Cookie.slice(0, 2)));
  }
});
