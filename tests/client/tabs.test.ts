// Several tabs of one browser: their refreshes take turns, they share a session, and malformed
// messages change nothing.

import assert from "node:assert/strict";
import { Gate, hang, json, pause, type Scene, scenes, until } from "./harness.ts";
import { epochOf, message } from "./messages.ts";

const behaviour = scenes();
const REFRESH = "/session/refresh";

async function tabs(scene: Scene, count: number) {
  const others = await Promise.all(Array.from({ length: count - 1 }, () => scene.open()));
  return [scene.page, ...others];
}

behaviour("client_G59_tabs_that_hit_expiry_together_refresh_in_turn", async (scene) => {
  const { authority, at } = scene;
  scene.lifetime = 4;
  authority.on(REFRESH, async () => {
    await pause(120);
    return scene.grant();
  });
  const all = await tabs(scene, 4);
  for (const tab of all) await scene.started({ leeway: 1, jitter: 0 }, tab);
  const before = scene.refreshes();
  scene.lifetime = 900;
  scene.valid.clear();
  const statuses = await Promise.all(
    all.map((tab) =>
      tab.evaluate(
        ({ api }) =>
          Promise.all(
            Array.from({ length: 20 }, (_, n) =>
              keep.fetch(`${api}/${n}`).then(({ status }) => status),
            ),
          ),
        at,
      ),
    ),
  );
  assert.deepEqual(new Set(statuses.flat()), new Set([200]));
  await pause(1500);
  assert.ok(scene.refreshes() - before <= 4, `${scene.refreshes() - before} refreshes of 4 tabs`);
  assert.equal(authority.mostAtOnce(REFRESH), 1);
});

const deaths = {
  closed: (scene: Scene) => scene.page.close({ runBeforeUnload: false }),
  crashed: async ({ context, page }: Scene) => {
    const wire = await context.newCDPSession(page);
    void wire.send("Page.crash").catch(() => undefined);
    await new Promise<void>((resolve) => page.once("crash", () => resolve()));
  },
};

// A test can't crash a tab of Firefox.
const possible = Object.entries(deaths).filter(
  ([how]) => how === "closed" || process.env.BROWSER !== "firefox",
);

for (const [how, die] of possible) {
  behaviour(
    `client_G60_a_tab_that_is_${how}_with_the_lock_delays_the_others_within_the_bound`,
    async (scene) => {
      const second = await scene.open();
      await scene.started({ timeout: 2000 });
      await scene.started({ timeout: 2000 }, second);
      scene.authority.on(REFRESH, hang);
      await scene.page.evaluate(() => void keep.refresh().catch(() => undefined));
      await until(() => scene.refreshes() === 3, "the lock to be in use");
      scene.authority.on(REFRESH, () => scene.grant());
      const queued = second.evaluate(() =>
        stage.outcome(keep.refresh().then(({ generation }) => generation)),
      );
      const began = performance.now();
      await die(scene);
      assert.equal((await queued).value, 2);
      assert.ok(performance.now() - began < 30_000, "the hold bound, and a slow machine");
    },
  );
}

const locks: Record<string, () => void> = {
  missing: () => Object.defineProperty(Navigator.prototype, "locks", { value: undefined }),
  denied: () => {
    LockManager.prototype.request = () => Promise.reject(new DOMException("no", "SecurityError"));
  },
  throwing: () => {
    LockManager.prototype.request = () => {
      throw new DOMException("no", "SecurityError");
    };
  },
  hanging: () => {
    LockManager.prototype.request = () => new Promise(() => undefined);
  },
};

