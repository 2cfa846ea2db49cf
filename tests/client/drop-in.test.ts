// `keep.fetch` as the fetch of ky, openapi-fetch and axios, and a WebSocket that reconnects with a
// token that lives long enough.

import assert from "node:assert/strict";
import { WebSocketServer } from "ws";
import { bundled, Gate, hang, json, type Scene, scenes, script, until } from "./harness.ts";

const behaviour = scenes();

async function withClients(scene: Scene): Promise<void> {
  const program = await bundled("clients.ts");
  scene.app.on("/clients.js", () => script(program));
  await scene.page.addScriptTag({ url: "/clients.js", type: "module" });
  await scene.page.waitForFunction(() => "clients" in globalThis);
  await scene.started();
}

for (const name of ["ky", "openapi-fetch", "axios"]) {
  behaviour(
    `client_J81_${name}_a_401_causes_one_refresh_and_one_retry_with_the_same_body`,
    async (scene) => {
      const { page, api, at } = scene;
      await withClients(scene);
      scene.valid.clear();
      const answers = await page.evaluate(
        async ([{ api }, name]) => {
          const client = clients[name]!(api);
          const form = new FormData();
          form.append(
            "file",
            new Blob([Uint8Array.from({ length: 500 }, (_, n) => n % 256)]),
            "a.bin",
          );
          return [
            ...(await Promise.all([
              client.get("/get"),
              client.get("/get?a=b"),
              client.post("/post", { grüße: ["☃", 1] }),
            ])),
            await client.upload("/before", form),
          ];
        },
        [at, name] as const,
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200],
      );
      assert.equal(scene.refreshes(), 2);
      assert.equal(api.to("/get").length, 4);
      const [first, second] = api.to("/post");
      assert.ok(first && second && api.to("/post").length === 2);
      assert.deepEqual([first.token, second.token], scene.granted);
      assert.ok(first.body.equals(second.body));
      assert.deepEqual(JSON.parse(second.body.toString()), { grüße: ["☃", 1] });
      assert.equal(first.headers["content-type"], second.headers["content-type"]);

      // A form is refused too.
      scene.valid.clear();
      const upload = await page.evaluate(
        ([{ api }, name]) => {
          const form = new FormData();
          form.append(
            "file",
            new Blob([Uint8Array.from({ length: 500 }, (_, n) => n % 256)]),
            "a.bin",
          );
          return clients[name]!(api).upload("/upload", form);
        },
        [at, name] as const,
      );
      assert.equal(upload.status, 200);
      const [sent, again] = api.to("/upload");
      assert.ok(sent && again && sent.body.equals(again.body) && sent.body.length > 500);
      assert.match(again.headers["content-type"] ?? "", /^multipart\/form-data; ?boundary=/);
      assert.equal(sent.headers["content-type"], again.headers["content-type"]);
    },
  );

  behaviour(
    `client_J81_${name}_a_request_is_sent_twice_at_most_and_the_last_answer_is_the_callers`,
    async (scene) => {
      const { page, api, at } = scene;
      await withClients(scene);
      api.on("/never", () =>
        json({ told: api.to("/never").length }, 401, { "WWW-Authenticate": "Bearer" }),
      );
      api.on("/forbidden", () => json({ told: "no" }, 403));
      const answers = await page.evaluate(
        async ([{ api }, name]) => {
          const client = clients[name]!(api);
          return [await client.post("/never", { a: 1 }), await client.get("/forbidden")];
        },
        [at, name] as const,
      );
      assert.deepEqual(answers, [
        { status: 401, data: { told: 2 } },
        { status: 403, data: { told: "no" } },
      ]);
      assert.equal(api.to("/never").length, 2);
      assert.equal(api.to("/forbidden").length, 1);
      assert.equal(scene.refreshes(), 2);
    },
  );

  behaviour(
    `client_J81_${name}_an_abort_is_heard_while_the_refresh_is_out_and_while_the_retry_is`,
    async (scene) => {
      const { page, api, authority, at } = scene;
      await withClients(scene);
      const gate = new Gate();
      authority.on("/session/refresh", () => gate.opened.then(() => scene.grant()));
      scene.valid.clear();
      const call = (path: string) =>
        page.evaluate(
          ([{ api }, name, path]) => {
            const controller = new AbortController();
            Object.assign(globalThis, { controller });
            return stage.outcome(clients[name]!(api).post(path, { a: 1 }, controller.signal));
          },
          [at, name, path] as const,
        );
      const abort = () =>
        page.evaluate(() =>
          (globalThis as unknown as { controller: AbortController }).controller.abort(),
        );

      const during = call("/refused");
      await until(() => scene.refreshes() === 2, "the refresh");
      await abort();
      // axios has an error of its own for this.
      assert.match((await during).error?.name ?? "", /^(AbortError|CanceledError)$/);
      gate.open();
      await until(
        async () => (await scene.session()).generation === 2,
        "the refresh, for whoever comes next",
      );
      assert.equal(api.to("/refused").length, 1);

      scene.valid.clear();
      api.on("/slow", (request) =>
        api.to("/slow").length === 1 ? { status: 401 } : hang(request),
      );
      const retry = call("/slow");
      await until(() => api.to("/slow").length === 2, "the retry");
      await abort();
      assert.match((await retry).error?.name ?? "", /^(AbortError|CanceledError)$/);
      await until(() => api.to("/slow")[1]!.abandoned, "the connection to be let go");
    },
  );
}

