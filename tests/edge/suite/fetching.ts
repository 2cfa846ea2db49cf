// Group J: fetching a key set.

import assert from "node:assert/strict";
import { createVerifier } from "tokenkeep/edge";
import {
  AUDIENCE,
  bench,
  claims,
  edge,
  ISSUER,
  keyPair,
  misconfigured,
  refused,
  sign,
} from "./kit.ts";

const keySet = async () => JSON.stringify({ keys: [(await keyPair()).jwk] });

edge("edge_J75_fetches_by_https_alone", async () => {
  const make = (jwksUri: string) =>
    createVerifier({
      issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri },
    });
  for (const uri of [
    "http://issuer.example/k",
    "https://user:pass@issuer.example/k",
    "https://user@issuer.example/k",
    "data:application/json,{}",
    "file:///etc/keys",
    "https://issuer.example/k#x",
    "/k",
    "",
    "http://localhost.example/k",
    "http://127.0.0.1.example/k",
  ]) {
    misconfigured(() => make(uri), uri);
  }
  for (const uri of [
    "https://issuer.example/k",
    "http://localhost:1/k",
    "http://127.0.0.1/k",
    "http://[::1]:80/k",
  ])
    make(uri);
});

edge("edge_J132_says_who_asks_for_the_keys", async () => {
  const { verifier, endpoint } = await bench();
  endpoint.answer = (init) => {
    const agent = new Headers(init.headers).get("User-Agent") ?? "";
    return /^tokenkeep\/\d+\.\d+\.\d+/.test(agent)
      ? Response.json({ keys: endpoint.keys })
      : new Response("Who are you?", { status: 403 });
  };
  await verifier.verify(await sign());
});

/** A text in bytes, one of which, U+0001 there, is another one. */
function withByte(text: string, byte: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text).map((one) => (one === 1 ? byte : one));
}

edge("edge_J76_takes_a_200_with_a_key_set_and_nothing_else", async () => {
  const text = await keySet();
  const answers: readonly (readonly [string, () => Response, string])[] = [
    ["204", () => new Response(null, { status: 204 }), "jwks.unreachable"],
    [
      "301",
      () => new Response(null, { status: 301, headers: { Location: "https://evil.example" } }),
      "jwks.unreachable",
    ],
    [
      "302",
      () => new Response(text, { status: 302, headers: { Location: "https://evil.example" } }),
      "jwks.unreachable",
    ],
    ["304", () => new Response(null, { status: 304 }), "jwks.unreachable"],
    ["404", () => new Response(text, { status: 404 }), "jwks.unreachable"],
    ["500", () => new Response(text, { status: 500 }), "jwks.unreachable"],
    [
      "HTML",
      () => new Response("<!doctype html>", { headers: { "Content-Type": "text/html" } }),
      "jwks.malformed",
    ],
    ["truncated", () => new Response(text.slice(0, -2)), "jwks.malformed"],
    ["no keys", () => new Response("{}"), "jwks.malformed"],
    ["an object", () => new Response('{"keys":{}}'), "jwks.malformed"],
    ["two lists", () => new Response(`${text.slice(0, -1)},"keys":[]}`), "jwks.malformed"],
    [
      "bad UTF-8 in a key",
      () => new Response(withByte(text.replace("ES256", "ES25\u0001"), 0xff)),
      "jwks.malformed",
    ],
    ["a lone surrogate", () => new Response(text.replace("ES256", "\\ud800")), "jwks.malformed"],
    [
      "too deep",
      () => new Response(text.replace("{", `{"x":${"[".repeat(40)}${"]".repeat(40)},`)),
      "jwks.malformed",
    ],
    ["empty", () => new Response('{"keys":[]}'), "jwks.malformed"],
    ["null", () => new Response("null"), "jwks.malformed"],
    ["bad UTF-8", () => new Response(Uint8Array.from([0xff, 0xfe])), "jwks.malformed"],
    ["nothing", () => new Response(null), "jwks.malformed"],
  ];
  for (const [name, answer, code] of answers) {
    const { verifier, endpoint } = await bench();
    endpoint.answer = answer;
    const error = await refused(verifier.verify(await sign()), code, name);
    assert.deepEqual([error.status, error.category, error.retryable], [503, "keys", true], name);
  }
  const { verifier, endpoint } = await bench();
  endpoint.answer = () => Promise.reject(new TypeError("fetch failed"));
  await refused(verifier.verify(await sign()), "jwks.unreachable");
});

