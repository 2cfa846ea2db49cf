// What lies in the store and in the browser, and what each of them is worth alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MediatorError,
  memorySessions,
  type SessionRecord,
  type SessionStore,
  storedSessions,
} from "tokenkeep/mediator";
import { bodyOf, errorIn } from "./browser.ts";
import { KEY, mediatorFor, signedIn, world } from "./faulty-provider.ts";

/** A store that can be looked into. */
function open(): { store: SessionStore; records: Map<string, SessionRecord> } {
  const own = memorySessions();
  const records = new Map<string, SessionRecord>();
  const store: SessionStore = {
    ...own,
    async create(key, record) {
      records.set(key, record);
      return own.create(key, record);
    },
    async read(key) {
      return records.get(key) ?? null;
    },
    async replace(key, version, record) {
      if (records.get(key)?.version !== version) return false;
      records.set(key, record);
      return true;
    },
    async delete(key) {
      records.delete(key);
    },
  };
  return { store, records };
}

test("mediator_S1_shows_no_token_in_a_dump_of_the_store_nor_opens_one_with_the_secret", async () => {
  const { store, records } = open();
  const sessions = storedSessions(store, { keys: [KEY] });
  const { browser, provider } = await signedIn({ sessions });
  provider.offset += 61_000;
  const { access_token } = await bodyOf(await browser.refresh());
  const [[key = "", record] = []] = [...records];
  const dump = JSON.stringify([...records]);
  const id = browser.session ?? "";
  for (const secret of [access_token, "session2.0", "alice", "eyJ", id])
    assert.ok(
      !dump.includes(secret) && !Buffer.from(record?.sealed ?? "", "base64url").includes(secret),
    );
  assert.equal(record?.names.length, 2, "its user's, and its own at the provider");
  // All that the mediator derives without the cookie.
  const encode = (text: string) => new TextEncoder().encode(text);
  const bytes = Buffer.from(record?.sealed ?? "", "base64url");
  for (const [salt, opens] of [
    [new Uint8Array(), false],
    [encode(key), false],
    [encode(id), true],
  ] as const) {
    const material = await crypto.subtle.importKey("raw", encode(KEY), "HKDF", false, [
      "deriveKey",
    ]);
    const aes = await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt, info: encode("tokenkeep session") },
      material,
      { name: "AES-GCM", length: 256 },
      false,
      ["decrypt"],
    );
    const owner = JSON.stringify(["tokenkeep", "https://login.example.com", "web"]);
    const additionalData = encode(JSON.stringify([1, "session", owner, key]));
    const opened = await crypto.subtle
      .decrypt(
        { name: "AES-GCM", iv: bytes.subarray(1, 13), additionalData },
        aes,
        bytes.subarray(13),
      )
      .then(
        () => true,
        () => false,
      );
    assert.equal(opened, opens, String(salt.length));
  }
});

test("mediator_S2_answers_401_to_what_was_changed_or_sealed_for_something_else", async () => {
  const { store, records } = open();
  const keys = [KEY];
  const { browser, provider } = await signedIn({ sessions: storedSessions(store, { keys }) });
  const [[key, record] = assert.fail()] = [...records];
  const statusWith = async (sealed: string) => {
    records.set(key, { ...record, sealed });
    return (await browser.copy().refresh()).status;
  };
  const bytes = Buffer.from(record.sealed, "base64url");
  for (const place of [0, 1, 12, 13, 40, bytes.length - 1]) {
    const flipped = Buffer.from(bytes);
    flipped[place] = (flipped[place] ?? 0) ^ 1;
    assert.equal(await statusWith(flipped.toString("base64url")), 401, String(place));
  }
  for (const odd of ["", "AQ", "~", record.sealed.slice(0, -4)])
    assert.equal(await statusWith(odd), 401, odd);
  assert.equal(await statusWith(record.sealed), 200);
  // The record of another session.
  const row = "another-key";
  records.set(row, record);
  const others = {
    "another name": { name: "other" },
    "another client": {
      client: { id: "web2", auth: { method: "client_secret_basic" as const, secret: "x" } },
    },
    "another secret": { sessions: storedSessions(store, { keys: [`${KEY}, another one`] }) },
  };
  for (const [what, more] of Object.entries(others)) {
    const other = mediatorFor(provider, { sessions: storedSessions(store, { keys }), ...more });
    const visitor = browser.copy(other);
    const [[, cookie] = assert.fail()] = [...visitor.jar];
    if (what === "another name") visitor.jar.set("__Host-Http-other", cookie);
    assert.equal((await visitor.refresh()).status, 401, what);
  }
  // A key that is new seals, and the old one opens until it is removed.
  const next = `${KEY}, the next one`;
  const both = mediatorFor(provider, { sessions: storedSessions(store, { keys: [next, KEY] }) });
  const visitor = browser.copy(both);
  assert.equal((await visitor.refresh()).status, 200);
  provider.offset += 61_000;
  assert.equal((await visitor.refresh()).status, 200);
  const alone = mediatorFor(provider, { sessions: storedSessions(store, { keys: [next] }) });
  assert.equal((await browser.copy(alone).refresh()).status, 200, "it was sealed anew");
  assert.equal((await browser.refresh()).status, 401, "by a key that this one does not know");
  assert.ok((await both.endSessions("alice")) >= 0);
});

