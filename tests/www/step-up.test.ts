// Step-up: a sensitive route asks for a second factor (RFC 9470), a code is the answer to it, and
// each code counts once.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { enrol } from "./authenticator.ts";
import {
  ALICE,
  authorization,
  BOB,
  claimsOf,
  SOUTH,
  type TokenReply,
  UNLIMITED,
  useStack,
  Visitor,
} from "./harness.ts";
import { Operator } from "./operator.ts";

const CHALLENGE =
  'Bearer realm="api", error="insufficient_user_authentication", error_description="A stronger or more recent login is needed.", acr_values="mfa", max_age="300", DPoP algs="ES256 EdDSA"';

describe("step-up", () => {
  const stack = useStack(UNLIMITED);
  const vault = (token: string) =>
    fetch(`${stack().api}/api/vault`, { headers: authorization(token) });

  test("the vault asks for a second factor, a code opens it, and the session keeps it", async () => {
    const visitor = new Visitor(stack());
    const first = await visitor.signIn();
    assert.deepEqual([claimsOf(first).acr, claimsOf(first).amr], ["pwd", ["pwd"]]);
    const refusal = await vault(first.access_token);
    assert.equal(refusal.status, 401);
    assert.equal(refusal.headers.get("WWW-Authenticate"), CHALLENGE);

    const { app, confirmed } = await enrol(visitor);
    assert.equal(confirmed, 204);
    const before = visitor.cookie;
    const answer = await visitor.post("/session/step-up", { body: { code: app.code(1) } });
    assert.equal(answer.status, 200);
    assert.notEqual(visitor.cookie, before, "a copy of the old token is not the stronger for this");
    const stronger = (await answer.json()) as TokenReply;
    const { acr, amr, auth_time: at, sid, iat } = claimsOf(stronger);
    assert.deepEqual(
      { acr, amr, sid },
      { acr: "mfa", amr: ["pwd", "otp"], sid: claimsOf(first).sid },
    );
    assert.ok(Number(at) <= Number(iat) && Number(iat) - Number(at) <= 30);
    const opened = await vault(stronger.access_token);
    assert.equal(opened.status, 200);
    assert.ok("secret" in ((await opened.json()) as object));

    const later = await visitor.refresh();
    assert.deepEqual([claimsOf(later).acr, claimsOf(later).auth_time], ["mfa", at]);
    const elsewhere = await new Visitor(stack()).signIn();
    assert.equal(claimsOf(elsewhere).acr, "pwd", "another session of the user's is as it was");
  });

  test("a code counts once, also for two calls at once, and a wrong one costs no session", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn(BOB);
    assert.equal(
      (await visitor.post("/session/step-up", { body: { code: "123456" } })).status,
      409,
    );
    const { app } = await enrol(visitor);
    const used = app.code(0);
    assert.equal(
      (await visitor.post("/session/step-up", { body: { code: used } })).status,
      401,
      "it confirmed the secret already",
    );
    const { cookie } = visitor;
    const code = app.code(1);
    const tries = await Promise.all(
      Array.from({ length: 5 }, () =>
        new Visitor(stack(), cookie).post("/session/step-up", { body: { code } }),
      ),
    );
    assert.deepEqual(tries.map(({ status }) => status).toSorted(), [200, 401, 401, 401, 401]);
    const other = new Visitor(stack());
    await other.signIn(BOB);
    for (const wrong of [code, "000000", "12345", "abcdef", 123456, null]) {
      const response = await other.post("/session/step-up", { body: { code: wrong } });
      assert.equal(response.status, 401);
      assert.deepEqual(await response.json(), { error: "invalid_code" });
    }
    assert.equal(await other.tryRefresh(), 200);
  });

  test("a factor that is there can be replaced only by a session that has shown it", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn(BOB);
    const response = await visitor.post("/session/totp/enrol", { body: {} });
    assert.equal(response.status, 409);
    assert.deepEqual(await response.json(), { error: "already_enrolled" });
  });

  test("neither secret nor code is in the audit log, and the steps are", async () => {
    const records = await (await Operator.of(stack())).audit();
    for (const event of ["totp.enrolled", "step_up", "step_up.failed"])
      assert.ok(
        records.some((record) => record.event === event),
        event,
      );
    assert.ok(!/[A-Z2-7]{32}|"\d{6}"/.test(JSON.stringify(records)));
  });

  test("without a session these calls answer 401", async () => {
    for (const path of ["/session/totp/enrol", "/session/totp/confirm", "/session/step-up"]) {
      assert.equal(
        (await new Visitor(stack()).post(path, { body: { code: "123456" } })).status,
        401,
        path,
      );
    }
  });
});