for (const [how, spoil] of Object.entries(locks)) {
  behaviour(`client_G61_with_locks_${how}_the_keep_works_unlocked`, async (scene) => {
    const { page, at } = scene;
    await page.evaluate(spoil);
    // A lock that never answers is waited for as long as this.
    await scene.started({ timeout: how === "hanging" ? 2_000 : 10_000 });
    scene.valid.clear();
    assert.equal(
      (await page.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/x`)), at)).value,
      200,
    );
    assert.equal(scene.refreshes(), 2);
    assert.ok(
      await page.evaluate(() => keep.explain().some(({ event }) => event === "lock-bypassed")),
    );
    await page.evaluate(() => keep.logout());
    assert.equal(scene.authority.to("/session/logout").length, 1);
    assert.deepEqual(scene.errors, []);
  });
}

const channels: Record<string, () => void> = {
  missing: () => Object.defineProperty(globalThis, "BroadcastChannel", { value: undefined }),
  // As in Firefox where cookies are blocked.
  denied: () => {
    globalThis.BroadcastChannel = class {
      constructor() {
        throw new DOMException("The operation is insecure.", "SecurityError");
      }
    } as unknown as typeof BroadcastChannel;
  },
  failing: () => {
    BroadcastChannel.prototype.postMessage = () => {
      throw new DOMException("no", "InvalidStateError");
    };
  },
};

for (const [how, spoil] of Object.entries(channels)) {
  behaviour(`client_G93_with_channels_${how}_the_tab_is_alone_and_works`, async (scene) => {
    const { page, at } = scene;
    await page.evaluate(spoil);
    await scene.started();
    scene.valid.clear();
    assert.equal(
      (await page.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/x`)), at)).value,
      200,
    );
    await page.evaluate(() => keep.logout());
    assert.equal((await scene.session()).reason, "logout");
    assert.deepEqual(scene.errors, []);
  });
}

behaviour(
  "client_G62_messages_of_others_of_other_versions_and_malformed_ones_are_ignored",
  async (scene) => {
    const { page, at } = scene;
    const second = await scene.open();
    await scene.started();
    const before = await page.evaluate(() => ({
      session: keep.session,
      length: keep.explain().length,
    }));
    const signedOut = message("signed-out", 5);
    const numbers: number[][] = [
      signedOut.slice(1),
      [...signedOut, 0],
      ...[0, 2, NaN, -1, 1.5].map((version) => message("signed-out", 5, [], { version })),
      ...[NaN, -1, 0.5, Infinity, 2 ** 53].map((epoch) => message("signed-out", epoch)),
      ...[0, 99, -4, NaN, 4.5].map((kind) => message("signed-out", 5, [], { kind })),
      message("turn-over", 5),
      message("signed-in", 5, ["subject"], { high: 2 ** 33 }),
      message("pause", 5, [], { time: 10_000 }),
    ];
    await second.evaluate(
      ([{ authority }, signedOut, numbers]) => {
        const ours = new BroadcastChannel(`tokenkeep:${authority}/session/refresh`);
        const odd: unknown[] = [
          null,
          undefined,
          "signed-out",
          7,
          {},
          { type: "logout" },
          signedOut,
          new Float64Array(),
          new Float64Array(1e6),
          new ArrayBuffer(56),
          new Float32Array(signedOut),
          new Uint8Array(signedOut),
          [new Float64Array(signedOut)],
          { data: new Float64Array(signedOut) },
        ];
        for (const message of [...odd, ...numbers.map((list) => new Float64Array(list))])
          ours.postMessage(message);
        for (const name of ["tokenkeep:another", `${authority}/session/refresh`])
          new BroadcastChannel(name).postMessage(new Float64Array(signedOut));
      },
      [at, signedOut, numbers] as const,
    );
    await pause(500);
    assert.deepEqual(
      await page.evaluate(() => ({ session: keep.session, length: keep.explain().length })),
      before,
    );
    assert.equal(scene.refreshes(), 1);
    assert.deepEqual(scene.errors, []);
    // The well-formed message is heard. So the others were not ignored for another reason.
    await second.evaluate(
      ([{ authority }, signedOut]) =>
        new BroadcastChannel(`tokenkeep:${authority}/session/refresh`).postMessage(
          new Float64Array(signedOut),
        ),
      [at, signedOut] as const,
    );
    await scene.reaches("anonymous");
  },
);

