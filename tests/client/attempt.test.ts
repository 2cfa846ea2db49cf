// keep.attempt: the rule of keep.fetch for what sends by itself. Here XMLHttpRequest does.

import assert from "node:assert/strict";
import { Gate, json, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();

/** What an XMLHttpRequest came to. */
interface Answered {
  readonly status: number;
  readonly text: string;
  readonly challenge: string;
}

/** Makes `xhr` and `refused` in the page: the two functions that an application would write. */
async function withXhr({ page }: Scene): Promise<void> {
  await page.evaluate(() => {
    Object.assign(globalThis, {
      xhr: (url: string) => (token: string | null) =>
        new Promise<Answered>((resolve, reject) => {
          const call = new XMLHttpRequest();
          call.open("POST", url);
          if (token !== null) call.setRequestHeader("Authorization", `Bearer ${token}`);
          call.onload = () =>
            resolve({
              status: call.status,
              text: call.responseText,
              challenge: call.getResponseHeader("WWW-Authenticate") ?? "",
            });
          call.onerror = () => reject(new TypeError("the network failed"));
          call.send("a body");
        }),
      refused: ({ status, challenge }: Answered) => status === 401 && challenge,
    });
  });
}

declare function xhr(url: string): (token: string | null) => Promise<Answered>;
declare function refused(outcome: Answered): string | false;

const post = (scene: Scene, path: string, origin = scene.at.api) =>
  scene.page.evaluate((url) => stage.outcome(keep.attempt(url, xhr(url), refused)), origin + path);

const challenge = (text: string) => ({ status: 401, headers: { "WWW-Authenticate": text } });

const tokens = ({ api }: Scene, path: string) => api.to(path).map(({ token }) => token);

behaviour(
  "client_D125_attempts_and_fetches_share_one_refresh_and_one_retry_each",
  async (scene) => {
    // Nobody has called start(): the first attempt does, and waits for it.
    await scene.keep();
    await withXhr(scene);
    const first = await post(scene, "/first");
    assert.equal((first.value as Answered).status, 200);
    assert.deepEqual(tokens(scene, "/first"), [scene.granted[0]]);
    scene.valid.clear();
    const statuses = await scene.page.evaluate(
      ({ api }) =>
        Promise.all(
          Array.from({ length: 20 }, async (_, n) =>
            n % 2 === 0
              ? (await keep.fetch(`${api}/${n}`)).status
              : (await keep.attempt(`${api}/${n}`, xhr(`${api}/${n}`), refused)).status,
          ),
        ),
      scene.at,
    );
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal(scene.refreshes(), 2, "one to start, one for all of them");
    for (let n = 0; n < 20; n++) assert.deepEqual(tokens(scene, `/${n}`), scene.granted);
    assert.deepEqual(scene.api.to("/1")[1]?.body.toString(), "a body");
  },
);

behaviour(
  "client_D125_a_late_refusal_of_an_older_token_is_retried_without_a_refresh",
  async (scene) => {
    const { api, page, at } = scene;
    await scene.started();
    await withXhr(scene);
    const gate = new Gate();
    api.on("/late", async ({ token }) => {
      if (token !== scene.granted[0]) return json({});
      await gate.opened;
      return challenge('Bearer error="invalid_token"');
    });
    const late = post(scene, "/late");
    await until(() => api.to("/late").length === 1, "the request to arrive");
    await page.evaluate(() => keep.refresh());
    gate.open();
    assert.equal(((await late).value as Answered).status, 200);
    assert.equal(scene.refreshes(), 2, "the start and the call by name");
    assert.deepEqual(tokens(scene, "/late"), scene.granted);
    assert.equal(at.api, api.origin);
  },
);

behaviour("client_D126_an_attempt_reads_the_challenge_as_fetch_does", async (scene) => {
  const { api, at } = scene;
  await scene.started();
  await withXhr(scene);
  api.on("/strong", () =>
    challenge('Bearer error="insufficient_user_authentication", acr_values="mfa", max_age=5'),
  );
  api.on("/scope", () => challenge('Bearer error="insufficient_scope"'));
  api.on("/never", () => challenge('Bearer error="invalid_token"'));
  for (const path of ["/strong", "/scope"])
    assert.equal(((await post(scene, path)).value as Answered).status, 401);
  assert.equal(scene.refreshes(), 1);
  assert.equal(((await post(scene, "/never")).value as Answered).status, 401);
  // An API that accepts no token at all causes no storm of refreshes.
  for (let n = 0; n < 5; n++)
    assert.equal(((await post(scene, "/never")).value as Answered).status, 401);
  assert.equal(scene.refreshes(), 2);
  assert.deepEqual([api.to("/strong").length, api.to("/scope").length], [1, 1]);
  assert.equal(api.to("/never").length, 7);
  assert.deepEqual(
    (await scene.events()).filter(({ type }) => /step-up|rejected/.test(type)),
    [
      { type: "step-up", acrValues: ["mfa"], maxAge: 5, url: `${at.api}/strong` },
      { type: "rejected-fresh-token", url: `${at.api}/never` },
    ],
  );
});

behaviour("client_D126_true_and_an_empty_text_are_refusals_without_a_challenge", async (scene) => {
  await scene.started();
  const tried = await scene.page.evaluate(async ({ api }) => {
    const seen: unknown[] = [];
    // What is neither true nor a text is no refusal: an `async` function gives a promise.
    const answers = [true, "", false, undefined, 1, Promise.resolve(true)];
    for (const answer of answers) {
      let sent = 0;
      await keep.attempt(
        api,
        () => ++sent,
        (outcome) => (outcome === 1 ? (answer as boolean) : false),
      );
      seen.push(sent);
    }
    return seen;
  }, scene.at);
  assert.deepEqual(tried, [2, 2, 1, 1, 1, 1]);
  assert.equal(scene.refreshes(), 3);
});

behaviour("client_D127_where_no_token_may_go_send_gets_null_and_is_called_once", async (scene) => {
  const { page, at } = scene;
  await scene.keep();
  const tried = await page.evaluate(async ({ api, foreign }) => {
    const tokens: (string | null)[] = [];
    let asked = 0;
    const attempt = (url: string | URL) =>
      keep.attempt(
        url,
        (token) => tokens.push(token),
        () => ++asked > 0,
      );
    // Another origin does not wait for the start.
    await attempt(foreign);
    const before = keep.session.status;
    await attempt(new URL(api.replace("http:", "https:")));
    await attempt("wss://example.com");
    await keep.start();
    await keep.logout();
    await attempt(api);
    return { tokens, before, asked };
  }, at);
  assert.deepEqual(tried, { tokens: [null, null, null, null], before: "unknown", asked: 0 });
  assert.equal(scene.refreshes(), 1);
});

behaviour("client_D128_what_send_and_refused_throw_is_the_callers", async (scene) => {
  await scene.started();
  const outcomes = await scene.page.evaluate(
    ({ api }) =>
      Promise.all(
        [
          keep.attempt(
            api,
            () => {
              throw new RangeError("at once");
            },
            () => true,
          ),
          keep.attempt(
            api,
            () => Promise.reject(new RangeError("later")),
            () => true,
          ),
          keep.attempt(
            api,
            () => 1,
            () => {
              throw new RangeError("in refused");
            },
          ),
          keep.attempt(
            "http://",
            () => 1,
            () => false,
          ),
        ].map((attempt) => stage.outcome(attempt)),
      ),
    scene.at,
  );
  assert.deepEqual(
    outcomes.map(({ error }) => [error?.name, error?.message].join(": ")).slice(0, 3),
    ["RangeError: at once", "RangeError: later", "RangeError: in refused"],
  );
  assert.equal(outcomes[3]?.error?.name, "TypeError", "no address");
  assert.equal(scene.refreshes(), 1);
  assert.equal((await scene.session()).status, "authenticated");
});

behaviour("client_D128_a_send_that_never_settles_holds_nobody_up", async (scene) => {
  await scene.started();
  const { settled, inside } = await scene.page.evaluate(async ({ api }) => {
    let settled = false;
    void keep
      .attempt(
        api,
        () => new Promise(() => undefined),
        () => true,
      )
      .finally(() => (settled = true));
    // Any method may be called while one is being sent, the same one included.
    const inside = await keep.attempt(
      api,
      async () => {
        await keep.refresh();
        const { status } = await keep.fetch(`${api}/inside`);
        return keep.attempt(
          api,
          () => status,
          () => false,
        );
      },
      () => false,
    );
    await keep.logout();
    return { settled, inside };
  }, scene.at);
  assert.deepEqual([settled, inside], [false, 200]);
  assert.equal((await scene.session()).reason, "logout");
});

behaviour("client_D128_a_sign_out_while_it_is_sent_leaves_the_first_outcome", async (scene) => {
  const { authority } = scene;
  await scene.started();
  const tried = await scene.page.evaluate(async ({ api }) => {
    let sent = 0;
    const outcome = await keep.attempt(
      api,
      async () => {
        await keep.logout();
        return ++sent;
      },
      () => true,
    );
    return [outcome, sent];
  }, scene.at);
  assert.deepEqual(tried, [1, 1]);
  assert.equal(scene.refreshes(), 1);
  // In the middle of its refresh.
  authority.on("/session/sign-in", () => scene.grant());
  await scene.page.evaluate(
    ({ authority }) => keep.signIn(`${authority}/session/sign-in`, { method: "POST" }),
    scene.at,
  );
  const gate = new Gate();
  authority.on("/session/refresh", async () => {
    await gate.opened;
    return scene.grant();
  });
  const refused = scene.page.evaluate(async ({ api }) => {
    const tokens: (string | null)[] = [];
    await keep.attempt(
      api,
      (token) => tokens.push(token),
      () => true,
    );
    return tokens;
  }, scene.at);
  await until(() => scene.refreshes() === 2, "the refresh to be under way");
  const left = scene.page.evaluate(() => keep.logout());
  await scene.reaches("anonymous");
  gate.open();
  await left;
  assert.deepEqual(await refused, [scene.granted[1]]);
});

for (const [how, answer] of Object.entries({
  "503": { status: 503 },
  html: { headers: { "Content-Type": "text/html" }, body: "<p>" },
})) {
  behaviour(
    `client_D128_the_first_outcome_stays_when_the_refresh_fails_by_${how}`,
    async (scene) => {
      await scene.started({ backoff: { base: 60_000, max: 60_000 } });
      scene.authority.on("/session/refresh", () => answer);
      scene.api.on("/mine", () => challenge("Bearer"));
      await withXhr(scene);
      const { value } = await post(scene, "/mine");
      assert.deepEqual(value, { status: 401, text: "", challenge: "Bearer" });
      assert.equal(scene.api.calls.length, 1);
      assert.equal((await scene.session()).status, "authenticated");
    },
  );
}

behaviour("client_D128_after_close_an_attempt_rejects_and_sends_nothing", async (scene) => {
  await scene.started();
  const { sent, error } = await scene.page.evaluate(async ({ api }) => {
    let sent = 0;
    const attempt = () =>
      keep.attempt(
        api,
        () => ++sent,
        () => false,
      );
    keep.close();
    const { error } = await stage.outcome(attempt());
    return { sent, error };
  }, scene.at);
  assert.deepEqual([sent, error?.code], [0, "closed"]);
});
