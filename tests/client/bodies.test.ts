// Bodies, signals and streamed answers: a body is sent again on the retry, a stream is not, and the
// caller's signal counts throughout.

import assert from "node:assert/strict";
import { Gate, hang, json, type Reply, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();

const kinds = [
  "string",
  "Blob",
  "FormData",
  "URLSearchParams",
  "ArrayBuffer",
  "Uint8Array",
  "DataView",
  "large",
] as const;

/** Posts a body of this kind, through the keep or, for comparison, by `fetch`. */
function post(
  { page, at }: Scene,
  kind: (typeof kinds)[number],
  how: "init" | "request" | "plain",
): Promise<number> {
  return page.evaluate(
    async ([{ api }, kind, how]) => {
      const bytes = Uint8Array.from({ length: 300 }, (_, n) => n % 256);
      const form = new FormData();
      form.append("text", "zwölf\r\nLöwen");
      form.append("file", new Blob([bytes], { type: "image/x" }), 'a"b.png');
      const bodies: Record<typeof kind, BodyInit> = {
        string: "grüße \u0000 ☃",
        Blob: new Blob([bytes, "tail"], { type: "application/x-mine" }),
        FormData: form,
        URLSearchParams: new URLSearchParams({ a: "1 2", b: "ü&=" }),
        ArrayBuffer: bytes.buffer,
        Uint8Array: bytes.subarray(7, 211),
        DataView: new DataView(bytes.buffer, 3, 100),
        large: new Blob(Array.from({ length: 3000 }, () => bytes)),
      };
      const init = { method: "PUT", body: bodies[kind] };
      const url = `${api}/${kind}/${how}`;
      const response =
        how === "plain"
          ? await fetch(url, init)
          : await (how === "init" ? keep.fetch(url, init) : keep.fetch(new Request(url, init)));
      return response.status;
    },
    [at, kind, how] as const,
  );
}

/** The line between the parts of a form differs each time. */
function comparable(body: Buffer, type: string | undefined): { body: string; type: string } {
  const line = /boundary=(\S+)/.exec(type ?? "")?.[1];
  const text = body.toString("latin1");
  return {
    body: line === undefined ? text : text.replaceAll(line, "LINE"),
    type: (type ?? "").replace(line ?? "LINE", "LINE"),
  };
}

for (const kind of kinds) {
  behaviour(`client_D36_a_body_of_kind_${kind}_is_byte_identical_on_the_retry`, async (scene) => {
    await scene.started();
    await post(scene, kind, "plain");
    for (const how of ["init", "request"] as const) {
      scene.valid.clear();
      assert.equal(await post(scene, kind, how), 200);
      const sent = scene.api.to(`/${kind}/${how}`);
      const [first, second] = sent;
      assert.ok(first && second && sent.length === 2, "sent twice");
      assert.ok(first.body.equals(second.body) && first.body.length > 0);
      assert.equal(first.headers["content-type"], second.headers["content-type"]);
      const [plain] = scene.api.to(`/${kind}/plain`);
      assert.deepEqual(
        comparable(second.body, second.headers["content-type"]),
        comparable(plain!.body, plain!.headers["content-type"]),
      );
    }
  });
}

behaviour("client_D37_a_one_shot_stream_is_sent_once_and_its_401_is_the_callers", async (scene) => {
  const { page, at } = scene;
  // Chromium streams uploads over HTTP/2 only. So a transport reads the body here, in place of the
  // network.
  const sent = await page.evaluate(async ({ authority, api }) => {
    const sent: { path: string; body: string; token: boolean }[] = [];
    const streaming = stage.make({
      refresh: `${authority}/session/refresh`,
      origins: [api],
      transport: async (request) => {
        if (request.url.startsWith(authority)) return fetch(request);
        const body = await request.text();
        sent.push({
          path: new URL(request.url).pathname,
          body,
          token: request.headers.has("Authorization"),
        });
        return new Response("refused", {
          status: 401,
          headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
        });
      },
    });
    await streaming.start();
    const stream = () => new Blob(["drop ", "by drop"]).stream().pipeThrough(new TransformStream());
    const once = { method: "POST", duplex: "half" } as const;
    const responses = [
      await streaming.fetch(`${api}/init`, { ...once, body: stream() } as RequestInit),
      await streaming.fetch(
        new Request(`${api}/request`, { ...once, body: stream() } as RequestInit),
      ),
      await streaming.fetch(new Request(`${api}/replaced`, { method: "POST", body: "old" }), {
        ...once,
        body: stream(),
      } as RequestInit),
      await streaming.fetch(
        new Request(
          `${api}/wrapped`,
          new Request(`${api}/`, { ...once, body: stream() } as RequestInit),
        ),
      ),
    ];
    return {
      sent,
      statuses: responses.map(({ status }) => status),
      texts: await Promise.all(responses.map((response) => response.text())),
    };
  }, at);
  assert.deepEqual(
    sent.sent,
    ["/init", "/request", "/replaced", "/wrapped"].map((path) => ({
      path,
      body: "drop by drop",
      token: true,
    })),
  );
  assert.deepEqual(sent.statuses, [401, 401, 401, 401]);
  assert.deepEqual(sent.texts, Array(4).fill("refused"));
});

/** Calls with a signal of the caller's, in each of the ways to pass one. */
async function callAndAbort(
  { page, at }: Scene,
  path: string,
  when: () => Promise<void>,
): Promise<void> {
  const outcomes = page.evaluate(
    async ([{ api }, path]) => {
      const controller = new AbortController();
      Object.assign(globalThis, { abort: () => controller.abort(new RangeError("my own reason")) });
      const { signal } = controller;
      return Promise.all([
        stage.outcome(keep.fetch(`${api}${path}`, { signal })),
        stage.outcome(
          keep.fetch(new Request(`${api}${path}`, { signal, method: "POST", body: "x" })),
        ),
      ]);
    },
    [at, path] as const,
  );
  await when();
  await page.evaluate(() => (globalThis as unknown as { abort(): void }).abort());
  for (const { error } of await outcomes)
    assert.deepEqual([error?.name, error?.message], ["RangeError", "my own reason"]);
}

behaviour("client_D38_a_signal_that_is_aborted_before_stops_the_call_unsent", async (scene) => {
  const { page, at, api } = scene;
  await scene.keep();
  const outcomes = await page.evaluate(async ({ api }) => {
    const own = { signal: AbortSignal.abort(new RangeError("my own reason")) };
    return Promise.all([
      stage.outcome(keep.fetch(`${api}/x`, own)),
      stage.outcome(keep.fetch(new Request(`${api}/x`, own))),
      stage.outcome(keep.withToken(() => "used", own)),
      stage.outcome(keep.fetch(`${api}/x`, { signal: AbortSignal.abort() })),
    ]);
  }, at);
  assert.deepEqual(
    outcomes.map(({ error }) => error?.name),
    ["RangeError", "RangeError", "RangeError", "AbortError"],
  );
  assert.equal(api.calls.length, 0);
});

behaviour("client_D38_a_signal_is_heard_while_the_start_is_awaited", async (scene) => {
  scene.authority.on("/session/refresh", hang);
  await scene.keep();
  await callAndAbort(scene, "/x", () => until(() => scene.refreshes() === 1, "the refresh"));
  assert.equal(scene.api.calls.length, 0);
});

behaviour("client_D38_a_signal_is_heard_during_the_first_sending", async (scene) => {
  await scene.started();
  scene.api.on("/x", hang);
  await callAndAbort(scene, "/x", () => until(() => scene.api.calls.length === 2, "both calls"));
  await until(
    () => scene.api.calls.every(({ abandoned }) => abandoned),
    "the connections to be let go",
  );
});

behaviour("client_D38_a_signal_is_heard_during_the_refresh", async (scene) => {
  await scene.started();
  const gate = new Gate();
  scene.authority.on("/session/refresh", () => gate.opened.then(() => scene.grant()));
  scene.valid.clear();
  await callAndAbort(scene, "/x", () =>
    until(() => scene.refreshes() === 2 && scene.api.calls.length === 2, "the refresh"),
  );
  gate.open();
  await until(
    async () => (await scene.session()).generation === 2,
    "the refresh to be finished for the others",
  );
  assert.equal(scene.api.calls.length, 2, "nothing is retried for somebody who has gone");
});

behaviour(
  "client_D38_a_signal_is_heard_during_the_retry_and_in_the_answers_body",
  async (scene) => {
    const { api, page, at } = scene;
    await scene.started();
    api.on("/x", ({ token }) =>
      token === scene.granted[0] ? { status: 401 } : new Promise<Reply>(() => undefined),
    );
    const hanging = () => api.calls.filter(({ token }) => token !== scene.granted[0]).length;
    await callAndAbort(scene, "/x", () => until(() => hanging() === 2, "both retries"));

    scene.valid.clear();
    api.on("/body", ({ token }) =>
      scene.valid.has(token ?? "")
        ? { stream: async (write) => (write("begun"), new Promise(() => undefined)) }
        : { status: 401 },
    );
    const { error } = await page.evaluate(async ({ api }) => {
      const controller = new AbortController();
      const response = await keep.fetch(`${api}/body`, { signal: controller.signal });
      const rest = stage.outcome(response.text());
      controller.abort(new RangeError("my own reason"));
      return rest;
    }, at);
    assert.deepEqual([error?.name, error?.message], ["RangeError", "my own reason"]);
  },
);

behaviour("client_D39_a_stream_of_events_is_passed_through_as_it_comes", async (scene) => {
  const { api, page, at } = scene;
  await scene.started();
  for (const [path, refused] of [
    ["/first", false],
    ["/retried", true],
  ] as const) {
    const gate = new Gate();
    if (refused) scene.valid.clear();
    api.on(path, ({ token }) =>
      scene.valid.has(token ?? "")
        ? {
            headers: { "Content-Type": "text/event-stream" },
            stream: async (write) => {
              write("data: 1\n\n");
              await gate.opened;
              write("data: 2\n\n");
            },
          }
        : json({}, 401),
    );
    const first = await page.evaluate(async (url) => {
      const response = await keep.fetch(url);
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      Object.assign(globalThis, { reader });
      return [response.headers.get("Content-Type"), (await reader.read()).value];
    }, at.api + path);
    // The first event is here although the server has not ended its answer.
    assert.deepEqual(first, ["text/event-stream", "data: 1\n\n"]);
    gate.open();
    const rest = await page.evaluate(async () => {
      const { reader } = globalThis as unknown as { reader: ReadableStreamDefaultReader<string> };
      let rest = "";
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
        rest += chunk.value;
      return rest;
    });
    assert.equal(rest, "data: 2\n\n");
  }
});
