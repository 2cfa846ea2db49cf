// A user's request, carried on: what is asked for, whose token goes where, and what is refused
// before anything is sent.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../../js/service/types.ts";
import {
  bearer,
  EXCHANGED,
  granting,
  inbound,
  type Play,
  PRICES,
  play,
  prefixOf,
  refused,
  STOCK,
  verified,
} from "./kit.ts";

const TYPES = "urn:ietf:params:oauth:token-type:";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** A scene in which a user calls; his token lives for an hour. */
function userPlay(target: Target, more: Play = {}) {
  const scene = play({ ...more, options: { targets: { [STOCK]: target }, ...more.options } });
  const user = (name: string, token?: string) => {
    const { request, auth } = inbound(name, scene.now() / 1000 + 3_600, token);
    return scene.tokens.onBehalfOf(request, auth);
  };
  return { ...scene, user };
}

describe("service_U19_an_exchange_has_the_parameters_of_rfc_8693_and_no_others", () => {
  const always = {
    grant_type: EXCHANGE,
    subject_token: "inbound-of-ada",
    subject_token_type: `${TYPES}access_token`,
    requested_token_type: `${TYPES}access_token`,
  };
  const cases: [string, Target, [string, string][]][] = [
    ["nothing is asked for by default", {}, []],
    [
      "audience and scopes",
      { audience: "stock", scopes: ["a", "b"] },
      [
        ["audience", "stock"],
        ["scope", "a b"],
      ],
    ],
    [
      "resources",
      { resource: ["https://a.example", "https://b.example"] },
      [
        ["resource", "https://a.example"],
        ["resource", "https://b.example"],
      ],
    ],
    ["one resource", { resource: "https://a.example" }, [["resource", "https://a.example"]]],
    ["a parameter of the server's own", { parameters: { reason: "x" } }, [["reason", "x"]]],
    [
      "an actor",
      { audience: "stock", actor: true },
      [
        ["actor_token", "token-1"],
        ["actor_token_type", `${TYPES}access_token`],
        ["audience", "stock"],
      ],
    ],
  ];
  for (const [name, target, parameters] of cases)
    test(name, async () => {
      const scene = userPlay(target);
      await scene.user("ada").fetch(STOCK);
      const sent = [...(scene.asked.at(-1)?.form ?? [])];
      const sorted = (pairs: [string, string][]) => pairs.map((pair) => pair.join("=")).sort();
      assert.deepEqual(sorted(sent), sorted([...Object.entries(always), ...parameters]));
      assert.equal(scene.asked.length, target.actor ? 2 : 1);
      if (target.actor) assert.equal(scene.asked[0]?.form.get("grant_type"), "client_credentials");
      assert.equal(bearer(scene.calls[0]), `token-${scene.asked.length}`);
    });

  test("and is told with the user, of whom the log knows a digest", async () => {
    const scene = userPlay({ audience: "stock" });
    await scene.user("ada").fetch(STOCK);
    const [{ type, subject, actor } = assert.fail()] = scene.events;
    assert.deepEqual([type, subject, actor], ["granted", prefixOf("ada"), "orders"]);
  });
});

