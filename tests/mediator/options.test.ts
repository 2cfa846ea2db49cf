// What the options take, and what a listener of the application's may do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryRevocation } from "tokenkeep/edge";
import {
  MediatorError,
  memorySessions,
  type SessionRecord,
  sealedCookies,
  storedSessions,
} from "tokenkeep/mediator";
import { errorIn } from "./browser.ts";
import { FaultyProvider, ISSUER, KEY, mediatorFor, signedIn, world } from "./faulty-provider.ts";

const isInvalid = (error: unknown) =>
  error instanceof MediatorError && error.code === "config_invalid";

test("mediator_Q340_refuses_a_store_of_revocations_that_can_revoke_nothing", async () => {
  const provider = await FaultyProvider.make();
  const { isRevoked, revokeSession, revokeUser, revokeToken } = memoryRevocation();
  mediatorFor(provider, {
    revocation: { isRevoked, revokeSession, revokeUser, revokeToken },
  });
  for (const lacking of [{ isRevoked }, { isRevoked, revokeUser }, { isRevoked, revokeSession }])
    assert.throws(() => mediatorFor(provider, { revocation: lacking as never }), isInvalid);
  assert.throws(
    () => mediatorFor(provider, { revocation: { revokeSession, revokeUser } as never }),
    isInvalid,
  );
});

test("mediator_R340_takes_a_short_time_limit_and_short_lives", async () => {
  const discovery = {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/authorize`,
    token_endpoint: `${ISSUER}/token`,
    jwks_uri: `${ISSUER}/jwks`,
  };
  const slow = await world({ timeout: 1, provider: { issuer: ISSUER, discovery } });
  slow.provider.answers["token"] = () => new Promise(() => undefined);
  assert.equal(errorIn(await slow.signIn()), "provider_unavailable");

  const sessions = sealedCookies({ keys: [KEY], rotation: "sliding" });
  const { browser, provider } = await signedIn({ sessions, lifetime: { idle: 1, absolute: 2 } });
  provider.offset = 999;
  assert.equal((await browser.page("user", "GET")).status, 200);
  provider.offset = 1_000;
  assert.equal((await browser.page("user", "GET")).status, 401);

  for (const options of [{ timeout: 0 }, { lifetime: { idle: 0 } }, { lifetime: { absolute: 0 } }])
    assert.throws(() => mediatorFor(provider, options), isInvalid);
});

test("mediator_S340_ages_of_cookies_and_ends_of_records_are_whole_numbers", async () => {
  const records: SessionRecord[] = [];
  const store = memorySessions();
  const create: typeof store.create = (key, record) => {
    records.push(record);
    return store.create(key, record);
  };
  const kinds = [
    storedSessions({ ...store, create }, { keys: [KEY] }),
    sealedCookies({ keys: [KEY], rotation: "none" }),
  ];
  for (const sessions of kinds) {
    const { browser } = await signedIn({ sessions, lifetime: { absolute: 100.0004 } });
    const ages = browser.set.map((line) => /Max-Age=([^;]*)/.exec(line)?.[1]);
    assert.ok(ages.includes("100"), String(ages));
    for (const age of ages) assert.match(String(age), /^\d+$/);
  }
  const { browser } = await signedIn({ lifetime: { absolute: 100.5 } });
  assert.match(String(browser.set), /Max-Age=101;/);
  assert.equal(records.length, 1);
  for (const { expiresAt } of records) assert.ok(Number.isInteger(expiresAt), String(expiresAt));
});

test("mediator_T340_goes_on_when_a_listener_fails_later", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  const { browser } = await signedIn({
    onEvent: (async () => Promise.reject(new Error("mine"))) as never,
  });
  assert.equal((await browser.page("logout")).status, 204);
  // Node tells of a rejection before it takes up the next task.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
});