behaviour("client_G63_older_news_changes_nothing_and_no_news_is_sent_on", async (scene) => {
  const { page, at } = scene;
  const second = await scene.open();
  await scene.keep();
  await page.evaluate(async () => {
    for (const access_token of ["one", "two", "three"])
      await keep.adopt({ access_token, expires_in: 900 });
  });
  const listen = await second.evaluateHandle(({ authority }) => {
    const channel = new BroadcastChannel(`tokenkeep:${authority}/session/refresh`);
    const heard: number[][] = [];
    channel.onmessage = ({ data }: MessageEvent<Float64Array>) => void heard.push([...data]);
    return { channel, heard };
  }, at);
  const say = (...given: Parameters<typeof message>) =>
    listen.evaluate(
      ({ channel }, numbers) => channel.postMessage(new Float64Array(numbers)),
      message(...given),
    );
  const heard = () => listen.evaluate(({ heard }) => heard);
  // The tab answers a question with its epoch.
  await say("asking", 0);
  await until(async () => (await heard()).length === 1, "the answer");
  const epoch = epochOf((await heard())[0]!);
  const session = await scene.session();
  for (const kind of ["standing", "signed-in", "signed-out", "refreshed", "rejected"] as const)
    for (const older of [0, 1, epoch - 2, epoch - 1]) await say(kind, older, ["signedIn"]);
  await pause(400);
  assert.deepEqual(await scene.session(), session);
  assert.equal(scene.refreshes(), 0);
  assert.equal((await heard()).length, 1, "nothing was answered, nothing sent on");
  assert.equal(await page.evaluate(() => keep.withToken((token) => token)), "three");

  await say("signed-out", epoch + 1);
  await scene.reaches("anonymous");
  await pause(300);
  assert.equal((await heard()).length, 1, "a logout that was heard is not sent on");
});

behaviour(
  "client_G64_signing_in_is_joined_by_the_others_and_a_change_of_user_is_told",
  async (scene) => {
    const { page, authority, api, at } = scene;
    const second = await scene.open();
    authority.on(REFRESH, () => (scene.subject === null ? { status: 401 } : scene.grant()));
    authority.on("/session/sign-in", ({ body }) => {
      scene.subject = body.toString();
      return scene.grant({ name: "kept" });
    });
    for (const tab of [page, second]) {
      await scene.started({}, tab);
      assert.equal((await scene.session(tab)).status, "anonymous");
    }
    const signIn = (who: string) =>
      page.evaluate(
        ([{ authority }, who]) =>
          keep
            .signIn(`${authority}/session/sign-in`, { method: "POST", body: who })
            .then((reply) => reply.json()),
        [at, who] as const,
      );
    const claims = async () => (await scene.session(second)).claims?.["sub"];

    const reply = (await signIn("ann")) as object;
    assert.deepEqual(
      reply,
      { expires_in: 900, token_type: "Bearer", name: "kept" },
      "the reply without the token",
    );
    await until(async () => (await claims()) === "ann", "the other tab to join");
    assert.ok((await scene.events(second)).every(({ type }) => type !== "user-changed"));

    // Meanwhile the other tab sends requests.
    await second.evaluate(({ api }) => {
      const go = async () => {
        while (keep.session.claims?.["sub"] !== "bob")
          await keep.fetch(`${api}/loop?${(serial += 1)}`).catch(() => undefined);
      };
      let serial = 0;
      Object.assign(globalThis, { going: Promise.all([go(), go()]) });
    }, at);
    await until(() => api.to("/loop").length > 5, "some requests");
    await second.evaluate(
      () =>
        void keep.on("user-changed", () =>
          Object.assign(globalThis, { told: keep.session.claims?.["sub"] }),
        ),
    );
    await signIn("bob");
    await until(async () => (await claims()) === "bob", "the other tab to follow");
    assert.deepEqual(
      (await scene.events(second)).filter(({ type }) => type === "user-changed").length,
      1,
    );
    assert.equal(
      await second.evaluate(() => (globalThis as unknown as { told: string }).told),
      "bob",
    );
    await second.evaluate(
      ({ api }) =>
        (globalThis as unknown as { going: Promise<unknown> }).going.then(() =>
          keep.fetch(`${api}/loop?1000000`),
        ),
      at,
    );
    // In the order in which the page made them: two connections may be served in another.
    const users = api
      .to("/loop")
      .toSorted((one, other) => Number(one.search.slice(1)) - Number(other.search.slice(1)))
      .map(
        ({ token }) =>
          token && JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()).sub,
      );
    const switched = users.indexOf("bob");
    assert.ok(switched > 0);
    assert.deepEqual(
      [new Set(users.slice(0, switched)), new Set(users.slice(switched))],
      [new Set(["ann"]), new Set(["bob"])],
    );
    assert.equal(authority.mostAtOnce(REFRESH), 1);
  },
);

