// Logout: of the session, at the provider, and what nobody may learn by it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { MediatorEvent } from "tokenkeep/mediator";
import { APP, bodyOf, errorIn, locationOf, URL_OF_MEDIATOR } from "./browser.ts";
import { CLIENT_ID, ISSUER, signedIn } from "./faulty-provider.ts";

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