test("service_U20_two_users_have_two_tokens_that_are_never_mixed", async () => {
  // Each token says whose it is; calls come, wait and are refused in any order.
  for (let seed = 1; seed <= 20; seed += 1) {
    let state = seed;
    const random = () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state / 2 ** 31;
    };
    const turns = async () => {
      for (let left = Math.floor(random() * 4); left > 0; left -= 1)
        await new Promise((resolve) => setImmediate(resolve));
    };
    const scene = userPlay(
      { audience: "stock" },
      {
        random,
        async grant({ form }, count) {
          await turns();
          if (random() < 0.1) return new Response(null, { status: 503 });
          const token = `${form.get("subject_token")}.${count}`;
          return granting(count, { access_token: token, ...EXCHANGED, expires_in: 30 });
        },
        async answer(request) {
          await turns();
          const right = bearer(request)?.startsWith(`${request.headers.get("X-User")}.`);
          return new Response(null, { status: random() < 0.2 ? 401 : right ? 200 : 500 });
        },
      },
    );
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async (_, place) => {
        await turns();
        if (random() < 0.3) scene.pass(random() * 20_000);
        const name = `user-${place % 5}`;
        const headers = { "X-User": `inbound-of-${name}` };
        return scene
          .user(name)
          .fetch(STOCK, { headers })
          .then(
            ({ status }) => status,
            () => 503,
          );
      }),
    );
    assert.ok(!statuses.includes(500), `seed ${seed}`);
    assert.ok(statuses.includes(200), `seed ${seed}`);
  }
});

test("service_U1_many_calls_for_a_user_at_once_cause_one_exchange", async () => {
  const scene = userPlay({ audience: "stock" });
  const asUser = scene.user("ada");
  await Promise.all(Array.from({ length: 20 }, () => asUser.fetch(STOCK)));
  assert.deepEqual([scene.asked.length, scene.calls.length], [1, 20]);
});

test("service_U21_two_tokens_of_one_user_are_exchanged_for_two", async () => {
  const scene = userPlay({ audience: "stock" });
  for (const token of ["narrow", "wide", "narrow", "wide"])
    await scene.user("ada", token).fetch(STOCK);
  assert.deepEqual(
    scene.asked.map(({ form }) => form.get("subject_token")),
    ["narrow", "wide"],
  );
  assert.deepEqual(scene.calls.map(bearer), ["token-1", "token-2", "token-1", "token-2"]);
});

test("service_U22_a_token_ends_with_the_one_that_it_was_exchanged_for", async () => {
  const scene = play({ options: { leeway: 0, jitter: 0 } });
  const exp = scene.now() / 1000 + 100;
  const call = () => {
    const { request, auth } = inbound("ada", exp);
    return scene.tokens.onBehalfOf(request, auth).fetch(STOCK);
  };
  scene.tokens.withToken(STOCK, () => undefined);
  // `scope` was not asked of the service's own.
  await call();
  scene.pass(99_999);
  await call();
  assert.equal(scene.asked.length, 2);
  // The clock that dates the user's token, and the one that measures ages, part.
  scene.setClock(-10_000);
  scene.pass(1);
  await call();
  assert.equal(scene.asked.length, 3);
});

describe("service_U23_a_subject_that_is_none_is_refused_before_any_call", () => {
  const request = (authorization?: string) =>
    new Request("https://orders.example.com/", {
      headers: authorization === undefined ? {} : { Authorization: authorization },
    });
  for (const [name, given] of [
    ["no token", request()],
    ["two tokens", request("Bearer a, Bearer b")],
    ["another scheme", request("Basic YTpi")],
    ["a scheme alone", request("Bearer")],
  ] as const)
    test(name, async () => {
      const scene = userPlay({});
      const auth = verified({ sub: "ada", exp: scene.now() / 1000 + 60 });
      const asUser = scene.tokens.onBehalfOf(given, auth);
      const error = await refused(asUser.fetch(STOCK), "subject_missing");
      assert.equal(error.retryable, false);
      await refused(asUser.withToken(STOCK, String), "subject_missing");
      assert.deepEqual([scene.asked.length, scene.calls.length], [0, 0]);
    });

  test("a token that came under the scheme DPoP is the user's all the same", async () => {
    const scene = userPlay({});
    const auth = verified({ sub: "ada", exp: scene.now() / 1000 + 60 });
    const asUser = scene.tokens.onBehalfOf(request("DPoP a"), auth);
    await asUser.fetch(STOCK);
    assert.equal(scene.asked.length, 1);
  });

  test("nobody was verified", async () => {
    const scene = userPlay({});
    const asUser = scene.tokens.onBehalfOf(request("Bearer a"), null as never);
    await refused(asUser.fetch(STOCK), "subject_missing");
  });

  test("one that has expired, also since", async () => {
    const scene = userPlay({});
    const asUser = scene.user("ada");
    await asUser.fetch(STOCK);
    scene.pass(3_600_000);
    await refused(asUser.fetch(STOCK), "subject_expired");
    assert.deepEqual([scene.asked.length, scene.calls.length], [1, 1]);
  });

  test("a target that is for the service itself", async () => {
    const scene = userPlay({ user: "refuse" });
    await refused(scene.user("ada").fetch(STOCK), "user_refused");
    assert.equal((await scene.tokens.fetch(STOCK)).status, 200);
    assert.equal(scene.asked.length, 1);
  });
});