describe("guessing codes", () => {
  const stack = useStack();

  test("ends after five wrong ones, from whatever session, and says for how long", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn(ALICE);
    const { app } = await enrol(visitor);
    const another = new Visitor(stack());
    await another.signIn(ALICE);
    const statuses = [];
    for (let turn = 0; turn < 5; turn += 1)
      statuses.push(
        (
          await (turn % 2 ? another : visitor).post("/session/step-up", {
            body: { code: "000000" },
          })
        ).status,
      );
    assert.deepEqual(statuses, Array(5).fill(401));
    const refusal = await visitor.post("/session/step-up", { body: { code: app.code(1) } });
    assert.equal(refusal.status, 429, "even the right one");
    assert.deepEqual(await refusal.json(), { error: "rate_limited" });
    const wait = Number(refusal.headers.get("Retry-After"));
    assert.ok(wait > 200 && wait <= 300, String(wait));
  });
});

describe("guessing codes in one session, however slowly", () => {
  const stack = useStack(UNLIMITED);
  const guess = async (visitor: Visitor, code = "000000") => {
    const answer = await new Visitor(stack(), visitor.cookie).post("/session/step-up", {
      body: { code },
    });
    return `${answer.status} ${((await answer.json()) as { error?: string }).error}`;
  };
  const times = (count: number, text: string) => Array<string>(count).fill(text);

  test("ends it after ten wrong ones, and no other session", async () => {
    const visitor = new Visitor(stack());
    const { sid } = claimsOf(await visitor.signIn(BOB));
    const { app } = await enrol(visitor);
    const elsewhere = new Visitor(stack());
    await elsewhere.signIn(BOB);
    for (let turn = 0; turn < 9; turn += 1)
      assert.equal(await guess(visitor), "401 invalid_code", String(turn));
    assert.equal(await visitor.tryRefresh(), 200, "a refresh does not begin the count anew");
    assert.equal(await guess(visitor), "401 invalid_grant");
    assert.equal(await guess(visitor, app.code(1)), "401 invalid_grant", "even the right one");
    assert.equal(await visitor.tryRefresh(), 401);
    assert.equal(await elsewhere.tryRefresh(), 200);
    const records = await (await Operator.of(stack())).audit();
    const exhausted = records.filter(({ event }) => event === "step_up.exhausted");
    assert.deepEqual(
      exhausted.map(({ session, severity }) => [session, severity]),
      [[sid, "medium"]],
    );
  });

  test("counts tries that come at once, and those of a confirmation too", async () => {
    for (const [credentials, path] of [
      [ALICE, "/session/totp/confirm"],
      [BOB, "/session/step-up"],
    ] as const) {
      const visitor = new Visitor(stack(), null, SOUTH);
      await visitor.signIn(credentials);
      if (path === "/session/step-up") await enrol(visitor);
      const tries = Array.from({ length: 30 }, async () => {
        const answer = await new Visitor(stack(), visitor.cookie, SOUTH).post(path, {
          body: { code: "000000" },
        });
        return ((await answer.json()) as { error: string }).error;
      });
      const wrong = (await Promise.all(tries)).filter((error) => error === "invalid_code");
      assert.ok(wrong.length <= 9, `${path} ${wrong.length}`);
      assert.equal(await visitor.tryRefresh(), 401);
    }
  });

  test("counts anew after a right one", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn(ALICE);
    const { app } = await enrol(visitor);
    const nine = async () => {
      const answers: string[] = [];
      for (let turn = 0; turn < 9; turn += 1) answers.push(await guess(visitor));
      return answers;
    };
    assert.deepEqual(await nine(), times(9, "401 invalid_code"));
    const { status } = await visitor.post("/session/step-up", { body: { code: app.code(1) } });
    assert.equal(status, 200);
    assert.deepEqual(await nine(), times(9, "401 invalid_code"));
    assert.equal(await visitor.tryRefresh(), 200);
  });
});
