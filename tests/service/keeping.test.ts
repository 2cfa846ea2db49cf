// How tokens are kept: one call for many callers, early renewal, and what is remembered of
// troubles. Time passes when a test says so.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bearer, granting, ISSUER, play, refused, STOCK, settled } from "./kit.ts";

const minutes = (count: number) => count * 60_000;
const fetchStock = (scene: ReturnType<typeof play>) => scene.tokens.fetch(`${STOCK}/items`);

test("service_U1_many_calls_at_once_cause_one_grant", async () => {
  const scene = play();
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => fetchStock(scene)));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(scene.asked.length, 1);
  assert.deepEqual([...new Set(scene.calls.map(bearer))], ["token-1"]);
  const [{ form, headers } = assert.fail()] = scene.asked;
  assert.deepEqual(Object.fromEntries(form), {
    grant_type: "client_credentials",
    audience: "stock",
    scope: "stock:read",
  });
  assert.match(headers.get("Authorization") ?? "", /^Basic /);
  const { ms, ...event } = scene.events[0] ?? assert.fail();
  const told = { target: STOCK, subject: null, actor: "orders", generation: 1, code: null };
  assert.deepEqual([ms, event, scene.events.length], [0, { type: "granted", ...told }, 1]);
});

test("service_U3_a_token_that_is_due_and_alive_keeps_nobody_waiting", async () => {
  let release = () => undefined as void;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const scene = play({
    async grant(_, count) {
      if (count === 2) await gate;
      return granting(count);
    },
  });
  await fetchStock(scene);
  // 600 seconds, less 60.
  scene.pass(539_999);
  await fetchStock(scene);
  assert.equal(scene.asked.length, 1);
  scene.pass(1);
  await Promise.all(Array.from({ length: 20 }, () => fetchStock(scene)));
  assert.equal(scene.asked.length, 2, "one renewal, and nobody waits for it");
  assert.deepEqual([...new Set(scene.calls.map(bearer))], ["token-1"]);
  release();
  await settled();
  await fetchStock(scene);
  assert.equal(bearer(scene.calls.at(-1)), "token-2");
  assert.deepEqual(
    scene.events.map(({ type, generation }) => [type, generation]),
    [
      ["granted", 1],
      ["renewed", 2],
    ],
  );
});

test("service_U4_a_token_that_has_expired_is_awaited_once_for_all", async () => {
  const scene = play();
  await fetchStock(scene);
  scene.pass(minutes(10));
  await Promise.all(Array.from({ length: 20 }, () => fetchStock(scene)));
  assert.equal(scene.asked.length, 2);
  assert.ok(scene.calls.slice(1).every((call) => bearer(call) === "token-2"));
});

test("service_U5_a_clock_that_is_set_causes_no_storm_and_no_use_of_an_expired_token", async () => {
  const scene = play();
  await fetchStock(scene);
  for (const by of [3_600_000, -7_200_000, 3_600_000]) {
    scene.setClock(by);
    await fetchStock(scene);
  }
  assert.equal(scene.asked.length, 1);
  scene.setClock(-3_600_000);
  scene.pass(minutes(10));
  await fetchStock(scene);
  assert.equal(bearer(scene.calls.at(-1)), "token-2");
});

describe("service_U6_a_lifetime_counts_as_it_was_told_if_it_makes_sense", () => {
  const jwt = `e30.${btoa(JSON.stringify({ iat: 1_000, exp: 1_120 }))}.sig`;
  const year = 365 * 24 * 3_600;
  const cases: [told: string, seconds: number, token?: string][] = [
    ["", 300],
    ["", 120, jwt],
    [',"expires_in":300', 300],
    [',"expires_in":"300"', 300],
    [',"expires_in":300', 300, jwt],
    [',"expires_in":0', 300],
    [',"expires_in":0', 120, jwt],
    [',"expires_in":-1', 300],
    [',"expires_in":"soon"', 300],
    [',"expires_in":null', 300],
    [',"expires_in":true', 300],
    [',"expires_in":1e999', 366 * 24 * 3_600],
    [`,"expires_in":${year}`, year],
    ["", 300, "a.b.c"],
  ];
  for (const [told, seconds, token = "opaque"] of cases)
    test(`${told || "not told"}, ${token === "opaque" ? "opaque" : "a JWT"}`, async () => {
      const body = `{"access_token":"${token}","token_type":"bearer"${told}}`;
      const scene = play({
        grant: () => new Response(body, { headers: { "Content-Type": "application/json" } }),
        options: { leeway: 0, jitter: 0 },
      });
      await fetchStock(scene);
      scene.pass(seconds * 1000 - 1);
      await fetchStock(scene);
      assert.equal(scene.asked.length, 1);
      scene.pass(1);
      await fetchStock(scene);
      assert.equal(scene.asked.length, 2);
    });
});

