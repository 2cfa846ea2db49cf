// Logout endpoints that want more or say it differently: the access token goes along, listed
// answers mean "done", and the application hears what was answered. A 401 is never success while
// the session lives.

import assert from "node:assert/strict";
import { Gate, json, type Options, type Reply, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();
const REFRESH = "/session/refresh";
const LOGOUT = "/session/logout";

const logout = ({ page }: Scene) => page.evaluate(() => stage.outcome(keep.logout()));

/** The options of a keep whose logout endpoint has these. */
const leaving = (
  { at }: Scene,
  options: { authorization?: boolean; done?: (number | "redirect")[] },
): Options => ({ logout: { url: at.authority + LOGOUT, ...options } });

const tokensAt = ({ authority }: Scene, path: string) =>
  authority.to(path).map(({ token }) => token);

const answers = async (scene: Scene) =>
  (await scene.events()).filter(({ type }) => type === "logout-answered");

behaviour(
  "client_H117_the_token_goes_along_with_the_logout_where_that_is_wanted",
  async (scene) => {
    const second = await scene.open();
    await scene.started(leaving(scene, { authorization: true }));
    await scene.started({}, second);
    const outcome = await scene.page.evaluate(async () => {
      const left = stage.outcome(keep.logout());
      const { status, claims, expiresAt } = keep.session;
      const lent = await stage.outcome(keep.withToken((token) => token));
      return { status, claims, expiresAt, lent: lent.error?.code, left: (await left).error };
    });
    assert.deepEqual(outcome, {
      status: "anonymous",
      claims: null,
      expiresAt: null,
      lent: "signed_out",
      left: undefined,
    });
    await scene.reaches("anonymous", second);
    assert.deepEqual(tokensAt(scene, LOGOUT), [scene.granted[0]]);
    assert.deepEqual(tokensAt(scene, REFRESH), [null, null], "to no other endpoint");
    await scene.started();
    await logout(scene);
    assert.deepEqual(tokensAt(scene, LOGOUT), [scene.granted[0], null], "and not by default");
  },
);

behaviour("client_H117_no_redirect_takes_the_token_along", async (scene) => {
  const { authority, api, app, foreign, at } = scene;
  await scene.started(leaving(scene, { authorization: true, done: ["redirect"] }));
  for (const [status, to] of [
    [302, at.foreign],
    [307, at.api],
    [308, at.app],
  ] as const) {
    authority.on(LOGOUT, () => ({ status, headers: { Location: `${to}/left` } }));
    assert.equal((await logout(scene)).error, undefined);
    await scene.page.evaluate(() => keep.start({ again: true }));
  }
  for (const server of [api, app, foreign]) assert.deepEqual(server.to("/left"), []);
  assert.equal(authority.to(LOGOUT).length, 3);
});

behaviour("client_H118_an_expired_token_is_renewed_before_the_logout", async (scene) => {
  const { page, authority } = scene;
  scene.lifetime = 1;
  await scene.started({
    ...leaving(scene, { authorization: true }),
    backoff: { base: 60_000, max: 60_000 },
  });
  authority.on(REFRESH, () => ({ status: 503 }));
  await page.evaluate(() => stage.until(() => Date.now() > keep.session.expiresAt! + 100));
  scene.valid.clear();
  authority.on(REFRESH, () => scene.grant());
  authority.on(LOGOUT, ({ token }) => ({ status: scene.valid.has(token ?? "") ? 204 : 401 }));
  assert.equal((await logout(scene)).error, undefined);
  assert.deepEqual(tokensAt(scene, LOGOUT), scene.granted.slice(-1));
  assert.equal((await scene.session()).status, "anonymous");
});

behaviour(
  "client_H118_a_logout_that_is_refused_is_made_once_more_with_a_new_token",
  async (scene) => {
    const { authority } = scene;
    await scene.started(leaving(scene, { authorization: true }));
    scene.valid.clear();
    authority.on(LOGOUT, ({ token }) => ({ status: scene.valid.has(token ?? "") ? 204 : 401 }));
    assert.equal((await logout(scene)).error, undefined);
    assert.deepEqual(tokensAt(scene, LOGOUT), scene.granted);
    assert.equal(scene.refreshes(), 2);
    assert.deepEqual(
      (await answers(scene)).map((event) => "status" in event && event.status),
      [401, 204],
    );
    const { status, generation, reason } = await scene.session();
    assert.deepEqual([status, generation, reason], ["anonymous", 1, "logout"]);
  },
);

// What logout routes say when they are done, and tokenkeep can't know.
for (const [how, listed, answer] of [
  ["a_redirect", "redirect", { status: 302, headers: { Location: "/goodbye" } }],
  ["a_404", 404, { status: 404 }],
  ["a_419", 419, { status: 419 }],
  ["a_page", 200, { headers: { "Content-Type": "text/html" }, body: "<!doctype html>" }],
] as const satisfies readonly (readonly [string, number | "redirect", Reply])[]) {
  behaviour(
    `client_H119_a_logout_answered_by_${how}_is_done_where_that_is_listed`,
    async (scene) => {
      const { authority } = scene;
      authority.on(LOGOUT, () => answer);
      await scene.started(leaving(scene, { done: [listed] }));
      assert.equal((await logout(scene)).error, undefined);
      assert.equal(scene.refreshes(), 1, "nobody looks whether the session is over");
      await scene.started(leaving(scene, { done: [listed === 404 ? 410 : 404] }));
      assert.equal((await logout(scene)).error?.code, "logout_failed", "another answer is listed");
    },
  );
}

for (const [how, options] of Object.entries({
  the_token: { authorization: true },
  a_list: { done: [401, 403, "redirect"] },
  both: { authorization: true, done: [401] },
} satisfies Record<string, Parameters<typeof leaving>[1]>)) {
  behaviour(
    `client_H120_with_${how}_a_401_to_a_logout_is_no_success_while_the_session_lives`,
    async (scene) => {
      const { authority } = scene;
      await scene.started(leaving(scene, options));
      authority.on(LOGOUT, () => ({ status: 401 }));
      const { error } = await logout(scene);
      assert.deepEqual([error?.code, error?.status], ["logout_failed", 401]);
      assert.equal((await scene.session()).status, "anonymous");
      // The second time the session is over, and so says the refresh endpoint.
      authority.on(REFRESH, () => ({ status: 401 }));
      assert.equal((await logout(scene)).error, undefined);
    },
  );
}

behaviour("client_H121_the_application_hears_what_the_logout_endpoint_answered", async (scene) => {
  const { page, authority } = scene;
  const next = { url: "https://idp.example/end", more: [{ a: 1 }] };
  for (const [answer, status, body] of [
    [json(next), 200, next],
    [json(["done"], 202), 202, ["done"]],
    [{ status: 204 }, 204, null],
    [{ status: 302, headers: { Location: "/" } }, 0, null],
    [json({ error: "odd" }, 418), 418, { error: "odd" }],
    [{ body: '{"a":1}' }, 200, null],
    [{ headers: { "Content-Type": "application/json" }, body: '{"a":' }, 200, null],
    [json("x".repeat(70_000)), 200, null],
  ] as const satisfies readonly (readonly [Reply, number, unknown])[]) {
    await scene.started(leaving(scene, { done: [418, "redirect"] }));
    authority.on(LOGOUT, () => answer);
    const heard = await page.evaluate(async () => {
      await keep.logout();
      // It has come before the promise settles.
      const event = stage.events.find(({ type }) => type === "logout-answered");
      if (event?.type !== "logout-answered") return "nothing";
      const more = (event.body as { more?: object } | null)?.more;
      const frozen = more === undefined || Object.isFrozen(more);
      return { status: event.status, body: event.body, frozen };
    });
    assert.deepEqual(heard, { status, body, frozen: true });
  }
});

behaviour("client_H121_an_answer_that_nobody_waits_for_is_not_told", async (scene) => {
  const { page, authority } = scene;
  const gate = new Gate();
  authority.on(LOGOUT, () => gate.opened.then(() => json({})));
  await scene.started();
  const left = logout(scene);
  await until(() => authority.to(LOGOUT).length === 1, "the call");
  await page.evaluate(() => keep.close());
  gate.open();
  assert.equal((await left).error?.code, "closed");
  authority.on(LOGOUT, () => ({ cut: true }));
  await scene.started();
  assert.equal((await logout(scene)).error?.code, "logout_failed");
  assert.deepEqual(await answers(scene), []);
});
