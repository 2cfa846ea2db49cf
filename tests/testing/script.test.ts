// What a test can say to a fake keep, and what it sees of the requests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenKeepError, type TokenKeepEvents } from "tokenkeep";
import { fakeKeep, fakeToken } from "tokenkeep/testing";

test("client_J146_a_test_scripts_who_is_signed_in_and_listeners_hear_at_once", () => {
  const keep = fakeKeep();
  assert.deepEqual(
    [keep.session.status, keep.session.reason, keep.session.claims],
    ["anonymous", "no-session", null],
  );
  const heard: string[] = [];
  let changes = 0;
  const stop = keep.subscribe(() => (changes += 1));
  const told: readonly (keyof TokenKeepEvents)[] = ["signed-in", "signed-out", "user-changed"];
  for (const type of told) keep.on(type, () => heard.push(type));
  keep.signInAs({ sub: "ada", name: "Ada" });
  const first = keep.session;
  assert.equal(keep.session, first);
  assert.deepEqual(
    [first.status, first.claims?.["name"], first.generation],
    ["authenticated", "Ada", 1],
  );
  assert.ok(Object.isFrozen(first) && Object.isFrozen(first.claims));
  keep.signInAs({ sub: "bob" });
  keep.setSession({ refreshing: true });
  assert.equal(keep.session.refreshing, true);
  keep.signOut();
  assert.equal(keep.session.reason, "rejected");
  keep.signOut("logout-elsewhere");
  assert.deepEqual(heard, ["signed-in", "user-changed", "signed-out"]);
  assert.equal(changes, 5);
  stop();
  keep.signInAs(null);
  assert.deepEqual([changes, keep.session.claims], [5, null]);
});

test("client_J146_a_session_that_is_unknown_is_waited_for_until_the_test_answers", async () => {
  const keep = fakeKeep({ session: { status: "unknown" }, routes: { "/orders": [] } });
  const settled: string[] = [];
  const started = keep.start().then(({ status }) => settled.push(status));
  const asked = keep.fetch("/orders").then(({ status }) => settled.push(`${status}`));
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual([settled, keep.requests.length], [[], 0]);
  keep.signInAs({ name: "Ada" });
  await Promise.all([started, asked]);
  assert.deepEqual(settled.sort(), ["200", "authenticated"]);

  const other = fakeKeep({ session: { status: "unknown" } });
  const start = other.start();
  other.signOut("no-session");
  assert.equal((await start).reason, "no-session");
});

test("client_J146_any_event_can_be_told_and_a_listener_that_throws_disturbs_nobody", (context) => {
  const reported = context.mock.method(console, "error", () => undefined);
  const keep = fakeKeep({ claims: {} });
  const urls: string[] = [];
  keep.on("step-up", () => {
    throw new Error("a listener");
  });
  keep.on("step-up", ({ url }) => urls.push(url));
  keep.emit("step-up", { acrValues: ["mfa"], maxAge: null, url: "https://api.example.com/" });
  assert.deepEqual([urls, reported.mock.callCount()], [["https://api.example.com/"], 1]);
});

test("client_J146_the_next_call_of_a_method_fails_by_its_code_once", async () => {
  const keep = fakeKeep({ claims: { name: "Ada" }, routes: { "/sign-in": {} } });
  const calls = {
    start: () => keep.start(),
    refresh: () => keep.refresh(),
    signIn: () => keep.signIn("/sign-in"),
    adopt: () => keep.adopt({ access_token: "t" }),
    withToken: () => keep.withToken((token) => token),
    logout: () => keep.logout(),
  } as const;
  for (const [method, call] of Object.entries(calls) as [
    keyof typeof calls,
    () => Promise<unknown>,
  ][]) {
    keep.failNext(method, "refresh_timeout");
    await assert.rejects(call(), (error) => {
      assert.ok(error instanceof TokenKeepError);
      return error.code === "refresh_timeout" && error.retryable;
    });
    await call();
  }
  const mine = new TokenKeepError();
  keep.failNext("start", mine);
  await assert.rejects(keep.start(), (error) => error === mine);
});

test("client_J146_a_failed_refresh_shows_in_the_session_until_the_next_one", async () => {
  const keep = fakeKeep({ claims: { name: "Ada" } });
  keep.failNext("refresh", "refresh_unreachable");
  await assert.rejects(keep.refresh());
  assert.deepEqual([keep.session.status, keep.session.degraded], ["authenticated", true]);
  assert.ok((keep.session.retryAt ?? 0) > Date.now() - 60_000);
  await keep.refresh();
  assert.deepEqual([keep.session.degraded, keep.session.retryAt], [false, null]);
  assert.deepEqual(
    keep.explain().map(({ event, from, to }) => [event, from, to]),
    [
      ["started", "authenticated", "authenticated"],
      ["refresh-failed", "authenticated", "authenticated"],
      ["refreshed", "authenticated", "authenticated"],
    ],
  );
});

