// Refreshing a stored session, against a provider that says whatever a test wants.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { memoryRevocation } from "tokenkeep/edge";
import { memorySessions, type SessionStore, storedSessions } from "tokenkeep/mediator";
import { Browser, bodyOf, errorIn } from "./browser.ts";
import { ISSUER, json, KEY, mediatorFor, oauthError, signedIn, world } from "./faulty-provider.ts";

/** Beyond the time in which a token is handed out again. */
const LATER = 61_000;

/** A gate that a provider's answer waits for. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 3_000, what);
    await sleep(10);
  }
}

test("mediator_R2_refreshes_ten_times_at_once_200_times_with_one_call_each", async () => {
  const { provider, browser, visitor, signIn } = await signedIn();
  provider.rotates = true;
  const visitors = [browser, ...Array.from({ length: 9 }, visitor)];
  for (const other of visitors.slice(1)) assert.equal(errorIn(await signIn(other)), "in");
  for (let turn = 0; turn < 20; turn += 1) {
    provider.offset += LATER;
    await Promise.all(
      visitors.map(async (one) => {
        const answers = await Promise.all(Array.from({ length: 10 }, () => one.refresh()));
        const tokens = await Promise.all(answers.map(bodyOf));
        assert.equal(new Set(tokens.map(({ access_token }) => access_token)).size, 1);
      }),
    );
  }
  assert.equal(provider.refreshes, 200);
  for (const one of visitors) assert.equal((await one.refresh()).status, 200, "none is lost");
});

test("mediator_R4_keeps_what_the_provider_gave_a_browser_that_has_left", async () => {
  const { provider, browser } = await signedIn();
  provider.rotates = true;
  provider.offset += LATER;
  const { open, opened } = gate();
  provider.answers["token"] = async () => (await opened, undefined);
  const kept: Promise<unknown>[] = [];
  // Nobody awaits the answer.
  const left = browser.refresh({ waitUntil: (promise) => void kept.push(promise) });
  await until("the provider is asked", () => provider.refreshes === 1);
  assert.equal(kept.length, 1, "the runtime knows of the work");
  open();
  await Promise.all(kept);
  const next = await browser.refresh();
  assert.equal(next.status, 200);
  assert.equal(provider.refreshes, 1);
  assert.deepEqual(await bodyOf(next), await bodyOf(await left));
  provider.offset += LATER;
  assert.equal((await browser.refresh()).status, 200, "the refresh token was kept too");
});

test("mediator_R5_serves_after_the_lease_of_a_process_that_died_and_no_sooner", async () => {
  const store = memorySessions();
  const keys = [KEY];
  const { provider, browser } = await signedIn({ sessions: storedSessions(store, { keys }) });
  provider.offset += LATER;
  // What dies: it takes the lease, and its call never ends.
  const dying: SessionStore = { ...store };
  const died = new Browser(
    mediatorFor(provider, {
      sessions: storedSessions(dying, { keys }),
      fetch: (url, init) =>
        url.endsWith("/token") ? new Promise(() => {}) : provider.fetch(url, init),
    }),
  );
  for (const [name, cookie] of browser.jar) died.jar.set(name, cookie);
  void died.refresh();
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(browser.session));
  const key = Buffer.from(hash).toString("base64url");
  while ((await store.read(key))?.lease === null) await sleep(10);
  dying.replace = () => new Promise(() => {});
  let answered = false;
  const waiting = browser.refresh().then((response) => {
    answered = true;
    return response;
  });
  await sleep(600);
  assert.equal(answered, false);
  assert.equal(provider.refreshes, 0);
  // The time-out of a call, and five seconds.
  provider.offset += 14_999;
  await sleep(600);
  assert.equal(provider.refreshes, 0, "no sooner");
  provider.offset += 1;
  assert.equal((await waiting).status, 200);
  assert.equal(provider.refreshes, 1);
});

test("mediator_R6_signs_nobody_out_for_a_wrong_secret", async () => {
  const { provider, browser, events } = await signedIn();
  for (const answer of [
    () => oauthError("invalid_client", 401),
    () => new Response(null, { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } }),
    () => oauthError("unauthorized_client"),
  ]) {
    provider.offset += LATER;
    provider.answers["token"] = answer;
    const refused = await browser.refresh();
    assert.deepEqual([refused.status, refused.headers.get("Retry-After")], [503, "60"]);
    assert.equal(events.at(-1)?.type, "misconfigured");
    const asked = provider.refreshes;
    provider.offset += 20_000;
    const again = await browser.refresh();
    assert.deepEqual([again.status, again.headers.get("Retry-After")], [503, "40"]);
    assert.equal(provider.refreshes, asked, "it waits for people");
  }
  delete provider.answers["token"];
  provider.offset += LATER;
  assert.equal((await browser.refresh()).status, 200);
});

const html = () => new Response("<h1>Hi</h1>", { headers: { "Content-Type": "text/html" } });

test("mediator_R7_answers_each_failure_of_the_provider_as_the_table_says", async () => {
  const later = { status: 503, headers: { "Retry-After": "17" } };
  const cases: [
    string,
    () => Response | Promise<Response>,
    number,
    string | null,
    string,
    string,
  ][] = [
    [
      "invalid_scope",
      () => oauthError("invalid_scope"),
      503,
      "60",
      "misconfigured",
      "temporarily_unavailable",
    ],
    [
      "invalid_target",
      () => oauthError("invalid_target"),
      503,
      "60",
      "misconfigured",
      "temporarily_unavailable",
    ],
    [
      "invalid_request",
      () => oauthError("invalid_request"),
      503,
      "60",
      "misconfigured",
      "temporarily_unavailable",
    ],
    [
      "a bare 400",
      () => new Response(null, { status: 400 }),
      503,
      "60",
      "misconfigured",
      "temporarily_unavailable",
    ],
    [
      "a firewall",
      () => new Response("<h1>Blocked</h1>", { status: 403 }),
      503,
      "60",
      "misconfigured",
      "temporarily_unavailable",
    ],
    [
      "not found",
      () => new Response("<h1>404</h1>", { status: 404 }),
      503,
      "60",
      "misconfigured",
      "temporarily_unavailable",
    ],
    [
      "408",
      () => new Response(null, { status: 408 }),
      503,
      "5",
      "unavailable",
      "temporarily_unavailable",
    ],
    [
      "429",
      () => new Response(null, { ...later, status: 429 }),
      429,
      "17",
      "unavailable",
      "slow_down",
    ],
    [
      "500",
      () => oauthError("server_error", 500),
      503,
      "5",
      "unavailable",
      "temporarily_unavailable",
    ],
    ["503", () => new Response(null, later), 503, "17", "unavailable", "temporarily_unavailable"],
    [
      "an hour at most",
      () => new Response(null, { status: 503, headers: { "Retry-After": "999999" } }),
      503,
      "3600",
      "unavailable",
      "temporarily_unavailable",
    ],
    [
      "no network",
      () => Promise.reject(new TypeError("fetch failed")),
      503,
      "5",
      "unavailable",
      "temporarily_unavailable",
    ],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { Location: "/x" } }),
      503,
      "5",
      "provider-answer",
      "temporarily_unavailable",
    ],
    ["HTML", html, 503, "5", "provider-answer", "temporarily_unavailable"],
    [
      "too much",
      () => json({ access_token: "a".repeat(300_000) }),
      503,
      "5",
      "provider-answer",
      "temporarily_unavailable",
    ],
    [
      "no token",
      () => json({ token_type: "Bearer" }),
      503,
      "5",
      "provider-answer",
      "temporarily_unavailable",
    ],
    [
      "no bearer token",
      () => json({ access_token: "a", token_type: "DPoP" }),
      503,
      "5",
      "provider-answer",
      "temporarily_unavailable",
    ],
    ["a list", () => json([]), 503, "5", "provider-answer", "temporarily_unavailable"],
    [
      "interaction_required",
      () => oauthError("interaction_required"),
      401,
      null,
      "refused",
      "login_required",
    ],
    ["login_required", () => oauthError("login_required"), 401, null, "refused", "login_required"],
    [
      "consent_required",
      () => oauthError("consent_required"),
      401,
      null,
      "refused",
      "login_required",
    ],
    ["invalid_grant", () => oauthError("invalid_grant"), 401, null, "refused", "invalid_grant"],
    [
      "invalid_grant, as Auth0 says it",
      () => oauthError("invalid_grant", 403),
      401,
      null,
      "refused",
      "invalid_grant",
    ],
  ];
  for (const [what, answer, status, retryAfter, event, error] of cases) {
    const { provider, browser, events } = await signedIn();
    provider.offset += LATER;
    provider.answers["token"] = answer;
    const response = await browser.refresh();
    assert.equal(response.status, status, what);
    assert.equal(response.headers.get("Retry-After"), retryAfter, what);
    assert.deepEqual(await response.json(), { error }, what);
    assert.deepEqual(response.headers.getSetCookie(), [], "a late answer deletes no newer cookie");
    assert.equal(events.at(-1)?.type, event, what);
    assert.doesNotMatch(JSON.stringify(events), /script|access\./);
    provider.answers = {};
    provider.offset += 3_600_000;
    assert.equal((await browser.refresh()).status, status === 401 ? 401 : 200, `${what}, later`);
  }
});

test("mediator_R8_asks_a_slow_provider_once_and_tells_the_others_to_come_later", async () => {
  const { provider, browser } = await signedIn({ timeout: 1_000 });
  provider.offset += LATER;
  provider.answers["token"] = () => new Promise(() => undefined);
  const answers = await Promise.all(Array.from({ length: 5 }, () => browser.refresh()));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [503, 503, 503, 503, 503],
  );
  assert.ok(answers.every(({ headers }) => Number(headers.get("Retry-After")) >= 1));
  assert.equal(provider.refreshes, 1);
  delete provider.answers["token"];
  provider.offset += 5_000;
  assert.equal((await browser.refresh()).status, 200);
});

test("mediator_R9_tells_what_is_left_of_a_repeated_token", async () => {
  const { provider, browser, events } = await signedIn();
  const first = await bodyOf(await browser.refresh());
  assert.equal(first.expires_in, 300);
  provider.offset += 19_000;
  const again = await bodyOf(await browser.refresh());
  assert.deepEqual(again, { ...first, expires_in: 281 });
  assert.equal(events.at(-1)?.type, "repeated");
  provider.offset += 1_000;
  assert.notEqual((await bodyOf(await browser.refresh())).access_token, first.access_token);
  // A short one serves while half of its life is left.
  provider.lifetime = 10;
  provider.offset += 20_000;
  const short = await bodyOf(await browser.refresh());
  provider.offset += 5_000;
  assert.deepEqual(await bodyOf(await browser.refresh()), { ...short, expires_in: 5 });
  provider.offset += 1;
  assert.notEqual((await bodyOf(await browser.refresh())).access_token, short.access_token);
  // None is repeated where that is not wanted.
  const without = await signedIn({ reuse: 0 });
  await without.browser.refresh();
  await without.browser.refresh();
  assert.equal(without.provider.refreshes, 2);
});

test("mediator_R9_passes_on_a_token_without_a_lifetime", async () => {
  const { provider, browser } = await signedIn();
  provider.tokens = { expires_in: undefined };
  provider.offset += LATER;
  const answer = await bodyOf(await browser.refresh());
  assert.deepEqual(Object.keys(answer), ["access_token", "token_type"]);
  assert.deepEqual(await bodyOf(await browser.refresh()), answer);
});

test("mediator_R10_ends_a_session_whose_ID_token_turns_to_another_user", async () => {
  const { provider, browser } = await signedIn();
  const renew = async (claims: Record<string, unknown>, header = {}) => {
    provider.offset += LATER;
    provider.tokens = { id_token: await provider.sign(claims, header) };
    return browser.refresh();
  };
  assert.equal((await renew({})).status, 200);
  // What is no good ID token of the provider says nothing, and nobody is signed out for it.
  for (const odd of [{ iss: "https://evil.example.com" }, { aud: "another" }, { exp: 1 }]) {
    assert.equal((await renew(odd)).status, 503, JSON.stringify(odd));
    assert.equal((await renew({})).status, 200);
  }
  provider.rotates = true;
  assert.equal((await renew({ exp: 1 })).status, 503);
  assert.equal((await renew({})).status, 200, "the new refresh token was kept");
  assert.equal((await renew({ sub: "mallory" })).status, 401);
  assert.equal(provider.revoked.length, 1);
  assert.equal((await browser.refresh()).status, 401);
});

test("mediator_R11_revives_nothing_that_was_logged_out_meanwhile", async () => {
  const { provider, browser } = await signedIn();
  provider.rotates = true;
  provider.offset += LATER;
  const { open, opened } = gate();
  provider.answers["token"] = async () => (await opened, undefined);
  const copy = browser.copy();
  const refreshing = copy.refresh();
  await until("the provider is asked", () => provider.refreshes === 1);
  assert.equal((await browser.page("logout")).status, 204);
  open();
  const answer = await refreshing;
  assert.deepEqual([answer.status, await answer.json()], [401, { error: "invalid_grant" }]);
  await until("both are revoked", () => provider.revoked.length === 2);
  assert.deepEqual(provider.revoked, ["session2.0", "session2.1"]);
  assert.equal((await copy.refresh()).status, 401);
  assert.equal(provider.refreshes, 1);
});

test("mediator_R12_answers_429_after_twenty_refreshes_in_a_minute", async () => {
  const { provider, browser, visitor, signIn } = await signedIn();
  for (let count = 0; count < 20; count += 1) assert.equal((await browser.refresh()).status, 200);
  provider.offset += 15_000;
  const refused = await browser.refresh();
  assert.deepEqual([refused.status, refused.headers.get("Retry-After")], [429, "45"]);
  const other = visitor();
  assert.equal(errorIn(await signIn(other)), "in");
  assert.equal((await other.refresh()).status, 200, "another session is not hit");
  provider.offset += 45_000;
  assert.equal((await browser.refresh()).status, 200);
});

test("mediator_R13_answers_503_where_the_store_throws", async () => {
  const store = memorySessions();
  const failing = new Set<string>();
  const guarded = Object.fromEntries(
    Object.entries(store).map(([name, method]) => [
      name,
      (...given: never[]) => {
        if (failing.has(name)) throw new Error(`the store is away: ${KEY}`);
        return (method as (...given: never[]) => unknown)(...given);
      },
    ]),
  ) as unknown as SessionStore;
  const sessions = storedSessions(guarded, { keys: [KEY] });
  const { browser, provider, signIn, events } = await signedIn({ sessions });
  for (const name of ["read", "replace"]) {
    failing.add(name);
    provider.offset += LATER;
    const answer = await browser.refresh();
    assert.deepEqual([answer.status, answer.headers.get("Retry-After")], [503, "5"], name);
    assert.equal(events.at(-1)?.type, "unavailable");
    failing.delete(name);
    assert.equal((await browser.refresh()).status, 200);
  }
  // What the provider gave is written again where the first try fails.
  provider.rotates = true;
  provider.offset += LATER;
  provider.answers["token"] = () => {
    failing.add("replace");
    return undefined;
  };
  const refreshing = browser.refresh();
  await until("the provider was asked", () => failing.has("replace"));
  await sleep(20);
  failing.clear();
  provider.answers = {};
  assert.equal((await refreshing).status, 200);
  provider.offset += LATER;
  assert.equal((await browser.refresh()).status, 200);
  failing.add("create");
  assert.equal(errorIn(await signIn()), "provider_unavailable");
  assert.deepEqual([events.at(-1)?.type, events.at(-1)?.code], ["unavailable", "store"]);
  failing.add("delete");
  const logout = await browser.page("logout");
  assert.deepEqual([logout.status, logout.headers.getSetCookie()], [503, []]);
  failing.clear();
  assert.equal((await browser.page("logout")).status, 204);
});

test("mediator_R14_keeps_the_old_refresh_token_where_the_provider_gives_no_new_one", async () => {
  const { provider, browser } = await signedIn();
  for (let turn = 0; turn < 3; turn += 1) {
    provider.offset += LATER;
    assert.equal((await browser.refresh()).status, 200);
  }
  const used = provider.calls.map(({ form }) => form.get("refresh_token")).filter((one) => one);
  assert.equal(new Set(used).size, 1);
});

test("mediator_R300_hands_out_what_it_holds_where_there_is_no_refresh_token", async () => {
  const { provider, browser, signIn } = await signedIn();
  provider.tokens = { refresh_token: undefined };
  assert.equal(errorIn(await signIn()), "in");
  provider.offset += 299_000;
  assert.equal((await bodyOf(await browser.refresh())).expires_in, 1);
  provider.offset += 1_000;
  assert.equal((await browser.refresh()).status, 401);
  assert.equal(provider.refreshes, 0);
});

test("mediator_R301_asks_the_revocations_at_each_refresh", async () => {
  let now = Date.now();
  const revocation = memoryRevocation({ clock: () => now });
  const { provider, browser, signIn, events } = await signedIn({ revocation });
  const held = await bodyOf(await browser.refresh());
  provider.offset += 5_000;
  now = provider.clock();
  // The user's tokens are cut off: the provider says whether the session goes on.
  await revocation.revokeUser(ISSUER, "alice", 3_600);
  provider.offset += 1_000;
  const next = await bodyOf(await browser.refresh());
  assert.notEqual(next.access_token, held.access_token);
  assert.deepEqual(await bodyOf(await browser.refresh()), next, "it is newer than the cut");
  await revocation.revokeSession(ISSUER, "session2", 3_600);
  assert.equal((await browser.refresh()).status, 401);
  assert.equal(events.at(-1)?.type, "logged-out-elsewhere");
  assert.equal(provider.refreshes, 1);
  const broken = { ...revocation, isRevoked: () => Promise.reject(new Error("away")) };
  const other = await signedIn({ revocation: broken });
  assert.equal((await other.browser.refresh()).status, 503);
  assert.equal(errorIn(await signIn()), "in");
});

test("mediator_R303_goes_on_with_the_metadata_it_has_where_that_cannot_be_renewed", async () => {
  const { provider, browser } = await signedIn();
  provider.answers["openid-configuration"] = () => new Response(null, { status: 503 });
  const asked = () => provider.count("openid-configuration");
  provider.offset += 3_600_000;
  assert.equal((await browser.refresh()).status, 200);
  assert.equal(asked(), 2);
  provider.offset += 59_999;
  assert.equal((await browser.refresh()).status, 200);
  assert.equal(asked(), 2, "not at each refresh");
  provider.offset += 1;
  assert.equal((await browser.copy().refresh()).status, 200, "the token is fresh");
  provider.offset += 20_000;
  assert.equal((await browser.refresh()).status, 200);
  assert.equal(asked(), 3);
  // A process that starts meanwhile knows nothing yet, and signs nobody out.
  const store = memorySessions();
  const cold = await signedIn({ sessions: storedSessions(store, { keys: [KEY] }) });
  cold.provider.answers["openid-configuration"] = () => new Response(null, { status: 503 });
  cold.provider.offset += LATER;
  const restarted = mediatorFor(cold.provider, {
    sessions: storedSessions(store, { keys: [KEY] }),
  });
  const visitor = cold.browser.copy(restarted);
  assert.equal((await visitor.refresh()).status, 503);
  cold.provider.answers = {};
  assert.equal((await visitor.refresh()).status, 200);
});

test("mediator_R303_has_one_of_many_renew_the_metadata_also_after_a_clock_was_put_back", async () => {
  const { provider, visitor, signIn } = await world({ reuse: 0 });
  const browsers = Array.from({ length: 5 }, visitor);
  for (const one of browsers) assert.equal(errorIn(await signIn(one)), "in");
  const asked = () => provider.count("openid-configuration");
  assert.equal(asked(), 1);
  let refreshes = 0;
  // The one that renews waits for the others, which go on with what is known.
  provider.answers["openid-configuration"] = async () => {
    while (provider.refreshes < refreshes + 4) await new Promise((resolve) => setTimeout(resolve));
    return undefined;
  };
  for (const [count, by] of [3_600_000, -7_200_000].entries()) {
    refreshes = provider.refreshes;
    provider.offset += by;
    const answers = await Promise.all(browsers.map((one) => one.refresh()));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(asked(), count + 2);
  }
});

test("mediator_R341_answers_although_the_context_throws", async () => {
  const over = () => {
    throw new Error("over");
  };
  for (const context of [{ waitUntil: over }, {} as never]) {
    const { browser } = await signedIn({ reuse: 0 });
    assert.equal((await browser.refresh(context)).status, 200);
    assert.equal((await browser.page("logout", "POST", context)).status, 204);
    assert.equal(browser.session, undefined);
    const refused = await world({ admit: () => false });
    const answer = refused.provider.agree(await refused.browser.begin());
    const response = await refused.browser.send(`callback?${answer}`, {
      site: "cross",
      headers: { "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" },
      context,
    });
    assert.equal(errorIn(response), "not_admitted");
  }
});