edge("edge_J77_bounds_the_body_in_bytes_and_in_time", async () => {
  const { verifier, endpoint } = await bench({ jwks: { maxBytes: 1_000 } });
  let sent = 0;
  endpoint.answer = () =>
    new Response(
      new ReadableStream(
        { pull: (controller) => ((sent += 1), controller.enqueue(new Uint8Array(400).fill(32))) },
        { highWaterMark: 0 },
      ),
    );
  await refused(verifier.verify(await sign()), "jwks.too_large");
  assert.ok(sent < 10, `${sent} chunks were read`);
  const slow = await bench({ jwks: { timeout: 50 } });
  slow.endpoint.answer = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"keys"')),
      }),
    );
  await refused(slow.verifier.verify(await sign()), "jwks.timeout");
});

edge("edge_J78_aborts_the_fetch_when_time_is_up_and_waits_no_longer", async () => {
  const { verifier, endpoint } = await bench({ jwks: { timeout: 40 } });
  let aborted = false;
  endpoint.answer = (init) =>
    new Promise(() => init.signal?.addEventListener("abort", () => (aborted = true)));
  await refused(verifier.verify(await sign()), "jwks.timeout");
  assert.ok(aborted);
});

edge("edge_J79_obeys_max_age_within_bounds_and_keeps_a_set_that_has_not_changed", async () => {
  for (const [header, lifetime] of [
    ["max-age=120", 120],
    ["public, max-age=1", 60],
    ["max-age=999999", 86_400],
    ["no-store", 600],
    ["s-maxage=5", 600],
  ] as const) {
    const { verifier, endpoint, clock } = await bench();
    const text = await keySet();
    endpoint.answer = () => new Response(text, { headers: { "Cache-Control": header } });
    const far = claims({ exp: 2_000_000_000 });
    await verifier.verify(await sign(far));
    clock.forward(lifetime - 1);
    await verifier.verify(await sign(far));
    assert.equal(endpoint.fetches, 1, `${header}: fresh`);
    clock.forward(1);
    await verifier.verify(await sign(far));
    assert.equal(endpoint.fetches, 2, `${header}: stale`);
  }
});

edge("edge_J79_asks_with_the_etag_and_keeps_its_results_on_a_304", async () => {
  const { verifier, endpoint, clock, events } = await bench();
  const text = await keySet();
  endpoint.answer = (init) =>
    new Headers(init.headers).get("If-None-Match") === '"v1"'
      ? new Response(null, { status: 304 })
      : new Response(text, { headers: { ETag: '"v1"' } });
  const token = await sign(claims({ exp: 2_000_000_000 }));
  await verifier.verify(token);
  clock.forward(601);
  const { cached, keys } = await verifier.verify(token);
  assert.deepEqual([cached, keys.stale, endpoint.fetches], [true, false, 2]);
  assert.deepEqual(
    events
      .filter((event) => event.type === "jwks")
      .map((event) => event.type === "jwks" && event.outcome),
    ["fetched", "not-modified"],
  );
  clock.forward(599);
  await verifier.verify(token);
  assert.equal(endpoint.fetches, 2, "a 304 renews");
});

edge("edge_J80_discovers_nothing", async () => {
  // The address of the key set is the application's to give; none is taken from an issuer, a token
  // or a metadata document.
  const issuers = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] } as const;
  misconfigured(() => createVerifier({ issuers }), "an issuer without keys");
  const { verifier, endpoint } = await bench();
  endpoint.answer = () =>
    Response.json({ issuer: ISSUER, jwks_uri: "https://evil.example/k", keys: endpoint.keys });
  await verifier.verify(await sign());
  await refused(verifier.verify(await sign(claims(), { kid: "unknown" })), "key.unknown");
  assert.deepEqual([...new Set(endpoint.requests.map(({ url }) => url))], [`${ISSUER}/jwks.json`]);
});

edge("edge_J81_counts_bytes_as_they_are_after_unpacking", async () => {
  const { verifier, endpoint } = await bench({ jwks: { maxBytes: 10_000 } });
  // What fetch hands over is decoded already; a bomb shows as many bytes.
  endpoint.answer = () =>
    new Response(
      new Blob([new Uint8Array(1_000_000).fill(32)])
        .stream()
        .pipeThrough(new CompressionStream("gzip"))
        .pipeThrough(new DecompressionStream("gzip")),
    );
  await refused(verifier.verify(await sign()), "jwks.too_large");
});

edge("edge_J_sends_nothing_that_a_runtime_could_refuse", async () => {
  const { verifier, endpoint } = await bench();
  await verifier.verify(await sign());
  const init: RequestInit = endpoint.requests[0]?.init ?? {};
  assert.deepEqual(
    Object.keys(init)
      .filter((name) => name !== "cache")
      .sort(),
    ["headers", "method", "redirect", "signal"],
  );
  assert.equal(init.redirect, "manual");
});
