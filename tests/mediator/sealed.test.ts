// Sessions in sealed cookies: no store, for providers whose refresh tokens may be used again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryRevocation } from "tokenkeep/edge";
import { MediatorError, sealedCookies } from "tokenkeep/mediator";
import { type Browser, bodyOf, errorIn, locationOf } from "./browser.ts";
import {
  CLIENT_ID,
  ISSUER,
  KEY,
  mediatorFor,
  oauthError,
  signedIn,
  world,
} from "./faulty-provider.ts";

const keys = [KEY];
const none = () => sealedCookies({ keys, rotation: "none" });
const sliding = () => sealedCookies({ keys, rotation: "sliding" });
const NAME = "__Host-Http-tokenkeep";

test("mediator_R15_sets_no_cookie_where_nothing_rotates", async () => {
  const { browser, provider } = await signedIn({ sessions: none() });
  assert.deepEqual(browser.cookies.sort(), [NAME, "__Secure-tokenkeep-id"]);
  const before = browser.set.length;
  // A new one is ignored.
  provider.tokens = { refresh_token: "session2.0" };
  for (let turn = 0; turn < 10; turn += 1) {
    provider.offset += 600_000;
    const answer = await browser.refresh();
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(await bodyOf(answer)), [
      "access_token",
      "expires_in",
      "token_type",
    ]);
  }
  assert.equal(provider.refreshes, 10);
  assert.equal(browser.set.length, before);
  const user = (await (await browser.page("user", "GET")).json()) as { claims: unknown };
  assert.deepEqual(user.claims, { sub: "alice" });
  const answers = await Promise.all(Array.from({ length: 5 }, () => browser.refresh()));
  assert.ok(
    answers.every(({ status }) => status === 200),
    "parallel calls are harmless",
  );
});

test("mediator_R15_slides_no_sooner_than_after_five_minutes", async () => {
  const { browser, provider } = await signedIn({ sessions: sliding() });
  const used = () => provider.calls.at(-1)?.form.get("refresh_token");
  let given = 0;
  provider.answers["token"] = () => {
    provider.tokens = { refresh_token: `session2.${(given += 1)}` };
    return undefined;
  };
  const before = browser.set.length;
  provider.offset += 299_999;
  assert.equal((await browser.refresh()).status, 200);
  assert.equal(browser.set.length, before, "not within five minutes");
  provider.offset += 1;
  await browser.refresh();
  assert.equal(used(), "session2.0");
  assert.equal(browser.set.length, before + 1);
  await browser.refresh();
  assert.equal(used(), "session2.2");
  assert.equal(browser.set.length, before + 1);
  // The cookie lives no longer for it.
  assert.match(browser.set.at(-1) ?? "", / Max-Age=604500; /);
});

test("mediator_R302_ends_a_sealed_session_only_by_the_word_of_the_provider", async () => {
  for (const sessions of [none(), sliding()]) {
    const { browser, provider, events } = await signedIn({ sessions });
    const cases: [Response, number, string][] = [
      [oauthError("invalid_client", 401), 503, "misconfigured"],
      [new Response(null, { status: 502 }), 503, "unavailable"],
      [new Response(null, { status: 429, headers: { "Retry-After": "7" } }), 429, "unavailable"],
      [new Response("<p>", { headers: { "Content-Type": "text/html" } }), 503, "provider-answer"],
      [oauthError("login_required"), 401, "refused"],
      [oauthError("invalid_grant"), 401, "refused"],
    ];
    for (const [answer, status, event] of cases) {
      provider.answers["token"] = () => answer;
      const response = await browser.refresh();
      assert.deepEqual([response.status, response.headers.getSetCookie()], [status, []]);
      assert.equal(events.at(-1)?.type, event);
    }
    delete provider.answers["token"];
    assert.equal((await browser.refresh()).status, 200, "it is the provider's to say");
    provider.tokens = { id_token: await provider.sign({ exp: 1 }) };
    assert.equal((await browser.refresh()).status, 503);
    provider.tokens = { id_token: await provider.sign({ sub: "mallory" }) };
    assert.equal((await browser.refresh()).status, 401);
    provider.tokens = {};
    for (let count = 0; count < 11; count += 1) assert.equal((await browser.refresh()).status, 200);
    assert.equal((await browser.refresh()).status, 429);
  }
});

/** A refresh token that makes the session's cookies as long as wanted: name and value together. */
async function signInWithToken(length: number): Promise<{ browser: Browser; error: string }> {
  // With this name a value can be as long as there is room.
  const { browser, provider, signIn } = await world({ sessions: none(), name: "shop" });
  provider.tokens = { refresh_token: "r".repeat(length) };
  return { browser, error: errorIn(await signIn()) };
}

