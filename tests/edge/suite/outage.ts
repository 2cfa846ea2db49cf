// Group K: a key endpoint that is down, in virtual time.

import assert from "node:assert/strict";
import { bench, claims, edge, keyPair, refusal, refused, sign } from "./kit.ts";

const FAR = { exp: 2_000_000_000 };
let serial = 0;
/** A token that no cache of results knows. */
const fresh = async (kid = "k1") =>
  sign(claims({ ...FAR, jti: `o${(serial += 1)}` }), { kid }, await keyPair("ES256", "k1"));
const outage = () => new Response(null, { status: 503 });

edge("edge_K85_asks_for_unknown_kids_once_a_cooldown_through_an_hour_of_outage", async () => {
  const { verifier, endpoint, clock } = await bench();
  // The set is fresh all along, so unknown kids alone make anybody ask.
  endpoint.answer = () =>
    Response.json({ keys: endpoint.keys }, { headers: { "Cache-Control": "max-age=86400" } });
  await verifier.verify(await fresh());
  const began = clock.now;
  const asked = [clock.now];
  endpoint.answer = () => (asked.push(clock.now), outage());
  const known = await Promise.all(Array.from({ length: 10 }, () => fresh()));
  const unknown = await Promise.all(
    Array.from({ length: 40 }, (_, place) => fresh(`unknown-${place}`)),
  );
  for (let second = 0; second < 3_600; second += 3) {
    clock.forward(3);
    const strangers = await Promise.all(
      [0, 1, 2].map((more) => refusal(verifier.verify(unknown[(second + more) % 40] ?? ""))),
    );
    for (const { code } of strangers)
      assert.ok(code === "key.unknown" || code === "jwks.unreachable", code);
    await verifier.verify(known[second % 10] ?? "");
  }
  assert.equal(clock.now - began, 3_600_000, "known keys went on for an hour");
  const gaps = asked.slice(1).map((moment, place) => moment - (asked[place] ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 30_000),
    `${Math.min(...gaps)} ms between two fetches`,
  );
  assert.ok(asked.length > 100, "and the endpoint was asked again and again");
});

edge("edge_K85_goes_on_with_known_keys_through_an_hour_of_outage", async () => {
  const { verifier, endpoint, clock, events } = await bench();
  await verifier.verify(await fresh());
  endpoint.answer = outage;
  let most = 0;
  for (let second = 0; second < 3_600; second += 5) {
    clock.forward(5);
    const before = endpoint.fetches;
    await verifier.verify(await fresh());
    const error = await refusal(
      verifier.verify(await sign(claims(FAR), { kid: `unknown-${second}` })),
    );
    assert.ok(error.code === "key.unknown" || error.status === 503);
    most = Math.max(most, endpoint.fetches - before);
  }
  assert.ok(most <= 1, "never two fetches at a time");
  assert.ok(endpoint.fetches <= 1 + 3_600 / 30 + 6, `${endpoint.fetches} fetches in an hour`);
  assert.ok(events.some((event) => event.type === "jwks" && event.outcome === "served-stale"));
  const { keys } = await verifier.verify(await fresh());
  assert.ok(keys.stale && keys.ageMs >= 3_600_000);
  clock.forward(86_400 + 600 - 3_600);
  const error = await refused(verifier.verify(await fresh()), "jwks.unreachable");
  assert.deepEqual(
    [error.status, error.response().headers.get("Retry-After") !== null],
    [503, true],
  );
  endpoint.answer = () => Response.json({ keys: endpoint.keys });
  clock.forward(30);
  await verifier.verify(await fresh());
});

edge("edge_K85_tries_a_cold_endpoint_no_more_often_than_its_backoff", async () => {
  const { verifier, endpoint, clock } = await bench();
  endpoint.answer = outage;
  for (let tenth = 0; tenth < 600; tenth += 1) {
    await refused(verifier.verify(await fresh()), "jwks.unreachable");
    clock.forward(0.1);
  }
  assert.ok(endpoint.fetches <= 7, `${endpoint.fetches} fetches in a minute`);
});
