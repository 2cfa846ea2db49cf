// Logout: of the session, at the provider, and what nobody may learn by it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { memoryRevocation } from "tokenkeep/edge";
import {
  type MediatorEvent,
  memorySessions,
  sealedCookies,
  storedSessions,
} from "tokenkeep/mediator";
import { APP, type Browser, bodyOf, errorIn, locationOf, URL_OF_MEDIATOR } from "./browser.ts";
import { CLIENT_ID, ISSUER, KEY, signedIn } from "./faulty-provider.ts";

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 3_000, what);
    await sleep(10);
  }
}

test("mediator_T1_ends_the_session_for_the_cookie_and_all_its_copies", async () => {
  const { browser, provider, events } = await signedIn();
  const copies = [browser.copy(), browser.copy()];
  const kept: Promise<unknown>[] = [];
  const context = { waitUntil: (promise: Promise<unknown>) => void kept.push(promise) };
  const answer = await browser.page("logout", "POST", context);
  assert.equal(answer.status, 204);
  assert.equal(await answer.text(), "");
  const [deleted = "", end = ""] = answer.headers.getSetCookie();
  assert.equal(
    deleted,
    "__Host-Http-tokenkeep=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict",
  );
  assert.match(
    end,
    /^__Host-Http-tokenkeep-end=[\w-]+; Max-Age=60; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
  for (const copy of copies) {
    assert.equal((await copy.refresh()).status, 401);
    assert.equal((await copy.page("user", "GET")).status, 401);
    const again = await copy.page("logout");
    assert.equal(again.status, 204, "whether there was a session or not");
    assert.equal(again.headers.getSetCookie().length, 1);
  }
  await Promise.all(kept);
  assert.deepEqual(provider.revoked, ["session2.0"]);
  assert.deepEqual(events.at(1)?.type, "ended");
});

test("mediator_T3_logs_out_though_the_provider_is_away", async () => {
  const { browser, provider, events } = await signedIn();
  provider.answers["revoke"] = () => Promise.reject(new TypeError("fetch failed"));
  assert.equal((await browser.page("logout")).status, 204);
  await until("it is told", () => events.some(({ type }) => type === "revocation-failed"));
  assert.equal(browser.session, undefined);
  const without = await signedIn();
  without.provider.offset += 3_600_000;
  without.provider.metadata = { revocation_endpoint: undefined };
  await without.browser.page("logout");
  await until("it is told", () => without.events.some(({ code }) => code === "no_endpoint"));
});

test("mediator_T4_leads_to_the_providers_page_once_after_a_logout_and_else_straight_back", async () => {
  const { browser } = await signedIn();
  const straight = await browser.navigate("end?return_to=/bye");
  assert.equal(straight.headers.get("Location"), `${APP}/bye`);
  assert.equal((await browser.refresh()).status, 200, "it ends nothing");
  await browser.page("logout");
  assert.equal((await browser.send("end", { headers: { "Sec-Purpose": "prefetch" } })).status, 204);
  const to = locationOf(await browser.navigate("end?return_to=/bye"));
  assert.equal(to.origin + to.pathname, `${ISSUER}/logout`);
  const again = await browser.navigate("end?return_to=/bye");
  assert.equal(again.headers.get("Location"), `${APP}/bye`);
  const back = await browser.navigate(`ended?state=${to.searchParams.get("state")}`, "cross");
  assert.equal(back.headers.get("Location"), `${APP}/bye`);
  for (const odd of [
    "",
    "?state=",
    "?state=AAAA",
    "?state=%00",
    `?state=${to.searchParams.get("state")}A`,
  ]) {
    const home = await browser.navigate(`ended${odd}`, "cross");
    assert.equal(home.headers.get("Location"), `${APP}/`, odd);
  }
  const long = `/${"x".repeat(1_023)}`;
  assert.equal(
    (await browser.navigate(`end?return_to=${long}`)).headers.get("Location"),
    APP + long,
  );
  const elsewhere = await browser.navigate("end?return_to=//evil.example");
  assert.equal(elsewhere.headers.get("Location"), `${APP}/`);
  // A provider without such a page.
  const without = await signedIn();
  without.provider.offset += 3_600_000;
  without.provider.metadata = { end_session_endpoint: undefined };
  await without.browser.page("logout");
  assert.equal((await without.browser.navigate("end")).headers.get("Location"), `${APP}/`);
  assert.deepEqual(without.browser.cookies, []);
});

test("mediator_T5_sends_the_ID_token_and_without_it_the_client_and_the_session", async () => {
  const { browser, provider, signIn } = await signedIn();
  await browser.page("logout");
  const to = locationOf(await browser.navigate("end"));
  assert.match(to.searchParams.get("id_token_hint") ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.equal(to.searchParams.get("post_logout_redirect_uri"), `${URL_OF_MEDIATOR}/ended`);
  assert.equal(to.searchParams.get("client_id"), null);
  // One that no cookie holds.
  provider.idToken = { picture: "x".repeat(4_000) };
  assert.equal(errorIn(await signIn()), "in");
  await browser.page("logout");
  const large = locationOf(await browser.navigate("end"));
  assert.equal(large.searchParams.get("id_token_hint"), null);
  assert.equal(large.searchParams.get("client_id"), CLIENT_ID);
  assert.match(large.searchParams.get("logout_hint") ?? "", /^session\d+$/);
});

test("mediator_T7_breaks_no_sign_in_that_another_tab_has_begun", async () => {
  const { browser, provider } = await signedIn();
  const request = await browser.begin();
  assert.equal((await browser.page("logout")).status, 204);
  const back = await browser.navigate(`callback?${provider.agree(request)}`, "cross");
  assert.equal(errorIn(back), "in");
  assert.equal((await browser.refresh()).status, 200);
});

test("mediator_T8_shows_no_token_code_or_cookie_in_an_event_or_an_address", async () => {
  const addresses: string[] = [];
  const { browser, provider, events, signIn } = await signedIn();
  const go = async (response: Promise<Response>) => {
    addresses.push((await response).headers.get("Location") ?? "");
  };
  provider.rotates = true;
  await go(signIn(browser, "return_to=/x"));
  provider.offset += 61_000;
  const { access_token } = await bodyOf(await browser.refresh());
  await browser.refresh();
  provider.answers["revoke"] = () => new Response(null, { status: 500 });
  const session = browser.session ?? "";
  await browser.page("logout");
  await go(browser.navigate("callback?code=code77&state=x", "cross"));
  await sleep(20);
  await browser.refresh();
  const said = JSON.stringify(events) + addresses.join(" ");
  for (const secret of [access_token, session, "session3.", "code2", "code77", "eyJ"])
    assert.ok(!said.includes(secret), secret);
  const types = new Set(events.map(({ type }: MediatorEvent) => type));
  for (const type of [
    "sign-in",
    "refreshed",
    "repeated",
    "ended",
    "revocation-failed",
    "sign-in-failed",
  ])
    assert.ok(types.has(type as MediatorEvent["type"]), type);
  for (const { session: key, at } of events) {
    assert.ok(key === null || /^[\w-]{8}$/.test(key));
    assert.ok(at > 1.7e12);
  }
});

test("mediator_T300_ends_all_sessions_of_a_user_for_an_operator", async () => {
  const { mediator, browser, provider, signIn, visitor } = await signedIn();
  const [second, bob] = [visitor(), visitor()];
  assert.equal(errorIn(await signIn(second)), "in");
  provider.idToken = { sub: "bob" };
  assert.equal(errorIn(await signIn(bob)), "in");
  assert.equal(await mediator.endSessions("alice"), 2);
  assert.equal(await mediator.endSessions("alice"), 0);
  const statuses = await Promise.all(
    [browser, second, bob].map(async (one) => (await one.refresh()).status),
  );
  assert.deepEqual(statuses, [401, 401, 200]);
});

/** A logout token as the provider posts it. */
async function post(
  world: Awaited<ReturnType<typeof signedIn>>,
  claims: Record<string, unknown>,
  body?: BodyInit,
): Promise<Response> {
  const { provider, mediator } = world;
  const token = await provider.sign(
    {
      jti: crypto.randomUUID(),
      sub: undefined,
      exp: Math.floor(provider.clock() / 1000) + 120,
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      ...claims,
    },
    { typ: "logout+jwt" },
  );
  return mediator.fetch(
    new Request(`${URL_OF_MEDIATOR}/backchannel-logout`, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: body ?? new URLSearchParams({ logout_token: token }),
    }),
  );
}

test("mediator_T6_ends_by_a_logout_token_one_session_by_sid_and_those_up_to_iat_by_sub", async () => {
  const revocation = memoryRevocation();
  const made = await signedIn({ revocation });
  const { browser, visitor, signIn, provider, events } = made;
  const [second, third] = [visitor(), visitor()];
  assert.equal(errorIn(await signIn(second)), "in");
  const statusOf = async (one: Browser) => (await one.refresh()).status;

  const answer = await post(made, { sid: "session2" });
  assert.equal(answer.status, 200);
  assert.equal(
    answer.headers.get("Content-Security-Policy"),
    "default-src 'none'; frame-ancestors 'none'",
  );
  assert.equal(events.at(-1)?.type, "logged-out-elsewhere");
  assert.deepEqual([await statusOf(browser), await statusOf(second)], [401, 200]);
  const asked = { issuer: ISSUER, jti: null, sub: null, iat: null };
  assert.equal(await revocation.isRevoked({ ...asked, sid: "session2" }), true, "for the APIs too");

  provider.offset += 10_000;
  const iat = Math.floor(provider.clock() / 1000);
  provider.offset += 10_000;
  assert.equal(errorIn(await signIn(third)), "in");
  assert.equal((await post(made, { sub: "alice", iat })).status, 200);
  assert.deepEqual([await statusOf(second), await statusOf(third)], [401, 200]);
  assert.equal((await post(made, { sub: "alice", iat })).status, 200, "sent again");
  assert.equal((await post(made, { sid: "session2" })).status, 200);
  assert.equal(await statusOf(third), 200);
});

test("mediator_T6_ends_nothing_by_a_logout_token_that_is_no_good", async () => {
  const made = await signedIn();
  const { browser, provider, events, mediator } = made;
  const odd: Record<string, unknown>[] = [
    { sid: "session2", aud: "another" },
    { sid: "session2", iss: "https://evil.example.com" },
    { sid: "session2", nonce: "n" },
    { sid: "session2", events: {} },
    { sid: "session2", iat: Math.floor(provider.clock() / 1000) - 1_000 },
    {},
  ];
  for (const claims of odd) {
    const answer = await post(made, claims);
    assert.equal(answer.status, 400, JSON.stringify(claims));
    assert.equal(events.at(-1)?.type, "refused");
  }
  assert.equal((await post(made, {}, "nothing")).status, 400);
  const read = new Request(`${URL_OF_MEDIATOR}/backchannel-logout`, {
    method: "POST",
    body: "x=1",
  });
  await read.text();
  assert.equal((await mediator.fetch(read)).status, 400);
  assert.ok(events.some(({ code }) => code === "body_read"));
  assert.equal(
    (await mediator.fetch(new Request(`${URL_OF_MEDIATOR}/backchannel-logout`))).status,
    405,
  );
  assert.equal((await browser.refresh()).status, 200);
  // Keys that can't be had: the provider may send it again.
  const cold = await signedIn();
  cold.provider.answers["jwks"] = () => new Response(null, { status: 500 });
  assert.equal((await post(cold, { sid: "session2" })).status, 503);
  delete cold.provider.answers["jwks"];
  cold.provider.offset += 31_000;
  assert.equal((await post(cold, { sid: "session2" })).status, 200);
  assert.equal((await cold.browser.refresh()).status, 401);
});

test("mediator_T341_sends_no_ID_token_of_an_earlier_session", async () => {
  const kinds = [
    sealedCookies({ keys: [KEY], rotation: "none" }),
    storedSessions(memorySessions(), { keys: [KEY] }),
  ];
  for (const sessions of kinds) {
    const { browser, provider, signIn } = await signedIn({ sessions });
    // Without the provider's page, which is where the ID token is used.
    await browser.page("logout");
    provider.idToken = { sub: "bob", pad: "x".repeat(4_000) };
    await signIn();
    await browser.page("logout");
    const asked = locationOf(await browser.navigate("end")).searchParams;
    assert.equal(asked.get("id_token_hint"), null, sessions.kind);
    assert.equal(asked.get("client_id"), CLIENT_ID);
  }
});