behaviour("client_G65_a_logout_reaches_every_tab_within_a_second", async (scene) => {
  const all = await tabs(scene, 3);
  for (const tab of all) await scene.started({}, tab);
  const wiped = all
    .slice(1)
    .map((tab) =>
      tab.evaluate(() =>
        stage.until(() => keep.session.status === "anonymous").then(() => Date.now()),
      ),
    );
  const began = await scene.page.evaluate(() => {
    void keep.logout();
    return Date.now();
  });
  for (const at of await Promise.all(wiped))
    assert.ok(at - began <= 20_000, `${at - began} ms: a moment, and a slow machine`);
  for (const tab of all.slice(1)) {
    assert.deepEqual((await scene.events(tab)).at(-1), {
      type: "signed-out",
      reason: "logout-elsewhere",
    });
    await tab.evaluate(({ api }) => keep.fetch(`${api}/after`), scene.at);
  }
  assert.deepEqual(
    scene.api.to("/after").map(({ token }) => token),
    [null, null],
  );
  assert.equal(scene.authority.to("/session/logout").length, 1);
});

behaviour("client_G66_a_tab_opened_in_the_middle_of_a_refresh_waits_its_turn", async (scene) => {
  const { page, authority, at } = scene;
  await scene.started({ timeout: 30_000 });
  const gate = new Gate();
  authority.on(REFRESH, async () => {
    await gate.opened;
    return scene.grant();
  });
  const first = page.evaluate(() => keep.refresh().then(({ generation }) => generation));
  await until(() => scene.refreshes() === 2, "the refresh");
  const second = await scene.open();
  await scene.keep({ timeout: 30_000 }, second);
  const started = second.evaluate(
    ({ api }) => keep.fetch(`${api}/new`).then(({ status }) => status),
    at,
  );
  await pause(500);
  assert.equal(scene.refreshes(), 2);
  gate.open();
  assert.equal(await first, 2);
  assert.equal(await started, 200);
  assert.equal(authority.mostAtOnce(REFRESH), 1);
});

behaviour(
  "client_G67_a_reload_that_loses_the_answer_of_a_refresh_finds_the_session_again",
  async (scene) => {
    const { page, context, authority } = scene;
    await context.addCookies([
      { name: "refresh", value: "r1", domain: "localhost", path: "/session", httpOnly: true },
    ]);
    // The authority rotates its cookie, and accepts the previous one within a grace window.
    let current = 1;
    const gate = new Gate();
    authority.on(REFRESH, async ({ headers }) => {
      const shown = Number(/refresh=r(\d+)/.exec(headers.cookie ?? "")?.[1]);
      if (shown !== current && shown !== current - 1) return json({ error: "invalid_grant" }, 400);
      current += 1;
      const given = current;
      if (given === 3) await gate.opened;
      const reply = scene.grant();
      return {
        ...reply,
        headers: { ...reply.headers, "Set-Cookie": `refresh=r${given}; Path=/session; HttpOnly` },
      };
    });
    await scene.started();
    await page.evaluate(() => void keep.refresh().catch(() => undefined));
    await until(() => scene.refreshes() === 2, "the refresh whose answer will be lost");
    await page.reload();
    gate.open();
    await page.waitForFunction(() => "stage" in globalThis);
    await scene.started();
    assert.equal((await scene.session()).status, "authenticated");
  },
);