describe("service_U24_a_token_that_was_not_asked_for_is_dropped", () => {
  const cases: [string, Record<string, unknown>, Parameters<typeof refused>[1]][] = [
    ["a wider scope", { ...EXCHANGED, scope: "stock:read stock:write" }, "exchange_widened"],
    ["a refresh token", { issued_token_type: `${TYPES}refresh_token` }, "token_malformed"],
    ["an ID token", { issued_token_type: `${TYPES}id_token` }, "token_malformed"],
    ["no type of token", {}, "token_malformed"],
    ["N_A", { ...EXCHANGED, token_type: "N_A" }, "token_malformed"],
  ];
  for (const [name, members, code] of cases)
    test(name, async () => {
      const scene = userPlay(
        { audience: "stock", scopes: ["stock:read"] },
        { grant: (_, count) => granting(count, members) },
      );
      await refused(scene.user("ada").fetch(STOCK), code);
      await refused(scene.user("ada").fetch(STOCK), code);
      assert.deepEqual([scene.asked.length, scene.calls.length], [1, 0]);
    });

  for (const [name, members] of [
    ["the same scope", { ...EXCHANGED, scope: "stock:read" }],
    ["no scope told", EXCHANGED],
    ["a JWT", { issued_token_type: `${TYPES}jwt` }],
  ] as const)
    test(`but not ${name}`, async () => {
      const scene = userPlay(
        { audience: "stock", scopes: ["stock:read"] },
        { grant: (_, count) => granting(count, members) },
      );
      assert.equal((await scene.user("ada").fetch(STOCK)).status, 200);
    });
});

describe("service_U25_another_grant_sends_what_it_says", () => {
  const entra: Target = {
    audience: "not-sent",
    user: ({ token, claims }) => ({
      grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      parameters: {
        assertion: token,
        scope: `api://stock/.default ${claims.sub}`,
        requested_token_use: "on_behalf_of",
      },
    }),
  };
  test("as Entra wants it", async () => {
    const scene = userPlay(entra, {
      grant: (_, count) => granting(count, { scope: "openid profile" }),
    });
    assert.equal((await scene.user("ada").fetch(STOCK)).status, 200);
    assert.deepEqual(Object.fromEntries(scene.asked[0]?.form ?? []), {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: "inbound-of-ada",
      scope: "api://stock/.default ada",
      requested_token_use: "on_behalf_of",
    });
  });

  for (const [name, user] of [
    ["it throws", () => assert.fail("inbound-of-ada")],
    ["it gives nothing", () => undefined],
    ["it is another client", () => ({ grantType: "x", parameters: { client_id: "other" } })],
  ] as const)
    test(`or is refused: ${name}`, async () => {
      const scene = userPlay({ user: user as never });
      const error = await refused(scene.user("ada").fetch(STOCK), "config_invalid");
      assert.doesNotMatch(String(error.stack), /inbound-of-ada/);
      assert.equal(scene.asked.length, 0);
    });
});

