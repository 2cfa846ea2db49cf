// Logout: at once in this tab, whatever is under way; then at the server, under the lock. Nothing
// brings the session back.

import assert from "node:assert/strict";
import { Gate, hang, json, pause, type Reply, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();
const REFRESH = "/session/refresh";
const LOGOUT = "/session/logout";

const logout = ({ page }: Scene) => page.evaluate(() => stage.outcome(keep.logout()));

behaviour(
  "client_H68_a_logout_during_a_refresh_discards_what_the_refresh_brings",
  async (scene) => {
    const { page, authority } = scene;
    await scene.started();
    const gate = new Gate();
    authority.on(REFRESH, async () => {
      await gate.opened;
      return scene.grant();
    });
    const waiting = page.evaluate(() =>
      Promise.all([
        stage.outcome(keep.refresh()),
        stage.outcome(keep.withToken((token) => token, { minValidity: 10_000 })),
      ]),
    );
    await until(() => scene.refreshes() === 2, "the refresh");
    const [status, done] = await page.evaluate(() => {
      Object.assign(globalThis, { out: stage.outcome(keep.logout()) });
      // Before anything is awaited.
      return [keep.session.status, keep.session.reason];
    });
    assert.deepEqual([status, done], ["anonymous", "logout"]);
    for (const { error } of await waiting) assert.equal(error?.code, "signed_out");
    gate.open();
    await page.evaluate(() => (globalThis as unknown as { out: Promise<unknown> }).out);
    await pause(500);
    assert.equal((await scene.session()).status, "anonymous");
    assert.equal((await scene.session()).generation, 1);
    const after = await page.evaluate(() =>
      stage.events.findIndex(({ type }) => type === "signed-out"),
    );
    const events = await page.evaluate(() =>
      stage.events.map((event) => ("session" in event ? event.session.status : event.type)),
    );
    assert.ok(
      !events.slice(after).includes("authenticated") && !events.slice(after).includes("refreshed"),
    );
    assert.equal(authority.mostAtOnce(REFRESH), 1);
  },
);

behaviour("client_H68_a_logout_during_the_start_is_final_too", async (scene) => {
  const gate = new Gate();
  scene.authority.on(REFRESH, () => gate.opened.then(() => scene.grant()));
  await scene.keep();
  await scene.page.evaluate(() => void stage.outcome(keep.start()));
  await until(() => scene.refreshes() === 1, "the refresh");
  const out = logout(scene);
  await scene.reaches("anonymous");
  gate.open();
  await out;
  await pause(300);
  assert.equal((await scene.session()).status, "anonymous");
  assert.deepEqual(await scene.events(), [
    { type: "signed-out", reason: "logout" },
    { type: "logout-answered", status: 204, body: null },
  ]);
});

behaviour("client_H69_the_lock_is_held_until_the_server_has_answered_the_logout", async (scene) => {
  const { page, authority } = scene;
  const [second, fresh] = [await scene.open(), await scene.open()];
  await scene.started();
  await scene.started({}, second);
  await scene.keep({}, fresh);
  const gate = new Gate();
  let over = false;
  authority.on(LOGOUT, async () => {
    await gate.opened;
    over = true;
    return { status: 204 };
  });
  authority.on(REFRESH, () => (over ? { status: 401 } : scene.grant()));
  const before = scene.refreshes();
  const out = logout(scene);
  await until(() => authority.to(LOGOUT).length === 1, "the logout call");
  const held = () =>
    page.evaluate(
      async () =>
        (await navigator.locks.query()).held!.filter(({ name }) => name?.startsWith("tokenkeep:"))
          .length,
    );
  assert.equal(await held(), 1);
  // One tab had the session, the other was just opened. Both wait for the lock behind the logout.
  const outcomes = Promise.all([
    second.evaluate(() => stage.outcome(keep.refresh())),
    fresh.evaluate(() => keep.start().then(({ status }) => status)),
  ]);
  await pause(400);
  assert.equal(scene.refreshes(), before);
  gate.open();
  assert.equal((await out).error, undefined);
  const [refreshed, started] = await outcomes;
  assert.ok(
    ["signed_out", "refresh_rejected"].includes(refreshed.error?.code ?? ""),
    refreshed.error?.code,
  );
  assert.equal(started, "anonymous");
  await until(async () => (await held()) === 0, "the lock to be free");
  const end = authority.to(LOGOUT)[0]!.end!;
  assert.ok(
    authority
      .to(REFRESH)
      .slice(before)
      .every(({ at }) => at >= end - 1),
    "no refresh before the server had answered",
  );
});

behaviour(
  "client_H69_a_refresh_that_waited_for_the_lock_sees_the_logout_and_does_not_call",
  async (scene) => {
    const { authority } = scene;
    const second = await scene.open();
    await scene.started();
    await scene.started({}, second);
    const gate = new Gate();
    authority.on(REFRESH, () => gate.opened.then(() => scene.grant()));
    await scene.page.evaluate(() => void keep.refresh().catch(() => undefined));
    await until(() => scene.refreshes() === 3, "the lock to be in use");
    const queued = second.evaluate(() => stage.outcome(keep.refresh()));
    await pause(200);
    const out = logout(scene);
    await scene.reaches("anonymous", second);
    gate.open();
    assert.equal((await queued).error?.code, "signed_out");
    await out;
    await pause(300);
    assert.equal(scene.refreshes(), 3);
  },
);

for (const [how, answer] of Object.entries({
  offline: null,
  cut: { cut: true },
  "500": { status: 500 },
})) {
  behaviour(
    `client_H70_a_logout_that_cannot_be_told_by_${how}_wipes_here_and_says_so`,
    async (scene) => {
      const { page, context, authority, at } = scene;
      await scene.started();
      if (answer !== null) authority.on(LOGOUT, () => answer);
      else await context.setOffline(true);
      const first = await page.evaluate(async () => {
        const outcome = stage.outcome(keep.logout());
        await stage.turn();
        return { status: keep.session.status, ...(await outcome) };
      });
      assert.deepEqual(
        [first.status, first.error?.code],
        ["anonymous", "logout_failed"],
        "wiped at once, and said",
      );
      const { error } = await logout(scene);
      assert.equal(error?.code, "logout_failed");
      assert.equal(error?.retryable, true);
      await context.setOffline(false);
      assert.equal(
        (await page.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/after`)), at)).value,
        401,
      );
      assert.deepEqual(
        scene.api.to("/after").map(({ token }) => token),
        [null],
      );
      assert.equal((await scene.session()).status, "anonymous");
      // The second logout reaches the server.
      authority.on(LOGOUT, () => ({ status: 204 }));
      assert.equal((await logout(scene)).error, undefined);
    },
  );
}

behaviour("client_H70_a_logout_that_hangs_is_reported_within_the_timeout", async (scene) => {
  await scene.started({ timeout: 2000 });
  scene.authority.on(LOGOUT, hang);
  assert.equal((await logout(scene)).error?.code, "logout_failed");
  assert.equal((await scene.session()).status, "anonymous");
});

// The answers of logout routes that say less than 2xx does: one that wants a bearer token, one that
// redirects to the page for signing in, one that is broken, and a page that anybody may have sent.
for (const [how, answer] of Object.entries({
  a_401: { status: 401 },
  a_redirect: { status: 302, headers: { Location: "/" } },
  a_500: { status: 500 },
  a_page: { headers: { "Content-Type": "text/html" }, body: "<!doctype html>" },
} satisfies Record<string, Reply>)) {
  behaviour(
    `client_H86_a_logout_answered_by_${how}_fails_while_the_session_lives`,
    async (scene) => {
      const { page, authority } = scene;
      const second = await scene.open();
      await scene.started();
      await scene.started({}, second);
      authority.on(LOGOUT, () => answer);
      const { error } = await logout(scene);
      assert.equal(error?.code, "logout_failed");
      assert.equal(scene.refreshes(), 3, "one call looked whether the session is over");
      for (const tab of [page, second]) {
        await scene.reaches("anonymous", tab);
        const { error } = await tab.evaluate(() => stage.outcome(keep.withToken(() => 1)));
        assert.equal(error?.code, "signed_out", "the token of that call is nobody's");
      }
      assert.equal(scene.refreshes(), 3);
      // The cookie still stands for the session.
      await page.reload();
      await page.waitForFunction(() => "stage" in globalThis);
      await scene.started();
      assert.equal((await scene.session()).status, "authenticated");
    },
  );

  behaviour(
    `client_H86_a_logout_answered_by_${how}_succeeds_when_the_session_is_over`,
    async (scene) => {
      await scene.started();
      scene.authority.on(LOGOUT, () => answer);
      scene.authority.on(REFRESH, () => ({ status: 401 }));
      assert.equal((await logout(scene)).error, undefined);
      assert.equal(scene.refreshes(), 2);
      assert.equal((await scene.session()).reason, "logout");
    },
  );
}

behaviour("client_H86_a_sign_in_waits_until_the_doubt_is_settled", async (scene) => {
  const { page, authority, at } = scene;
  await scene.started();
  const gate = new Gate();
  authority.on(LOGOUT, () => ({ status: 401 }));
  authority.on(REFRESH, () => gate.opened.then(() => scene.grant()));
  authority.on("/session/sign-in", () => scene.grant());
  const out = logout(scene);
  await until(() => scene.refreshes() === 2, "the call that looks");
  const signedIn = page.evaluate(
    ({ authority }) =>
      stage.outcome(keep.signIn(`${authority}/session/sign-in`, { method: "POST" })),
    at,
  );
  await pause(200);
  assert.equal(authority.to("/session/sign-in").length, 0);
  gate.open();
  assert.equal((await out).error?.code, "logout_failed");
  assert.equal((await signedIn).value, 200);
  assert.equal((await scene.session()).status, "authenticated");
});

behaviour(
  "client_H71_requests_in_flight_at_logout_finish_and_none_is_sent_again",
  async (scene) => {
    const { page, api, at } = scene;
    await scene.started();
    const gate = new Gate();
    api.on("/served", () => gate.opened.then(() => json({ served: true })));
    api.on("/refused", () =>
      gate.opened.then(() => json({}, 401, { "WWW-Authenticate": 'Bearer error="invalid_token"' })),
    );
    const outcomes = page.evaluate(
      ({ api }) =>
        Promise.all(["/served", "/refused"].map((path) => stage.outcome(keep.fetch(api + path)))),
      at,
    );
    await until(() => api.calls.length === 2, "both requests");
    await page.evaluate(() => keep.logout());
    gate.open();
    assert.deepEqual(
      (await outcomes).map(({ value }) => value),
      [200, 401],
    );
    assert.equal(api.calls.length, 2);
    assert.equal(scene.refreshes(), 1);
  },
);

for (const authorization of [false, true]) {
  const how = authorization ? "that_took_the_token_along_it" : "the_token";
  behaviour(
    `client_H72_after_a_logout_${how}_is_nowhere_in_the_memory_of_the_wasm`,
    async (scene) => {
      const { page, context, at } = scene;
      await context.addInitScript(() => {
        const { instantiate } = WebAssembly;
        // Both forms of the call end here; whichever it was, the exports hold the memory.
        const patched = async (source: BufferSource, imports?: WebAssembly.Imports) => {
          const made = await instantiate(source, imports);
          const memory = Object.values(made.instance.exports).find(
            (one) => one instanceof WebAssembly.Memory,
          );
          Object.assign(globalThis, { memory });
          return made;
        };
        Object.assign(WebAssembly, { instantiate: patched });
      });
      await page.reload();
      await page.waitForFunction(() => "stage" in globalThis);
      const copies = (secrets: readonly string[]) =>
        page.evaluate((secrets) => {
          const bytes = new Uint8Array(
            (globalThis as unknown as { memory: WebAssembly.Memory }).memory.buffer,
          );
          const text = new TextDecoder("latin1").decode(bytes);
          return secrets.filter((secret) => text.includes(secret));
        }, secrets);

      scene.subject = "ann";
      await scene.started({ logout: { url: `${at.authority}/session/logout`, authorization } });
      await page.evaluate(({ api }) => keep.fetch(`${api}/x`), at);
      scene.valid.clear();
      await page.evaluate(({ api }) => keep.fetch(`${api}/x`), at);
      await page.evaluate(() => keep.withToken((token) => token.length));
      await page.evaluate(
        ({ authority }) => keep.signIn(`${authority}/session/refresh`, { method: "POST" }),
        at,
      );
      // Any sixteen characters of a token in a row. The header of a JWT is no secret.
      const pieces = (tokens: readonly string[]) =>
        tokens.flatMap((token) => token.slice(token.indexOf(".") + 1).match(/.{16}/g) ?? []);
      const [present, past] = [pieces(scene.granted.slice(-1)), pieces(scene.granted.slice(0, -1))];
      const differ = past.filter((piece) => !present.includes(piece));
      assert.deepEqual(
        (await copies(present)).length,
        present.length,
        "the search finds the token while it is there",
      );
      assert.deepEqual(await copies(differ), [], "tokens that were replaced are gone already");
      await page.evaluate(() => keep.logout());
      assert.deepEqual(await copies([...present, ...past]), []);
    },
  );
}
