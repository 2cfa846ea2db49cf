// What goes out to the targets: where a token goes and where it does not, the 401, and bodies.
// Where it matters over real HTTP, both as `fetch` sends it and through a `transport`.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { ServiceOptions } from "../../js/service/types.ts";
import { bearer, granting, type Play, PRICES, play, refused, STOCK, settled } from "./kit.ts";

const unauthorized = (challenge?: string) =>
  new Response("no", {
    status: 401,
    headers: challenge === undefined ? {} : { "WWW-Authenticate": challenge },
  });
const minute = 60_000;

/** An API that takes the tokens from this one on. */
const taking =
  (from: () => number): NonNullable<Play["answer"]> =>
  (request) =>
    Number(bearer(request)?.split("-")[1]) >= from() ? new Response("fine") : unauthorized();

describe("service_U11_a_401_causes_one_renewal_and_one_retry", () => {
  for (const count of [1, 50])
    test(`${count} at once`, async () => {
      let from = 1;
      const scene = play({ answer: taking(() => from) });
      await scene.tokens.fetch(STOCK);
      scene.pass(minute);
      from = 2;
      const answers = await Promise.all(
        Array.from({ length: count }, () => scene.tokens.fetch(STOCK)),
      );
      assert.ok(answers.every(({ status }) => status === 200));
      assert.equal(scene.asked.length, 2);
      assert.equal(scene.calls.length, 1 + 2 * count);
    });

  test("and the second 401 is the caller's, and told", async () => {
    const scene = play({ answer: () => unauthorized("Bearer") });
    await scene.tokens.fetch(STOCK);
    scene.pass(minute);
    assert.equal((await scene.tokens.fetch(STOCK)).status, 401);
    assert.equal(scene.calls.length, 3);
    assert.deepEqual(
      scene.events.map(({ type }) => type),
      ["granted", "rejected-fresh-token", "renewed", "rejected-fresh-token"],
    );
  });

  test("and where there is no renewal the first answer is the caller's", async () => {
    const scene = play({
      answer: () => new Response("why", { status: 401 }),
      grant: (_, count) => (count === 1 ? granting(1) : new Response(null, { status: 500 })),
    });
    await scene.tokens.withToken(STOCK, () => undefined);
    scene.pass(minute);
    const answer = await scene.tokens.fetch(STOCK);
    assert.deepEqual([answer.status, await answer.text(), scene.calls.length], [401, "why", 1]);
    // The token is alive: another API may take it.
    assert.equal(await scene.tokens.withToken(STOCK, String), "token-1");
  });
});

test("service_U12_a_late_401_to_an_older_token_is_retried_without_a_grant", async () => {
  let release = () => undefined as void;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const scene = play({
    async answer(request, count) {
      if (count === 2) await gate;
      return Number(bearer(request)?.split("-")[1]) >= 2 || count === 1
        ? new Response("fine")
        : unauthorized();
    },
  });
  await scene.tokens.fetch(STOCK);
  scene.pass(minute);
  const late = scene.tokens.fetch(STOCK);
  await settled();
  assert.equal((await scene.tokens.fetch(STOCK)).status, 200);
  assert.equal(scene.asked.length, 2);
  release();
  assert.equal((await late).status, 200);
  assert.equal(scene.asked.length, 2);
});

test("service_U13_a_401_to_a_token_of_two_seconds_causes_no_grant", async () => {
  const scene = play({ answer: () => unauthorized() });
  await scene.tokens.withToken(STOCK, () => undefined);
  scene.pass(2_000);
  for (let count = 0; count < 100; count += 1)
    assert.equal((await scene.tokens.fetch(STOCK)).status, 401);
  assert.deepEqual([scene.asked.length, scene.calls.length], [1, 100]);
  const rejected = scene.events.filter(({ type }) => type === "rejected-fresh-token");
  assert.equal(rejected.length, 100);
  assert.deepEqual([rejected[0]?.target, rejected[0]?.generation], [STOCK, 1]);
});

describe("service_U14_other_answers_are_the_callers", () => {
  const cases: [string, () => Response][] = [
    ["insufficient_scope", () => unauthorized('Bearer error="insufficient_scope", scope="a"')],
    [
      "insufficient_user_authentication",
      () => unauthorized('Bearer error="insufficient_user_authentication"'),
    ],
    ["403", () => new Response(null, { status: 403 })],
    ["500", () => new Response(null, { status: 500 })],
    ["503", () => new Response(null, { status: 503, headers: { "Retry-After": "5" } })],
    ["307", () => Response.redirect("https://elsewhere.example/", 307)],
  ];
  for (const [name, answer] of cases)
    test(name, async () => {
      const expected = answer();
      const scene = play({ answer });
      await scene.tokens.withToken(STOCK, () => undefined);
      scene.pass(minute);
      const got = await scene.tokens.fetch(STOCK);
      assert.deepEqual([got.status, [...got.headers]], [expected.status, [...expected.headers]]);
      assert.deepEqual([scene.asked.length, scene.calls.length], [1, 1]);
    });
});

