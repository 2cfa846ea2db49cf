// The edge suite inside workerd, and what only workerd can show: requests that are cancelled while
// others wait for the same keys.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response as MiniflareResponse } from "miniflare";
import { cases } from "./suite/all.ts";
import { AUDIENCE, claims, ISSUER, keyPair, NOW, sign } from "./suite/kit.ts";
import { ask, CROSSED, moment, until } from "./workerd/clients.ts";
import { type Running, startBehindFront, startWorker } from "./workerd/start.ts";

describe("in workerd", () => {
  let running: Running | undefined;
  before(async () => {
    running = await startWorker("suite-worker.ts");
  });
  after(() => running?.miniflare.dispose());
  for (const [place, { name, where }] of cases.entries()) {
    if (where === "node") continue;
    test(`${name}, in workerd`, async () => {
      const response = await fetch(new URL(`/${place}`, running?.url), { method: "POST" });
      assert.equal(await response.text(), "passed");
    });
  }
});

test("edge_P1_200_cold_requests_of_which_a_third_is_cancelled, in workerd", async () => {
  const { jwk } = await keyPair();
  let [fetches, waiting] = [0, 0];
  const [hangUp, release] = [moment(), moment()];
  const keys = async () => {
    fetches += 1;
    await release.come;
    return MiniflareResponse.json({ keys: [jwk] });
  };
  const gate = () => ((waiting += 1), hangUp.come);
  const { url, miniflare, log } = await startBehindFront("cold-worker.ts", keys, gate);
  try {
    assert.equal(fetches, 0, "making the verifier at module scope asks for nothing");
    const tokens = await Promise.all(
      Array.from({ length: 200 }, (_, place) => sign(claims({ jti: `t${place}` }))),
    );
    // The very first is among the cancelled: whoever fetches first must not be whom the others hang
    // on.
    const isCancelled = (place: number) => place % 3 === 0;
    const answers = Promise.all(tokens.map((token, place) => ask(url, token, isCancelled(place))));
    // All of them are in the Worker and wait for the slow key set: then a third hangs up, and only
    // then the keys come.
    await until(() => fetches === tokens.length && waiting === 67);
    hangUp.now();
    await sleep(300);
    release.now();
    const good = '200 {"sub":"alice"}';
    for (const [place, answer] of (await answers).entries())
      assert.equal(answer, isCancelled(place) ? '200 "hung up"' : good);
    for (let later = 0; later < 50; later += 1)
      assert.equal(await ask(url, await sign(claims({ jti: `later${later}` }))), good);
    assert.equal(
      fetches,
      tokens.length,
      "each cold request fetches for itself, and then the set is settled",
    );
    assert.doesNotMatch(log(), CROSSED);
  } finally {
    await miniflare.dispose();
  }
});

test("edge_P2_a_client_that_hangs_up_does_not_keep_a_new_key_from_the_others, in workerd", async () => {
  const [old, next] = [await keyPair(), await keyPair("ES256", "k2")];
  let keys = [old.jwk];
  let [fetches, waiting] = [0, 0];
  const [hangUp, release] = [moment(), moment()];
  const answer = async () => {
    fetches += 1;
    if (fetches === 2) await release.come;
    return MiniflareResponse.json({ keys });
  };
  const { url, miniflare, log } = await startBehindFront(
    "rotation-worker.ts",
    answer,
    () => ((waiting += 1), hangUp.come),
  );
  try {
    const [cold, later] = [0, 31].map((seconds) => new URL(`?at=${seconds}`, url));
    const good = '200 {"sub":"alice"}';
    assert.equal(await ask(cold!, await sign()), good);
    keys = [old.jwk, next.jwk];
    // After the cooldown of 30 s the attacker is the first, has it look for a kid that nobody has,
    // and hangs up.
    const attack = sign(claims(), { kid: "nobody's" }).then((token) => ask(later!, token, true));
    await until(() => fetches === 2 && waiting === 1);
    hangUp.now();
    assert.equal(await attack, '200 "hung up"');
    release.now();
    // Nobody waits for that fetch any more; what it brings comes to the others all the same. The
    // next cooldown never ends, for the Worker's clock stands.
    const token = await sign(claims(), {}, next);
    let seen = await ask(later!, token);
    for (let tries = 0; seen !== good && tries < 1_000; tries += 1)
      seen = (await sleep(20), await ask(later!, token));
    assert.deepEqual([seen, fetches], [good, 2]);
    assert.doesNotMatch(log(), CROSSED);
  } finally {
    await miniflare.dispose();
  }
});