test("mediator_S2_takes_no_cookie_that_is_none", async () => {
  const { browser } = await signedIn();
  const [[name, cookie] = assert.fail()] = [...browser.jar];
  for (const value of [
    "",
    "short",
    `${cookie.value}A`,
    cookie.value.slice(1),
    "%00~",
    "A".repeat(43),
  ]) {
    const forged = browser.copy();
    forged.jar.set(name, { ...cookie, value });
    const answer = await forged.refresh();
    assert.deepEqual([answer.status, answer.headers.getSetCookie()], [401, []], value);
  }
  const twice = await browser.send("refresh", {
    method: "POST",
    headers: { "X-Requested-With": "XMLHttpRequest" },
  });
  assert.equal(twice.status, 200);
  // Two of one name: a subdomain may have set the other.
  const tossed = browser.copy();
  tossed.jar.set(` ${name}`, { ...cookie, value: "B".repeat(43) });
  assert.equal((await tossed.refresh()).status, 401);
});

test("mediator_S4_sets_the_attributes_of_both_scopes", async () => {
  for (const [scope, name, path] of [
    ["host", "__Host-Http-shop", "/"],
    ["mediator", "__Secure-shop", "/session"],
  ] as const) {
    const made = await world({ name: "shop", cookie: { scope } });
    const request = await made.browser.begin();
    assert.match(
      made.browser.set.at(-1) ?? "",
      /^__Host-Http-shop-tx-[0-9a-z]+-[\w-]{8}=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    await made.browser.navigate(`callback?${made.provider.agree(request)}`, "cross");
    const [line = ""] = made.browser.set.slice(-1);
    assert.match(
      line,
      new RegExp(
        `^${name}=[\\w-]{43}; Max-Age=604800; Path=${path}; HttpOnly; Secure; SameSite=Strict$`,
      ),
    );
    assert.equal((await made.browser.refresh()).status, 200);
    const before = made.browser.set.length;
    made.provider.offset += 61_000;
    await made.browser.refresh();
    assert.equal(made.browser.set.length, before, "a refresh sets no cookie");
    await made.browser.page("logout");
    assert.ok(
      made.browser.set.includes(
        `${name}=; Max-Age=0; Path=${path}; HttpOnly; Secure; SameSite=Strict`,
      ),
    );
  }
});

test("mediator_S6_ends_a_session_to_the_second_without_use_and_in_all", async () => {
  const lifetime = { idle: 3_600, absolute: 10_000 };
  const { browser, provider } = await signedIn({ lifetime });
  provider.offset += 3_599_999;
  assert.equal((await browser.refresh()).status, 200);
  provider.offset += 3_599_999;
  assert.equal((await browser.refresh()).status, 200, "use moves the idle end");
  const user = await (await browser.page("user", "GET")).json();
  const { startedAt, expiresAt } = (user as { session: Record<string, number> }).session;
  assert.equal((expiresAt ?? 0) - (startedAt ?? 0), 10_000_000);
  provider.offset = 9_999_999;
  assert.equal((await browser.refresh()).status, 200);
  provider.offset = 10_000_000;
  assert.equal((await browser.refresh()).status, 401, "and not the absolute one");
  assert.equal((await browser.page("user", "GET")).status, 401);
  const idle = await signedIn({ lifetime });
  idle.provider.offset += 3_600_000;
  assert.equal((await idle.browser.refresh()).status, 401);
  assert.equal(idle.provider.refreshes, 0);
});

test("mediator_S7_takes_no_Workers_KV_for_a_store", async () => {
  const kv = { get() {}, put() {}, delete() {}, list() {}, getWithMetadata() {} };
  for (const odd of [kv, {}, null, undefined, { ...memorySessions(), replace: 1 }])
    assert.throws(
      () => storedSessions(odd as never, { keys: [KEY] }),
      (error) => error instanceof MediatorError && error.code === "config_invalid",
    );
});

test("mediator_S300_forgets_no_session_in_memory_and_takes_no_more_than_it_may", async () => {
  const sessions = storedSessions(memorySessions({ max: 2 }), { keys: [KEY] });
  const { signIn, visitor } = await world({ sessions });
  const browsers = [visitor(), visitor(), visitor()];
  const outcomes = [];
  for (const browser of browsers) outcomes.push(errorIn(await signIn(browser)));
  assert.deepEqual(outcomes, ["in", "in", "provider_unavailable"]);
  assert.equal((await browsers[0]?.refresh())?.status, 200);
  assert.throws(() => memorySessions({ max: 0 }), MediatorError);
});