test("service_U16_an_authorization_of_the_callers_own_goes_out_as_it_is_and_once", async () => {
  const scene = play({ answer: () => unauthorized() });
  const headers = { authorization: "Basic YTpi" };
  assert.equal((await scene.tokens.fetch(STOCK, { headers })).status, 401);
  await scene.tokens.fetch(new Request(STOCK, { headers }));
  assert.deepEqual(
    scene.calls.map((call) => call.headers.get("Authorization")),
    ["Basic YTpi", "Basic YTpi"],
  );
  assert.equal(scene.asked.length, 0);
  await refused(scene.tokens.fetch("https://elsewhere.example/", { headers }), "origin_not_listed");
});

describe("service_U17_no_token_leaves_for_an_origin_that_is_not_listed", () => {
  for (const url of [
    "https://stock.example.com.evil.example/",
    "https://stock.example.com@evil.example/",
    "https://stock.example.com:8443/",
    "http://stock.example.com/",
    "https://sub.stock.example.com/",
    "https://stock.example.co/",
    "https://stock.example.com./",
    "https://user:word@stock.example.com/",
    "https:\\\\evil.example\\stock.example.com",
    "data:,x",
    "blob:https://stock.example.com/00000000-0000-0000-0000-000000000000",
  ])
    test(url, async () => {
      const scene = play();
      await refused(scene.tokens.fetch(url), "origin_not_listed");
      assert.deepEqual([scene.asked.length, scene.calls.length], [0, 0]);
    });

  test("nor through withToken", async () => {
    const scene = play();
    for (const target of [`${STOCK}/`, "http://stock.example.com", "constructor", ""])
      await refused(scene.tokens.withToken(target, String), "origin_not_listed");
    assert.equal(await scene.tokens.withToken(STOCK, (token) => `${token}!`), "token-1!");
  });
});

test("service_U18_a_table_that_is_changed_afterwards_changes_nothing", async () => {
  const target = { audience: "stock", scopes: ["a"] };
  const targets: Record<string, { audience: string; scopes: string[] }> = { [STOCK]: target };
  const scene = play({ options: { targets } });
  targets[PRICES] = { audience: "prices", scopes: [] };
  target.audience = "all";
  target.scopes.push("b");
  await scene.tokens.fetch(STOCK);
  await refused(scene.tokens.fetch(PRICES), "origin_not_listed");
  assert.deepEqual(
    [scene.asked[0]?.form.get("audience"), scene.asked[0]?.form.get("scope")],
    ["stock", "a"],
  );
});

interface Got {
  readonly method: string | undefined;
  readonly type: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

const got: Got[] = [];
let listen: RequestListener = (_, response) => void response.end();
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => void chunks.push(chunk));
  request.on("end", () => {
    const { method, headers } = request as IncomingMessage;
    const { authorization } = headers;
    const type = headers["content-type"];
    got.push({ method, type, authorization, body: Buffer.concat(chunks) });
    listen(request, response);
  });
});
let origin = "";
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** A service whose first token is old, and refused once. */
async function refusedOnce(options: Partial<ServiceOptions>) {
  const scene = play({ options: { targets: { [origin]: {} }, ...options } });
  await scene.tokens.withToken(origin, () => undefined);
  scene.pass(minute);
  got.length = 0;
  listen = ({ headers }, response) => {
    response.statusCode = headers.authorization === "Bearer token-1" ? 401 : 200;
    response.end();
  };
  return scene;
}

