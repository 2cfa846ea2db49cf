// The authority's own routes refuse at once what it revokes: they ask the tables and do not wait
// for KV.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { enrol } from "./authenticator.ts";
import { authorization, claimsOf, UNLIMITED, useStack, Visitor } from "./harness.ts";
import { Operator } from "./operator.ts";

describe("an operator's token, where KV has not heard of a revocation yet", () => {
  const stack = useStack({
    bindings: { authority: { ...UNLIMITED.bindings.authority, GRACE_SECONDS: "1" } },
  });

  /** A session whose token the operator's routes take, and its status once KV is empty. */
  async function letIn() {
    const visitor = new Visitor(stack());
    const reply = await visitor.signIn();
    const operator = new Operator(stack(), reply.access_token);
    await operator.keys();
    const statusNow = async () => {
      await stack().forgetRevocations();
      return (await operator.call("keys")).status;
    };
    assert.equal(await statusNow(), 200);
    return { visitor, reply, statusNow };
  }

  test("is refused from the moment of a logout", async () => {
    const { visitor, statusNow } = await letIn();
    await visitor.post("/session/logout");
    assert.equal(await statusNow(), 401);
  });

  test("is refused when its user ends the session from another one, or all of them", async () => {
    const one = await letIn();
    const other = await letIn();
    const { sid } = claimsOf(one.reply);
    await other.visitor.post("/session/end", { body: { id: sid } });
    assert.deepEqual([await one.statusNow(), await other.statusNow()], [401, 200]);
    await other.visitor.post("/session/logout-everywhere", { body: {} });
    assert.equal(await other.statusNow(), 401);
  });

  test("is refused when a sign-in takes the place of its session", async () => {
    const { visitor, statusNow } = await letIn();
    await visitor.signIn();
    assert.equal(await statusNow(), 401);
  });

  test("is refused when another operator revokes the user", async () => {
    const { reply, statusNow } = await letIn();
    const another = await letIn();
    const operator = new Operator(stack(), another.reply.access_token);
    const { status } = await operator.call("revoke-user", { user: claimsOf(reply).sub });
    assert.equal(status, 204);
    assert.equal(await statusNow(), 401);
  });

  test("is refused when a used cookie comes back, and after ten wrong codes", async () => {
    const copied = await letIn();
    const { cookie } = copied.visitor;
    await copied.visitor.refresh();
    await sleep(2000);
    assert.equal(await new Visitor(stack(), cookie).tryRefresh(), 401);
    assert.equal(await copied.statusNow(), 401);

    const guessed = await letIn();
    await enrol(guessed.visitor);
    for (let turn = 0; turn < 10; turn += 1)
      await guessed.visitor.post("/session/step-up", { body: { code: "000000" } });
    assert.equal(await guessed.statusNow(), 401);
  });

  test("is refused by what KV says too: a token can be revoked there alone", async () => {
    const { visitor, reply } = await letIn();
    const revoked = await fetch(`${stack().api}/demo/revoke`, {
      method: "POST",
      headers: authorization(reply.access_token),
    });
    assert.equal(revoked.status, 204);
    const keys = (token: string) => new Operator(stack(), token).call("keys");
    assert.equal((await keys(reply.access_token)).status, 401);
    assert.equal((await keys((await visitor.refresh()).access_token)).status, 200);
  });
});

describe("a session whose sign-in was under way while all of its user's were ended", () => {
  const stack = useStack(UNLIMITED);

  test("is over: it renews, lists and opens nothing, and the next one does", async () => {
    const visitor = new Visitor(stack());
    const reply = await visitor.signIn();
    const operator = new Operator(stack(), reply.access_token);
    await operator.keys();
    const { sid, sub } = claimsOf(reply);
    const startedAt = `(SELECT started_at FROM families WHERE id = '${sid}')`;
    // The password was right before the revocation; the session's row was written after it.
    await stack().sql(`UPDATE accounts SET signed_out_at = ${startedAt} WHERE id = '${sub}'`);
    assert.equal(await visitor.tryRefresh(), 401);
    assert.equal((await visitor.post("/session/list", { body: {} })).status, 401);
    assert.equal((await operator.call("keys")).status, 401);

    const next = await visitor.signIn();
    const { sessions } = (await (await visitor.post("/session/list", { body: {} })).json()) as {
      sessions: { id: string }[];
    };
    assert.deepEqual(
      sessions.map(({ id }) => id),
      [claimsOf(next).sid],
    );
    assert.equal(await visitor.tryRefresh(), 200);
    assert.equal((await new Operator(stack(), next.access_token).call("keys")).status, 200);
  });

  test("an account that is gone has no session and is no operator", async () => {
    const visitor = new Visitor(stack());
    const reply = await visitor.signIn();
    const operator = new Operator(stack(), reply.access_token);
    await operator.keys();
    await stack().sql(`DELETE FROM accounts WHERE id = '${claimsOf(reply).sub}'`);
    assert.equal(await visitor.tryRefresh(), 401);
    assert.equal((await operator.call("keys")).status, 401);
  });
});