test("mediator_S3_fills_up_to_three_cookies_and_says_so_where_they_are_too_few", async () => {
  const sizes = async (length: number) => {
    const { browser, error } = await signInWithToken(length);
    assert.equal(error, "in");
    const user = await browser.page("user", "GET");
    assert.equal(user.status, 200, `${length}: put together again`);
    const parts = [...browser.jar].filter(([name]) => name.startsWith("__Host-Http-shop"));
    return parts.map(([name, { value }]) => name.length + value.length);
  };
  // By its length the first cookie is full, and then there is a second one.
  const [base = 0] = await sizes(1_000);
  const first = 1_000 + Math.floor(((4_094 - base) * 3) / 4);
  let seen = { one: 0, two: 0 };
  for (let length = first - 4; length < first + 8; length += 1) {
    const all = await sizes(length);
    assert.ok(
      all.every((size) => size <= 4_096),
      `${length}: ${all}`,
    );
    seen = { one: seen.one + Number(all.length === 1), two: seen.two + Number(all.length === 2) };
  }
  assert.ok(seen.one > 0 && seen.two > 0, JSON.stringify(seen));
  assert.equal((await sizes(first + 4_000)).length, 3);
  const { browser, error } = await signInWithToken(first + 7_000);
  assert.equal(error, "session_too_large");
  assert.deepEqual(browser.cookies, []);
});

test("mediator_S3_puts_a_session_of_several_cookies_together_and_takes_them_away", async () => {
  const { browser, provider, signIn } = await world({ sessions: sliding() });
  provider.tokens = { refresh_token: `session1.${"0".repeat(7_000)}` };
  provider.answers["token"] = (form) =>
    form.get("grant_type") === "refresh_token"
      ? Response.json({
          access_token: form.get("refresh_token")?.length + "",
          token_type: "Bearer",
        })
      : undefined;
  assert.equal(errorIn(await signIn()), "in");
  const parts = browser.cookies.filter((name) => name.startsWith(NAME));
  assert.deepEqual(parts, [NAME, `${NAME}.1`, `${NAME}.2`]);
  assert.equal((await bodyOf(await browser.refresh())).access_token, "7009");
  for (const part of parts) {
    const without = browser.copy();
    without.jar.delete(part);
    assert.equal((await without.refresh()).status, 401, part);
  }
  // Shorter later: what is over goes.
  provider.answers["token"] = () =>
    Response.json({ access_token: "a", refresh_token: "short", token_type: "Bearer" });
  provider.offset += 300_000;
  assert.equal((await browser.refresh()).status, 200);
  assert.deepEqual(
    browser.cookies.filter((name) => name.startsWith(NAME)),
    [NAME],
  );
  assert.equal((await browser.refresh()).status, 200);
});

test("mediator_S2_takes_no_sealed_cookie_that_was_changed_or_is_for_something_else", async () => {
  const { browser, provider } = await signedIn({ sessions: none() });
  const [name, cookie] = [NAME, browser.jar.get(NAME) ?? assert.fail()];
  const changed = (value: string) => {
    const copy = browser.copy();
    copy.jar.set(name, { ...cookie, value });
    return copy;
  };
  const { value } = cookie;
  const flip = (place: number) =>
    value.slice(0, place) + (value[place] === "A" ? "B" : "A") + value.slice(place + 1);
  const odd = [
    "",
    "1",
    "2",
    "9",
    "0",
    "~",
    flip(1),
    flip(30),
    flip(value.length - 3),
    `2${value.slice(1)}`,
    `${value}AAAA`,
  ];
  for (const one of odd) {
    const answer = await changed(one).refresh();
    assert.deepEqual([answer.status, answer.headers.getSetCookie()], [401, []], one.slice(0, 40));
  }
  const idToken = browser.jar.get("__Secure-tokenkeep-id")?.value ?? "";
  assert.equal((await changed(`1${idToken}`).refresh()).status, 401, "another purpose");
  for (const more of [
    { client: { id: "web2", auth: { method: "client_secret_basic" as const, secret: "x" } } },
    { sessions: sealedCookies({ keys: [`${KEY}, another`], rotation: "none" }) },
  ])
    assert.equal(
      (await browser.copy(mediatorFor(provider, { sessions: none(), ...more })).refresh()).status,
      401,
    );
  const both = sealedCookies({ keys: [`${KEY}, another`, KEY], rotation: "none" });
  assert.equal(
    (await browser.copy(mediatorFor(provider, { sessions: both })).refresh()).status,
    200,
  );
});

test("mediator_R12_counts_a_sealed_session_however_its_cookie_is_written", async () => {
  const { browser } = await signedIn({ sessions: none() });
  const cookie = browser.jar.get(NAME) ?? assert.fail();
  // White space and the other alphabet of base64 mean the same bytes.
  const spaced = (place: number) =>
    `${cookie.value.slice(0, place)}\t${cookie.value.slice(place)}`.replaceAll("-", "+");
  for (let place = 2; place < 22; place += 1) {
    browser.jar.set(NAME, { ...cookie, value: spaced(place) });
    assert.equal((await browser.refresh()).status, 200);
  }
  browser.jar.set(NAME, { ...cookie, value: spaced(22) });
  assert.equal((await browser.refresh()).status, 429);
});