const ways: [string, Partial<ServiceOptions>][] = [
  ["as fetch sends it", { transport: undefined as never }],
  ["through a transport", { transport: (request) => fetch(request) }],
];
for (const [way, options] of ways) {
  describe(`service_U15_bodies_are_sent_again_byte_for_byte, ${way}`, () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, place) => place % 256);
    const form = new FormData();
    form.append("a", "ä");
    form.append("file", new Blob([bytes]), "b.bin");
    const bodies: [string, () => BodyInit | null][] = [
      ["none", () => null],
      ["a text", () => "täxt"],
      ["an empty text", () => ""],
      ["bytes", () => bytes],
      ["a buffer", () => bytes.slice().buffer],
      ["a blob", () => new Blob([bytes], { type: "application/x-own" })],
      ["parameters", () => new URLSearchParams({ a: "ä", b: "&" })],
      ["a form", () => form],
    ];
    for (const [name, make] of bodies)
      for (const wrap of [false, true])
        test(`${name}${wrap ? ", in a Request" : ""}`, async () => {
          const scene = await refusedOnce(options);
          const init: RequestInit = { method: "POST", body: make(), headers: { "X-Own": "1" } };
          const answer = wrap
            ? await scene.tokens.fetch(new Request(`${origin}/a`, init))
            : await scene.tokens.fetch(`${origin}/a`, init);
          assert.equal(answer.status, 200);
          const [first, second] = got as [Got, Got];
          assert.equal(got.length, 2);
          assert.deepEqual([second.method, second.type], [first.method, first.type]);
          assert.ok(first.body.equals(second.body));
          assert.deepEqual(
            [first.authorization, second.authorization],
            ["Bearer token-1", "Bearer token-2"],
          );
          if (name !== "none" && name !== "an empty text") assert.ok(first.body.length > 4);
        });

    test("bytes that are changed meanwhile go out as they were", async () => {
      const scene = await refusedOnce(options);
      const body = new Uint8Array([1, 2, 3]);
      const work = scene.tokens.fetch(origin, { method: "POST", body });
      body.fill(9);
      await work;
      assert.deepEqual([...(got[1]?.body ?? [])], [1, 2, 3]);
    });

    for (const wrap of [false, true])
      test(`a stream is sent once${wrap ? ", in a Request" : ""}, and the next call has a new token`, async () => {
        const scene = await refusedOnce(options);
        const body = new Blob([bytes]).stream();
        const init = { method: "POST", body, duplex: "half" } as RequestInit;
        const answer = wrap
          ? await scene.tokens.fetch(new Request(origin, init))
          : await scene.tokens.fetch(origin, init);
        assert.deepEqual([answer.status, got.length, got[0]?.body.length], [401, 1, 300]);
        assert.equal((await scene.tokens.fetch(origin)).status, 200);
        assert.equal(scene.asked.length, 2);
      });
  });

  test(`service_U17_no_token_follows_a_redirect, ${way}`, async () => {
    const scene = play({ options: { targets: { [origin]: {} }, ...options } });
    got.length = 0;
    listen = (_, response) => {
      const place = `http://localhost:${(server.address() as AddressInfo).port}/stolen`;
      response.writeHead(302, { Location: place }).end();
    };
    for (const redirect of ["follow", "error", undefined] as const) {
      const answer = await scene.tokens.fetch(origin, redirect === undefined ? {} : { redirect });
      assert.equal(answer.status, 302);
    }
    assert.equal(got.length, 3);
  });

  test(`service_U304_init_may_be_what_fetch_takes, ${way}`, async () => {
    const scene = play({ options: { targets: { [origin]: {} }, ...options } });
    listen = (_, response) => void response.end();
    got.length = 0;
    await scene.tokens.fetch(new URL(origin), { headers: [["X-Own", "1"]], method: "PUT" });
    // As Workers are proxied: another address, and the rest of a request.
    const proxied = new Request("https://orders.example.com/", { method: "DELETE" });
    await scene.tokens.fetch(origin, proxied);
    await scene.tokens.fetch(origin, undefined);
    assert.deepEqual(
      got.map(({ method, authorization }) => [method, authorization]),
      [
        ["PUT", "Bearer token-1"],
        ["DELETE", "Bearer token-1"],
        ["GET", "Bearer token-1"],
      ],
    );
    await assert.rejects(scene.tokens.fetch("/relative"), TypeError);
    const signal = AbortSignal.abort(new Error("no"));
    await assert.rejects(scene.tokens.fetch(origin, { signal }), /no/);
    assert.equal(got.length, 3);
  });
}

test("service_U340_closed_service_tokens_send_nothing_at_all", async () => {
  const { tokens, calls } = play();
  tokens.close();
  const own = { headers: { Authorization: "Basic eA==" } };
  await refused(tokens.fetch(STOCK, own), "closed");
  await refused(tokens.fetch("https://other.example.com"), "closed");
  assert.equal(calls.length, 0);
});

test("service_U341_who_has_given_up_before_the_call_causes_nothing", async () => {
  const { tokens, asked, calls } = play();
  const reason = new Error("mine");
  const signal = AbortSignal.abort(reason);
  const headers = { Authorization: "Basic eA==" };
  for (const input of [STOCK, new Request(STOCK, { signal })])
    for (const init of [{ signal }, { signal, headers }])
      await assert.rejects(tokens.fetch(input, init), reason);
  assert.deepEqual([asked.length, calls.length], [0, 0]);
});
