// A step-up leaves nothing to the cookie from before it. The grace window is for lost replies and
// must not give the second factor to a copy of the weaker cookie.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type App, enrol, offered } from "./authenticator.ts";
import {
  BOB,
  claimsOf,
  SOUTH,
  setCookie,
  type TokenReply,
  UNLIMITED,
  useStack,
  Visitor,
} from "./harness.ts";

/** The calls that find their session by the cookie. */
const CALLS = [
  "refresh",
  "list",
  "end",
  "logout-everywhere",
  "totp/enrol",
  "totp/confirm",
  "step-up",
].map((name) => `/session/${name}`);
const SENSITIVE = CALLS.slice(4);

const stepUp = (visitor: Visitor, app: App) =>
  visitor.post("/session/step-up", { body: { code: app.code(1) } });
const errorOf = async (answer: Response) => ((await answer.json()) as { error: string }).error;

describe("within the grace window of a step-up", () => {
  const stack = useStack(UNLIMITED);
  const reuseAlarms = async () => {
    const stats = await (await fetch(`${stack().authority}/demo/stats`)).json();
    return (stats as { reuseAlarms: number }).reuseAlarms;
  };

  test("the cookie from before opens nothing, and its owner loses nothing", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const { app } = await enrol(visitor);
    const copy = visitor.cookie;
    assert.equal((await stepUp(visitor, app)).status, 200);
    for (const path of CALLS) {
      const answer = await new Visitor(stack(), copy).post(path, { body: { code: "123456" } });
      assert.equal(answer.status, 401, path);
      assert.deepEqual(await answer.json(), { error: "invalid_grant" });
      assert.deepEqual(answer.headers.getSetCookie(), []);
    }
    assert.equal(claimsOf(await visitor.refresh()).acr, "mfa");
    assert.equal(await reuseAlarms(), 0);
    assert.equal(
      await new Visitor(stack(), copy).tryRefresh(),
      503,
      "the browser has a newer cookie by now: a request that came late",
    );
  });

  test("refreshes that race the step-up get no second factor, whoever wins", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn(BOB);
    const { app } = await enrol(visitor);
    const { cookie } = visitor;
    const refresh = () => new Visitor(stack(), cookie).post("/session/refresh");
    const before = Array.from({ length: 10 }, refresh);
    const raised = stepUp(new Visitor(stack(), cookie), app);
    const refreshes = await Promise.all([...before, ...Array.from({ length: 30 }, refresh)]);
    const given = refreshes.filter(({ status }) => status === 200);
    for (const answer of given)
      assert.equal(claimsOf((await answer.json()) as TokenReply).acr, "pwd");
    const { status } = await raised;
    assert.ok(status === 200 ? given.length === 0 : status === 409, `${status} ${given.length}`);
  });

  test("a step-up whose reply is lost costs this session, raises no alarm, and a sign-in ends it", async () => {
    const elsewhere = new Visitor(stack(), null, SOUTH);
    await elsewhere.signIn();
    const visitor = new Visitor(stack(), null, SOUTH);
    const { sid } = claimsOf(await visitor.signIn());
    const { app } = await enrol(visitor);
    const lost = await stepUp(new Visitor(stack(), visitor.cookie, SOUTH), app);
    assert.equal(lost.status, 200);
    assert.equal(await visitor.tryRefresh(), 401);
    assert.equal(await reuseAlarms(), 0);
    await visitor.signIn();
    const { sessions } = (await (await elsewhere.post("/session/list", { body: {} })).json()) as {
      sessions: { id: string }[];
    };
    assert.ok(!sessions.some(({ id }) => id === sid));
    assert.equal(await new Visitor(stack(), setCookie(lost)?.value, SOUTH).tryRefresh(), 401);
  });
});

describe("the calls of the second factor", () => {
  const stack = useStack(UNLIMITED);

  test("demand the newest token of the family", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const { app } = await enrol(visitor);
    assert.equal(await new Visitor(stack(), visitor.cookie).tryRefresh(), 200, "a lost reply");
    for (const path of SENSITIVE) {
      const answer = await visitor.post(path, { body: { code: app.code(1) } });
      assert.equal(answer.status, 409, path);
      assert.equal(await errorOf(answer), "refresh_first");
    }
    assert.equal((await visitor.post("/session/list", { body: {} })).status, 200);
    const older = visitor.cookie;
    await visitor.refresh();
    assert.equal((await stepUp(visitor, app)).status, 200, "the code is not used up");
    for (const path of SENSITIVE) {
      const answer = await new Visitor(stack(), older).post(path, { body: { code: "123456" } });
      assert.equal(answer.status, 503, path);
      assert.equal(await errorOf(answer), "temporarily_unavailable");
    }
  });

  test("replace a factor in a session that has shown it: confirm asks for that as enrol does", async () => {
    const owner = new Visitor(stack());
    await owner.signIn(BOB);
    const { app } = await enrol(owner);
    const thief = new Visitor(stack());
    await thief.signIn(BOB);
    assert.equal(await errorOf(await thief.post("/session/totp/enrol")), "already_enrolled");
    await stepUp(owner, app);
    const replacement = await offered(owner);
    const code = replacement.code(0);
    const answer = await thief.post("/session/totp/confirm", { body: { code } });
    assert.equal(answer.status, 409);
    assert.equal(await errorOf(answer), "already_enrolled");
    assert.equal((await owner.post("/session/totp/confirm", { body: { code } })).status, 204);
    const old = await owner.post("/session/step-up", { body: { code: app.code(1) } });
    assert.equal(old.status, 401);
    assert.equal((await stepUp(owner, replacement)).status, 200);
  });
});

describe("beyond a grace window of two seconds", () => {
  const stack = useStack({ bindings: { authority: { GRACE_SECONDS: "2", RATE_LIMITS: "off" } } });

  test("the cookie from before a step-up is a copy like any other, and raises the alarm", async () => {
    const elsewhere = new Visitor(stack());
    await elsewhere.signIn();
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const { app } = await enrol(visitor);
    const copy = visitor.cookie;
    await stepUp(visitor, app);
    await sleep(3000);
    assert.equal(await new Visitor(stack(), copy).tryRefresh(), 401);
    assert.equal(await visitor.tryRefresh(), 401);
    assert.equal(await elsewhere.tryRefresh(), 401);
  });
});