test("mediator_S6_ends_a_sealed_session_to_the_second", async () => {
  const lifetime = { idle: 3_600, absolute: 10_000 };
  const slid = await signedIn({ sessions: sliding(), lifetime });
  slid.provider.offset += 3_599_999;
  assert.equal((await slid.browser.refresh()).status, 200);
  slid.provider.offset += 3_599_999;
  assert.equal((await slid.browser.refresh()).status, 200, "without a new refresh token too");
  slid.provider.offset = 9_999_999;
  assert.equal((await slid.browser.refresh()).status, 200);
  slid.provider.offset = 10_000_000;
  assert.equal((await slid.browser.refresh()).status, 401);
  const idle = await signedIn({ sessions: sliding(), lifetime });
  idle.provider.offset += 3_600_000;
  assert.equal((await idle.browser.refresh()).status, 401);
  const fixed = await signedIn({ sessions: none(), lifetime: { absolute: 10_000 } });
  fixed.provider.offset += 9_999_999;
  assert.equal((await fixed.browser.refresh()).status, 200);
  fixed.provider.offset += 1;
  assert.equal((await fixed.browser.refresh()).status, 401);
  assert.equal((await fixed.browser.page("user", "GET")).status, 401);
});

test("mediator_S303_refuses_what_sealed_cookies_cannot_keep", async () => {
  const { provider, signIn, mediator } = await world({ sessions: none() });
  assert.throws(
    () => mediatorFor(provider, { sessions: none(), lifetime: { idle: 3_600 } }),
    MediatorError,
  );
  for (const odd of [{ keys }, { keys, rotation: "single-use" }, { rotation: "none" }, undefined])
    assert.throws(() => sealedCookies(odd as never), MediatorError);
  provider.tokens = { refresh_token: undefined };
  assert.equal(errorIn(await signIn()), "no_refresh_token");
  await assert.rejects(mediator.endSessions("alice"), MediatorError);
  const backchannel = new Request("https://app.example.com/session/backchannel-logout", {
    method: "POST",
  });
  assert.equal((await mediator.fetch(backchannel)).status, 404);
});

test("mediator_T2_ends_a_sealed_session_by_revocation_and_tells_where_there_is_none", async () => {
  const { browser, provider, events } = await signedIn({ sessions: none() });
  const copy = browser.copy();
  const deleted = await browser.page("logout");
  assert.equal(deleted.status, 204);
  assert.deepEqual(provider.revoked, ["session2.0"], "before the answer");
  assert.equal(browser.session, undefined);
  provider.answers["token"] = () => oauthError("invalid_grant");
  assert.equal((await copy.refresh()).status, 401);
  const to = locationOf(await browser.navigate("end"));
  assert.match(to.searchParams.get("id_token_hint") ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.deepEqual(browser.cookies, [], "the ID token is gone");
  assert.ok(events.every(({ type }) => type !== "revocation-failed"));

  const without = await signedIn({ sessions: none() });
  without.provider.offset += 3_600_000;
  without.provider.metadata = { revocation_endpoint: undefined };
  assert.equal((await without.browser.page("logout")).status, 204);
  assert.equal(without.events.at(-1)?.code, "no_endpoint");
  without.browser.jar.delete("__Secure-tokenkeep-id");
  const bare = locationOf(await without.browser.navigate("end"));
  assert.deepEqual(
    [bare.searchParams.get("client_id"), bare.searchParams.get("logout_hint")],
    [CLIENT_ID, "session2"],
  );
  const away = await signedIn({ sessions: none() });
  away.provider.answers["revoke"] = () => new Response(null, { status: 500 });
  assert.equal((await away.browser.page("logout")).status, 204);
  assert.equal(away.events.at(-1)?.type, "revocation-failed");
});

test("mediator_T6_ends_a_sealed_session_through_the_revocations", async () => {
  const revocation = memoryRevocation();
  const { browser, provider, visitor, signIn } = await signedIn({ sessions: none(), revocation });
  const second = visitor();
  assert.equal(errorIn(await signIn(second)), "in");
  await revocation.revokeSession(ISSUER, "session2", 3_600);
  assert.equal((await browser.refresh()).status, 401);
  assert.equal((await second.refresh()).status, 200);
  await revocation.revokeUser(ISSUER, "alice", 3_600, Math.floor(provider.clock() / 1000));
  assert.equal((await second.refresh()).status, 401);
  provider.offset += 1_000;
  assert.equal(errorIn(await signIn(second)), "in");
  assert.equal((await second.refresh()).status, 200);
});