test("service_U26_a_thousand_users_are_remembered_and_the_one_who_came_first_is_not", async () => {
  const scene = userPlay({ audience: "stock" });
  const call = (place: number) => scene.user(`user-${place}`).fetch(STOCK);
  for (let place = 0; place <= 1_000; place += 1) await call(place);
  assert.equal(scene.asked.length, 1_001);
  await call(1_000);
  await call(1);
  assert.equal(scene.asked.length, 1_001);
  await call(0);
  assert.equal(scene.asked.length, 1_002);
  // User 2 is the one whom nobody has asked for longest now, and went for user 0.
  await call(1);
  assert.equal(scene.asked.length, 1_002);
  await call(2);
  assert.equal(scene.asked.length, 1_003);
});

test("service_U26_tokens_that_have_expired_go_first", async () => {
  const scene = userPlay(
    { audience: "stock" },
    {
      options: { size: 3 },
      grant: ({ form }, count) =>
        granting(count, {
          ...EXCHANGED,
          expires_in: form.get("subject_token") === "inbound-of-brief" ? 60 : 600,
        }),
    },
  );
  for (const name of ["first", "brief", "third"]) await scene.user(name).fetch(STOCK);
  scene.pass(60_000);
  await scene.user("fourth").fetch(STOCK);
  assert.equal(scene.asked.length, 4);
  await scene.user("first").fetch(STOCK);
  assert.equal(scene.asked.length, 4);
});

test("service_U305_a_user_whose_token_is_refused_is_not_asked_for_again", async () => {
  for (const error of ["invalid_grant", "invalid_request"]) {
    const scene = userPlay(
      { audience: "stock" },
      { grant: () => Response.json({ error }, { status: 400 }) },
    );
    const refusal = await refused(scene.user("ada").fetch(STOCK), "exchange_refused");
    assert.deepEqual([refusal.error, refusal.status, refusal.retryable], [error, 400, false]);
    scene.pass(3_000_000);
    await refused(scene.user("ada").fetch(STOCK), "exchange_refused");
    assert.equal(scene.asked.length, 1);
    await refused(scene.user("ada", "another").fetch(STOCK), "exchange_refused");
    assert.equal(scene.asked.length, 2);
  }
});

test("service_U19_an_actor_token_that_is_late_is_a_trouble_that_passes", async () => {
  const scene = userPlay(
    { audience: "stock", actor: true },
    {
      grant: (_, count) =>
        count === 1 ? new Response(null, { status: 503 }) : granting(count, EXCHANGED),
    },
  );
  const error = await refused(scene.user("ada").fetch(STOCK), "token_unreachable");
  assert.deepEqual([error.retryable, error.status, error.retryAfter], [true, 503, 1]);
  scene.pass(1_000);
  assert.equal((await scene.user("ada").fetch(STOCK)).status, 200);
  assert.equal(scene.asked.length, 3);
});

test("service_U306_the_inbound_token_never_goes_to_a_target", async () => {
  const scene = userPlay(
    { audience: "stock" },
    { grant: () => Response.json({ error: "invalid_target" }, { status: 400 }) },
  );
  await refused(scene.user("ada").fetch(STOCK), "exchange_refused");
  await refused(scene.user("ada").fetch(PRICES), "origin_not_listed");
  await sleep(0);
  assert.equal(scene.calls.length, 0);
});

test("service_U306_a_request_that_is_passed_on_gets_the_users_token_of_the_target", async () => {
  const scene = userPlay({ audience: "stock" });
  const { request, auth } = inbound("ada", scene.now() / 1000 + 600);
  const asUser = scene.tokens.onBehalfOf(request, auth);
  await asUser.fetch(new Request(STOCK, request));
  await asUser.fetch(STOCK, { headers: request.headers });
  await asUser.fetch(STOCK, { headers: { Authorization: "Bearer of-the-callers-own" } });
  assert.deepEqual(scene.calls.map(bearer), ["token-1", "token-1", "of-the-callers-own"]);
  assert.equal(scene.asked.length, 1);
});