test("edge_Z356_cancelled_requests_for_the_metadata_hold_back_nobody, in workerd", async () => {
  const { jwk } = await keyPair();
  const asked: string[] = [];
  let waiting = 0;
  const [hangUp, release, never] = [moment(), moment(), moment()];
  const issuer = async ({ url }: { readonly url: string }) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    if (pathname === "/keys") return MiniflareResponse.json({ keys: [jwk] });
    if (documents() <= 30) await release.come;
    if (documents() === 31) await never.come;
    return MiniflareResponse.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/keys` });
  };
  const documents = () => asked.filter((path) => path !== "/keys").length;
  const { url, miniflare, log } = await startBehindFront(
    "discovery-worker.ts",
    issuer,
    () => ((waiting += 1), hangUp.come),
  );
  const at = (seconds: number) => new URL(`?at=${seconds}`, url);
  let serial = 0;
  const token = () => sign(claims({ exp: NOW + 9_000, jti: `t${(serial += 1)}` }));
  const good = '200 {"sub":"alice"}';
  try {
    const isCancelled = (place: number) => place % 3 === 0;
    const answers = Promise.all(
      Array.from({ length: 30 }, async (_, place) => ask(at(0), await token(), isCancelled(place))),
    );
    await until(() => documents() === 30 && waiting === 10);
    hangUp.now();
    await sleep(300);
    release.now();
    for (const [place, answer] of (await answers).entries())
      assert.equal(answer, isCancelled(place) ? '200 "hung up"' : good);
    for (let later = 0; later < 10; later += 1) assert.equal(await ask(at(1), await token()), good);
    assert.equal(documents(), 30);
    // An hour later a renewal begins that never ends. All go on with the address that is known.
    for (let later = 0; later < 10; later += 1)
      assert.equal(await ask(at(3_600), await token()), good);
    assert.equal(documents(), 31);
    assert.equal(await ask(at(3_660), await token()), good);
    await until(() => documents() === 32);
    assert.doesNotMatch(log(), CROSSED);
  } finally {
    never.now();
    await miniflare.dispose();
  }
});

test("edge_V307_cancelled_calls_about_opaque_tokens_hold_back_nobody, in workerd", async () => {
  let [calls, waiting] = [0, 0];
  const [hangUp, release, hangUpAgain, never] = [moment(), moment(), moment(), moment()];
  const issuer = async () => {
    calls += 1;
    if (calls <= 30) await release.come;
    else if (calls <= 60) await never.come;
    return MiniflareResponse.json({
      active: true,
      token_type: "Bearer",
      aud: AUDIENCE,
      sub: "alice",
    });
  };
  const { url, miniflare, log } = await startBehindFront("introspection-worker.ts", issuer, () =>
    (waiting += 1) <= 10 ? hangUp.come : hangUpAgain.come,
  );
  try {
    const good = '200 {"sub":"alice"}';
    const isCancelled = (place: number) => place % 3 === 0;
    const answers = Promise.all(
      Array.from({ length: 30 }, (_, place) =>
        ask(url, `opaque-token-${Math.floor(place / 10)}`, isCancelled(place)),
      ),
    );
    // No two of them share a call.
    await until(() => calls === 30 && waiting === 10);
    assert.match(await ask(url, "one-too-many"), /^503 /);
    hangUp.now();
    await sleep(300);
    release.now();
    for (const [place, answer] of (await answers).entries())
      assert.equal(answer, isCancelled(place) ? '200 "hung up"' : good);
    // Thirty more that are cancelled, and whose calls never end: they count for a while.
    const lost = Array.from({ length: 30 }, (_, place) => ask(url, `lost-token-${place}`, true));
    await until(() => calls === 60 && waiting === 40);
    hangUpAgain.now();
    for (const answer of await Promise.all(lost)) assert.equal(answer, '200 "hung up"');
    assert.match(await ask(url, "one-too-many"), /^503 /);
    // No longer than they could have taken.
    const later = new URL("?at=241", url);
    const tokens = Array.from({ length: 40 }, (_, place) => `later-token-${place % 20}`);
    for (const token of tokens) assert.equal(await ask(later, token), good);
    assert.equal(calls, 80, "an answer is remembered for all requests");
    assert.doesNotMatch(log(), CROSSED);
  } finally {
    await miniflare.dispose();
  }
});

test("edge_V309_a_probe_whose_client_hangs_up_tells_the_others_all_the_same, in workerd", async () => {
  let [calls, waiting, isDown] = [0, 0, true];
  const [hangUp, release] = [moment(), moment()];
  const issuer = async () => {
    calls += 1;
    if (isDown) return new MiniflareResponse(null, { status: 500 });
    if (calls === 2) await release.come;
    return MiniflareResponse.json({
      active: true,
      token_type: "Bearer",
      aud: AUDIENCE,
      sub: "alice",
    });
  };
  const { url, miniflare, log } = await startBehindFront(
    "introspection-worker.ts",
    issuer,
    () => ((waiting += 1), hangUp.come),
  );
  try {
    assert.match(await ask(url, "opaque-token-1"), /^503 /);
    isDown = false;
    // After the pause the attacker is the first to ask, and hangs up.
    const later = new URL("?at=1", url);
    const attack = ask(later, "opaque-token-2", true);
    await until(() => calls === 2 && waiting === 1);
    hangUp.now();
    assert.equal(await attack, '200 "hung up"');
    assert.match(await ask(later, "opaque-token-3"), /^503 /);
    release.now();
    // The Worker's clock stands: it is the answer that ends the pause.
    const good = '200 {"sub":"alice"}';
    let seen = await ask(later, "opaque-token-3");
    for (let tries = 0; seen !== good && tries < 1_000; tries += 1)
      seen = (await sleep(20), await ask(later, "opaque-token-3"));
    assert.deepEqual([seen, calls], [good, 3]);
    assert.doesNotMatch(log(), CROSSED);
  } finally {
    await miniflare.dispose();
  }
});