behaviour("client_J361_keep_fetch_may_stand_in_the_place_of_the_pages_fetch", async (scene) => {
  const { page, at, api, foreign } = scene;
  await scene.keep();
  const seen = await page.evaluate(async ({ api, foreign }) => {
    const own = globalThis.fetch;
    const calls: string[] = [];
    // As wrappers do. It gives up where the two call each other without end.
    globalThis.fetch = (input, init) => {
      calls.push(new Request(input).url);
      return calls.length > 40 ? own(input, init) : keep.fetch(input, init);
    };
    const statuses = [];
    for (const url of [`${api}/orders`, `${foreign}/prices`])
      for (const call of [globalThis.fetch, keep.fetch]) statuses.push((await call(url)).status);
    globalThis.fetch = own;
    return { statuses, calls: calls.length };
  }, at);
  assert.deepEqual(seen.statuses, [200, 200, 200, 200]);
  assert.ok(seen.calls <= 10, `${seen.calls} calls`);
  assert.deepEqual(
    [...new Set(api.to("/orders").map(({ token }) => token))],
    scene.granted.slice(0, 1),
  );
  assert.deepEqual(
    foreign.to("/prices").map(({ token }) => token),
    [null, null],
  );
});

behaviour(
  "client_J82_a_websocket_reconnects_each_time_with_a_token_that_is_good_for_long_enough",
  async (scene) => {
    const { page, api, at } = scene;
    const [lifetime, minValidity] = [5, 3];
    scene.lifetime = lifetime;
    // The server cuts each connection after a while, as proxies do.
    const shown: string[] = [];
    const sockets = new WebSocketServer({ server: api.http });
    sockets.on("connection", (socket, request) => {
      shown.push(new URL(request.url ?? "", at.api).searchParams.get("access_token") ?? "");
      setTimeout(() => socket.close(), 400);
    });
    await scene.started({ leeway: 1, jitter: 0 });
    await page.evaluate(
      ([url, minValidity]) => {
        // The seconds that each token had left when it was lent, by the page's clock.
        const left: number[] = [];
        Object.assign(globalThis, { left });
        const connect = async () => {
          const socket = await keep.withToken(
            (token) => {
              left.push(((keep.session.expiresAt ?? 0) - Date.now()) / 1000);
              return new WebSocket(`${url}?access_token=${token}`);
            },
            { minValidity },
          );
          socket.onclose = () => void connect();
        };
        void connect();
      },
      [at.api.replace("http", "ws"), minValidity] as const,
    );
    await until(() => shown.length >= 12, "a dozen connections");
    const left = await page.evaluate(() => (globalThis as unknown as { left: number[] }).left);
    await page.evaluate(() => keep.close());
    sockets.close();
    for (const seconds of left) assert.ok(seconds >= minValidity - 0.1, `${seconds} s left`);
    assert.ok(shown.every((token) => scene.granted.includes(token)));
    assert.ok(new Set(shown).size < shown.length, "tokens are used more than once");
    const refreshed = (await scene.events())
      .filter((event) => event.type === "refreshed")
      .map(({ generation }) => generation);
    assert.deepEqual(
      refreshed,
      refreshed.map((_, n) => n + 1),
      "told once for each generation",
    );
    assert.ok(refreshed.length >= 2);
    assert.deepEqual(
      scene.errors.filter((error) => !error.includes("closed")),
      [],
    );
  },
);