test("service_U7_when_renewal_fails_the_token_that_is_alive_serves_to_its_end", async () => {
  const scene = play({
    grant: (_, count) => (count === 1 ? granting(1) : new Response(null, { status: 503 })),
  });
  await fetchStock(scene);
  for (let seconds = 1; seconds < 600; seconds += 1) {
    scene.pass(1_000);
    await fetchStock(scene);
    await settled();
  }
  assert.equal(scene.calls.length, 600);
  assert.ok(scene.calls.every((call) => bearer(call) === "token-1"));
  // After 540, 541, 543, 547, 555 and 571 seconds.
  assert.equal(scene.asked.length, 7);
  scene.pass(1_000);
  await refused(fetchStock(scene), "token_unreachable");
});

test("service_U8_while_the_endpoint_is_down_there_is_one_call_a_step", async () => {
  const scene = play({
    grant: () => {
      throw new TypeError("fetch failed");
    },
  });
  const steps: number[] = [];
  for (let at = 0; at < 150; at += 1) {
    const before = scene.asked.length;
    const [first] = await Promise.all([
      refused(fetchStock(scene), "token_unreachable"),
      refused(fetchStock(scene), "token_unreachable"),
    ]);
    assert.equal(first.retryable, true);
    if (scene.asked.length > before) steps.push(at);
    scene.pass(1_000);
  }
  assert.deepEqual(steps, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
  assert.equal(scene.asked.length, steps.length);
  const error = await refused(fetchStock(scene), "token_unreachable");
  assert.equal(error.retryAfter, 1, "what is left of the step");
});

describe("service_U9_a_retry_after_is_obeyed_by_all_tokens_of_the_endpoint", () => {
  const wall = Date.UTC(2026, 10, 30);
  for (const [form, field, seconds] of [
    ["seconds", "120", 120],
    ["a date", new Date(wall + 90_000).toUTCString(), 90],
    ["more than an hour", "86400", 3_600],
  ] as const)
    test(form, async () => {
      const other = "https://prices.example.com";
      const scene = play({
        grant: (_, count) =>
          count === 1
            ? new Response(null, { status: 429, headers: { "Retry-After": field } })
            : granting(count),
        options: { targets: { [STOCK]: { audience: "stock" }, [other]: { audience: "prices" } } },
      });
      const error = await refused(fetchStock(scene), "token_unreachable");
      assert.deepEqual([error.status, error.retryAfter], [429, seconds]);
      scene.pass(seconds * 1000 - 1);
      await refused(fetchStock(scene), "token_unreachable");
      await refused(scene.tokens.fetch(`${other}/`), "token_unreachable");
      assert.equal(scene.asked.length, 1);
      scene.pass(1);
      await fetchStock(scene);
      await scene.tokens.fetch(`${other}/`);
      assert.equal(scene.asked.length, 3);
    });
});

test("service_U10_a_wrong_secret_is_one_call_in_half_a_minute_and_mended_when_it_is_right", async () => {
  let right = false;
  const scene = play({
    grant: (_, count) =>
      right ? granting(count) : Response.json({ error: "invalid_client" }, { status: 401 }),
  });
  for (let at = 0; at < 30; at += 1) {
    const error = await refused(fetchStock(scene), "token_refused");
    assert.deepEqual([error.status, error.error, error.retryable], [401, "invalid_client", false]);
    scene.pass(999);
  }
  assert.equal(scene.asked.length, 1);
  right = true;
  scene.pass(30);
  assert.equal((await fetchStock(scene)).status, 200);
});

describe("service_U301_an_answer_that_is_none_is_told_and_asked_for_again", () => {
  const good = { access_token: "t", token_type: "Bearer" };
  const cases: [string, () => Response][] = [
    ["HTML", () => new Response("<html>", { headers: { "Content-Type": "text/html" } })],
    ["no token", () => Response.json({ token_type: "Bearer" })],
    ["an empty token", () => Response.json({ ...good, access_token: "" })],
    ["another type", () => Response.json({ ...good, token_type: "DPoP" })],
    ["no type", () => Response.json({ access_token: "t" })],
    ["a control character", () => Response.json({ ...good, access_token: "a\r\nX: y" })],
    ["a list", () => Response.json([good])],
    ["too much", () => Response.json({ ...good, more: "x".repeat(65_536) })],
    ["a redirect", () => Response.redirect("https://elsewhere.example/", 307)],
    ["another status", () => Response.json(good, { status: 201 })],
  ];
  for (const [name, answer] of cases)
    test(name, async () => {
      const scene = play({ grant: (_, count) => (count === 1 ? answer() : granting(count)) });
      const error = await refused(fetchStock(scene), "token_malformed");
      assert.deepEqual([error.retryable, error.retryAfter], [true, 1]);
      await refused(fetchStock(scene), "token_malformed");
      scene.pass(1_000);
      assert.equal((await fetchStock(scene)).status, 200);
    });
});

test("service_U302_an_endpoint_that_never_answers_is_given_up", async () => {
  const scene = play({ grant: () => new Promise(() => undefined), options: { timeout: 20 } });
  const error = await refused(fetchStock(scene), "token_timeout");
  assert.equal(error.retryable, true);
});

test("service_U303_a_caller_who_gives_up_takes_nothing_from_the_others", async () => {
  const scene = play({
    async grant(_, count) {
      await settled();
      return granting(count);
    },
  });
  const controller = new AbortController();
  const { signal } = controller;
  const gone = scene.tokens.fetch(`${STOCK}/items`, { signal });
  const stays = fetchStock(scene);
  controller.abort(new Error("gave up"));
  await assert.rejects(gone, /gave up/);
  assert.equal((await stays).status, 200);
  assert.equal(scene.asked.length, 1);
});

test("service_U34_a_closed_service_forgets_all", async () => {
  const scene = play({
    async grant(_, count) {
      await settled();
      return granting(count);
    },
  });
  await fetchStock(scene);
  scene.pass(minutes(10));
  const underWay = fetchStock(scene);
  scene.tokens.close();
  await refused(underWay, "closed");
  await refused(fetchStock(scene), "closed");
  await refused(scene.tokens.withToken(STOCK, String), "closed");
  await refused(scene.tokens.prime(), "closed");
  assert.equal(scene.asked.length, 2);
  assert.equal(scene.calls.length, 1);
});

test("service_U36_priming_asks_for_all_tokens_at_once_and_tells_the_first_failure_at_the_end", async () => {
  const targets = Object.fromEntries(
    ["a", "b", "c"].map((name) => [`https://${name}.example.com`, { audience: name }]),
  );
  let open = 0;
  let most = 0;
  const scene = play({
    options: { targets },
    async grant({ form }, count) {
      open += 1;
      most = Math.max(most, open);
      await settled();
      open -= 1;
      return form.get("audience") === "b"
        ? Response.json({ error: "invalid_target" }, { status: 400 })
        : granting(count);
    },
  });
  const error = await refused(scene.tokens.prime(), "token_refused");
  assert.equal(error.error, "invalid_target");
  assert.equal(most, 3);
  for (const name of ["a", "c"]) await scene.tokens.fetch(`https://${name}.example.com/`);
  assert.equal(scene.asked.length, 3);
});

test("service_U309_metadata_are_renewed_and_those_that_are_known_go_on_while_they_are_down", async () => {
  const paths: string[] = [];
  let down = false;
  let issuer = ISSUER;
  const scene = play({
    grant({ url }, count) {
      const { pathname } = new URL(url);
      paths.push(pathname);
      if (pathname === "/token") return granting(count, { expires_in: 120 });
      if (down || pathname.endsWith("oauth-authorization-server"))
        return new Response(null, { status: down ? 503 : 404 });
      return Response.json({ issuer, token_endpoint: `${ISSUER}/token` });
    },
    options: { tokenEndpoint: undefined as never },
  });
  const documents = ["oauth-authorization-server", "openid-configuration"].map(
    (name) => `/.well-known/${name}`,
  );
  const asks = async () => {
    paths.length = 0;
    assert.equal((await fetchStock(scene)).status, 200);
    return paths.slice();
  };
  assert.deepEqual(await asks(), [...documents, "/token"]);
  scene.pass(120_000);
  assert.deepEqual(await asks(), ["/token"], "fresh for ten minutes");
  scene.pass(480_000);
  down = true;
  assert.deepEqual(await asks(), [...documents, "/token"]);
  scene.pass(120_000);
  assert.deepEqual(await asks(), [...documents, "/token"], "once a minute at most");
  down = false;
  issuer = "https://auth.example.com/";
  scene.pass(120_000);
  assert.deepEqual(await asks(), [...documents, "/token"], "another issuer is none");
  const stranger = play({
    grant: () => Response.json({ issuer: `${ISSUER}/`, token_endpoint: `${ISSUER}/token` }),
    options: { tokenEndpoint: undefined as never },
  });
  await refused(fetchStock(stranger), "token_malformed");
});