test("client_J146_a_keep_that_tests_share_is_reset_to_what_it_was_made_with", async () => {
  const keep = fakeKeep({ claims: { name: "Ada" }, routes: { "/orders": [] } });
  const made = { ...keep.session, expiresAt: 0 };
  let changes = 0;
  keep.subscribe(() => (changes += 1));
  keep.route("/orders", 503);
  keep.failNext("refresh", "refresh_rejected");
  await keep.fetch("/orders");
  keep.close();
  changes = 0;
  keep.reset();
  assert.deepEqual({ ...keep.session, expiresAt: 0 }, made);
  assert.deepEqual([changes, keep.requests, keep.explain()], [1, [], []]);
  assert.deepEqual([(await keep.fetch("/orders")).status, keep.requests.length], [200, 1]);
  assert.equal((await keep.refresh()).generation, 2);
  keep.reset({ session: { status: "unknown" } });
  assert.equal(keep.session.status, "unknown");
});

test("client_J146_a_sign_in_elsewhere_is_found_again", async () => {
  const keep = fakeKeep();
  keep.signInElsewhere({ name: "Ada" });
  assert.equal((await keep.start()).status, "anonymous");
  assert.equal((await keep.start({ again: true })).claims?.["name"], "Ada");
});

test("client_J148_routes_answer_by_method_path_origin_query_and_beginning", async () => {
  const keep = fakeKeep({
    claims: {},
    routes: {
      "/orders": [{ id: 7 }],
      "POST /orders": 201,
      "/orders?page=2": "two",
      "https://api.example.com/me": { name: "Ada" },
      "/files/*": () => new Response("bytes", { headers: { "Content-Type": "text/plain" } }),
      "/nothing": null,
      "/echo": async (request) => ({ method: request.method, body: await request.text() }),
      "/shared": Response.json("one answer"),
    },
  });
  const read = async (input: RequestInfo | URL, init?: RequestInit) => {
    const response = await keep.fetch(input, init);
    return [response.status, await response.text()];
  };
  assert.deepEqual(await read("/orders"), [200, '[{"id":7}]']);
  assert.deepEqual(await read("https://any.example/orders?page=1"), [200, '[{"id":7}]']);
  assert.deepEqual(await read(new URL("https://api.example.com/me")), [200, '{"name":"Ada"}']);
  assert.deepEqual(await read(new Request("https://api.example.com/me")), [200, '{"name":"Ada"}']);
  assert.deepEqual(await read("/files/a/b.txt"), [200, "bytes"]);
  assert.deepEqual(await read("/nothing"), [200, "null"]);
  assert.deepEqual(await read("/echo", { method: "PUT", body: "x" }), [
    200,
    '{"method":"PUT","body":"x"}',
  ]);
  assert.deepEqual(await read("/shared"), await read("/shared"));
  await assert.rejects(
    keep.fetch("https://other.example/me"),
    /no route for GET https:\/\/other\.example\/me\. Its routes: "\/orders", /,
  );
  keep.route("/orders", 503);
  assert.deepEqual(await read("/orders"), [503, ""]);
});

test("client_J148_the_more_exact_route_counts_wherever_it_stands", async () => {
  const keep = fakeKeep({
    routes: { "*": 404, "/orders": 200, "/orders?page=2": 206, "POST /orders": 201, "/ord*": 204 },
  });
  const statusOf = async (path: string, method = "GET") =>
    (await keep.fetch(path, { method })).status;
  assert.deepEqual(
    [
      await statusOf("/other"),
      await statusOf("/orders"),
      await statusOf("/orders?page=2"),
      await statusOf("/orders", "POST"),
      await statusOf("/orders/7"),
    ],
    [404, 200, 206, 201, 204],
  );
});

test("client_J148_a_test_reads_what_was_sent_and_who_got_the_token", async () => {
  const keep = fakeKeep({
    claims: { sub: "ada" },
    origins: ["https://api.example.com"],
    routes: { "*": (request) => request.text().then(() => 204) },
  });
  await keep.fetch("https://api.example.com/orders", { method: "POST", body: '{"id":7}' });
  await keep.fetch("https://elsewhere.example/");
  const [first, second] = keep.requests;
  assert.deepEqual(await first?.json(), { id: 7 });
  const token = await keep.withToken((lent) => lent);
  assert.equal(first?.headers.get("Authorization"), `Bearer ${token}`);
  assert.equal(second?.headers.get("Authorization"), null);
  const [, payload = ""] = token.split(".");
  assert.equal(JSON.parse(Buffer.from(payload, "base64url").toString()).sub, "ada");
});

test("client_J148_a_sign_in_reply_begins_a_session_and_shows_no_token", async () => {
  const keep = fakeKeep({
    routes: {
      "POST /sign-in": async (request) => {
        const { password } = (await request.json()) as { password: string };
        if (password !== "secret") return Response.json({ error: "wrong" }, { status: 403 });
        return { accessToken: fakeToken({ name: "Zoë" }), user: { id: 1 } };
      },
    },
  });
  const signIn = (password: string) =>
    keep.signIn("/sign-in", { method: "POST", body: JSON.stringify({ password }) });
  const wrong = await signIn("guess");
  assert.deepEqual([wrong.status, await wrong.json()], [403, { error: "wrong" }]);
  assert.equal(keep.session.status, "anonymous");
  const right = await signIn("secret");
  assert.deepEqual([right.status, await right.json()], [200, { user: { id: 1 } }]);
  assert.equal(keep.session.claims?.["name"], "Zoë");
});

test("client_J148_a_call_can_be_aborted_while_its_answer_is_made", async () => {
  const keep = fakeKeep({
    claims: {},
    routes: { "/slow": () => new Promise<number>(() => undefined) },
  });
  const abort = new AbortController();
  const call = keep.fetch("/slow", { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(call, /enough/);
});
