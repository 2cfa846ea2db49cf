// Requests and answers pass through the worker as they would through the page's own fetch.

import assert from "node:assert/strict";
import { Gate, hang, json, pause, type Reply, scenes, until } from "../harness.ts";
import { liveIn } from "./hosted.ts";

const behaviour = scenes();

const KINDS = [
  "string",
  "URLSearchParams",
  "Blob",
  "Blob_with_a_type",
  "ArrayBuffer",
  "view",
  "FormData",
  "Request",
  "nothing",
] as const;

for (const kind of KINDS) {
  behaviour(
    `client_W12_a_body_of_kind_${kind}_is_what_the_page_would_send_also_on_the_retry`,
    async (scene) => {
      const { page, api, at } = scene;
      await liveIn("dedicated", page);
      await scene.started();
      // The first token is refused once, so the body is sent twice.
      api.on("/body", ({ token }) =>
        token === scene.granted[0] ? { status: 401 } : { status: 204 },
      );
      api.on("/plain", () => ({ status: 204 }));
      await page.evaluate(
        async ([{ api }, kind]) => {
          const bodyOf = (): BodyInit | null => {
            if (kind === "string" || kind === "Request") return "grüße";
            if (kind === "URLSearchParams") return new URLSearchParams({ a: "b c", d: "é" });
            if (kind === "Blob") return new Blob(["blob"]);
            if (kind === "Blob_with_a_type") return new Blob(["blob"], { type: "text/x-Mine" });
            if (kind === "ArrayBuffer") return new Uint8Array([0, 255, 1]).buffer;
            if (kind === "view") return new Uint8Array([9, 0, 255, 1, 9]).subarray(1, 4);
            if (kind === "nothing") return null;
            const form = new FormData();
            form.set("name", "value");
            form.set("file", new File(["content"], "a.txt", { type: "text/plain" }));
            return form;
          };
          const init = () => ({ method: "POST", body: bodyOf() });
          const input = (path: string): Parameters<typeof fetch> =>
            kind === "Request" ? [new Request(`${api}${path}`, init())] : [`${api}${path}`, init()];
          await fetch(...input("/plain"));
          await keep.fetch(...input("/body"));
        },
        [at, kind] as const,
      );
      const [plain] = api.to("/plain");
      const sent = api.to("/body");
      assert.equal(sent.length, 2);
      // The boundary of a form differs each time.
      const boundary = (type = "") => /boundary=(.*)/.exec(type)?.[1] ?? "none";
      for (const { headers, body } of sent) {
        const own = boundary(headers["content-type"]);
        const others = boundary(plain?.headers["content-type"]);
        assert.equal(headers["content-type"]?.replace(own, others), plain?.headers["content-type"]);
        assert.equal(
          body.toString("latin1").replaceAll(own, others),
          plain?.body.toString("latin1"),
        );
      }
    },
  );
}

behaviour("client_W12_a_large_file_costs_no_copy_in_the_page", async (scene) => {
  const { page, api, at } = scene;
  await liveIn("dedicated", page);
  await scene.started();
  api.on("/file", ({ body }) => json({ size: body.length }));
  const { size, bytes } = await page.evaluate(async ({ api }) => {
    const file = new File([new Uint8Array(64 << 20)], "large.bin");
    let bytes = 0;
    const { postMessage } = MessagePort.prototype;
    MessagePort.prototype.postMessage = function (
      this: MessagePort,
      message: unknown[],
      ...rest: []
    ) {
      for (const part of message) if (part instanceof ArrayBuffer) bytes += part.byteLength;
      return postMessage.call(this, message, ...rest);
    } as typeof postMessage;
    const response = await keep.fetch(`${api}/file`, { method: "POST", body: file });
    return { bytes, ...((await response.json()) as { size: number }) };
  }, at);
  assert.deepEqual([size, bytes], [64 << 20, 0]);
});

behaviour("client_W13_a_one_shot_stream_is_sent_once_and_its_401_is_the_callers", async (scene) => {
  const { page, api, at } = scene;
  await liveIn("dedicated", page);
  await scene.started();
  api.on("/stream", () => ({ status: 401 }));
  const outcome = await page.evaluate(async ({ api }) => {
    const body = new Blob(["once"]).stream();
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    return stage.outcome(keep.fetch(`${api}/stream`, init));
  }, at);
  // HTTP/1.1 carries no such body in Chromium: then it is a failure, and nothing was sent.
  if (outcome.error) assert.equal(outcome.error.name, "TypeError");
  else assert.equal(outcome.value, 401);
  assert.ok(api.to("/stream").length <= 1);
});

behaviour("client_W361_a_request_has_the_referrer_that_its_caller_names", async (scene) => {
  const { page, api, at } = scene;
  await liveIn("dedicated", page);
  await scene.started();
  for (const path of ["/plain", "/kept"]) api.on(path, () => ({ status: 204 }));
  await page.evaluate(async ({ api }) => {
    const inits: RequestInit[] = [
      { referrer: "" },
      { referrer: "/other", referrerPolicy: "unsafe-url" },
      { referrer: "/other" },
    ];
    for (const init of inits) {
      await fetch(`${api}/plain`, init);
      await keep.fetch(`${api}/kept`, init);
    }
  }, at);
  const referrers = (path: string) => api.to(path).map(({ headers }) => headers.referer);
  assert.deepEqual(referrers("/kept"), [undefined, `${at.app}/other`, `${at.app}/`]);
  assert.deepEqual(referrers("/kept"), referrers("/plain"));
});

behaviour("client_W14_an_answer_says_what_that_of_a_plain_fetch_says", async (scene) => {
  const { page, api, at } = scene;
  await liveIn("dedicated", page);
  await scene.started();
  const answers: Record<string, Reply> = {
    "/ok": { headers: { "Content-Type": "text/plain", "X-Mine": "é" }, body: "text" },
    "/empty": { headers: { "Content-Type": "text/plain" }, body: "" },
    "/created": json({ made: true }, 201),
    "/none": { status: 204 },
    "/unchanged": { status: 304 },
    "/missing": json({ error: "missing" }, 404),
    "/broken": { status: 500, body: "no" },
    "/odd": { status: 299, body: "odd" },
    "/moved": { status: 302, headers: { Location: "/ok" } },
  };
  for (const [path, reply] of Object.entries(answers)) api.on(path, () => reply);
  const seen = await page.evaluate(
    async ([{ api }, paths]) => {
      const describe = async (response: Response) => {
        const { url, redirected, type, status, statusText, ok, headers, bodyUsed } = response;
        const body = response.body !== null;
        const copy = response.status === 0 ? response : response.clone();
        const { url: copied } = copy;
        const texts = status === 0 ? [] : [await copy.text(), await response.text()];
        return {
          ...{ url, copied, redirected, type, status, statusText, ok, bodyUsed, body, texts },
          used: response.bodyUsed,
          isResponse: response instanceof Response,
          headers: [...headers].filter(([name]) => name !== "date"),
        };
      };
      const rows = [];
      for (const path of paths)
        for (const init of [{}, { method: "HEAD" }, { redirect: "manual" as const }])
          rows.push([
            await describe(await fetch(`${api}${path}#part`, init)),
            await describe(await keep.fetch(`${api}${path}#part`, init)),
          ]);
      return rows;
    },
    [at, Object.keys(answers)] as const,
  );
  for (const [plain, kept] of seen) {
    // Chromium gives a body to some answers that can have none.
    const own = [204, 304].includes(plain!.status) ? { body: false, used: false } : {};
    assert.deepEqual(kept, { ...plain, ...own });
  }
  assert.equal(seen.length, 27);
});

behaviour(
  "client_W15_a_stream_is_passed_on_as_it_comes_and_fills_a_readers_own_buffer",
  async (scene) => {
    const { page, api, at } = scene;
    await liveIn("dedicated", page);
    await scene.started();
    const gate = new Gate();
    api.on("/events", () => ({
      headers: { "Content-Type": "text/event-stream" },
      stream: async (write) => {
        write("data: one\n\n");
        await gate.opened;
        write("data: two\n\n");
      },
    }));
    const first = await page.evaluate(async ({ api }) => {
      const { body } = await keep.fetch(`${api}/events`);
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
      Object.assign(globalThis, { reader });
      return (await reader.read()).value;
    }, at);
    assert.equal(first, "data: one\n\n");
    gate.open();
    const rest = await page.evaluate(async () => {
      const { reader } = globalThis as unknown as { reader: ReadableStreamDefaultReader<string> };
      const second = await reader.read();
      return [second.value, (await reader.read()).done];
    });
    assert.deepEqual(rest, ["data: two\n\n", true]);
    api.on("/bytes", () => ({ body: Buffer.from("0123456789") }));
    const own = await page.evaluate(async ({ api }) => {
      const { body } = await keep.fetch(`${api}/bytes`);
      const reader = body!.getReader({ mode: "byob" });
      const texts = [];
      for (;;) {
        const { value, done } = await reader.read(new Uint8Array(4));
        if (done) return texts;
        texts.push(new TextDecoder().decode(value));
      }
    }, at);
    assert.equal(own.join(""), "0123456789");
  },
);

behaviour(
  "client_W16_a_reader_that_stops_costs_at_most_two_mebibytes_and_one_that_cancels_stops_the_server",
  async (scene) => {
    const { page, api, at } = scene;
    await liveIn("dedicated", page);
    await scene.started();
    let written = 0;
    let ended = false;
    api.http.on("connection", (socket) => socket.setNoDelay(true));
    api.on("/endless", () => ({
      stream: async (write) => {
        const piece = "x".repeat(64 << 10);
        for (; !ended && written < 200 << 20; await pause(0)) {
          write(piece);
          written += piece.length;
        }
      },
    }));
    await page.evaluate(async ({ api }) => {
      const passed = { bytes: 0 };
      const { set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage")!;
      Object.assign(globalThis, { passed, set });
      const response = await keep.fetch(`${api}/endless`);
      const reader = response.body!.getReader();
      await reader.read();
      Object.assign(globalThis, { reader });
    }, at);
    // The server writes into buffers of the system; what counts is what is asked of the page.
    const [call] = api.to("/endless");
    await pause(1500);
    const queued = await page.evaluate(async () => {
      const { reader } = globalThis as unknown as {
        reader: ReadableStreamDefaultReader<Uint8Array>;
      };
      let bytes = 0;
      // What is there already is read without waiting for the network.
      for (;;) {
        const next = await Promise.race([
          reader.read(),
          new Promise<null>((resolve) => setTimeout(() => resolve(null), 0)),
        ]);
        if (next?.value === undefined || bytes > 16 << 20) return bytes;
        bytes += next.value.length;
        if (bytes >= 1 << 20) return bytes;
      }
    });
    assert.ok(queued <= 2 << 20, `${queued} bytes`);
    await page.evaluate(() =>
      (globalThis as unknown as { reader: ReadableStreamDefaultReader }).reader.cancel(),
    );
    await until(() => call!.end !== null, "the server to hear of it");
    ended = true;
    assert.ok(call?.abandoned);
  },
);

behaviour(
  "client_W17_an_abort_gives_the_callers_own_reason_and_hurts_nobody_else",
  async (scene) => {
    const { page, api, authority, at } = scene;
    await liveIn("dedicated", page);
    await scene.started();
    api.on("/slow", hang);
    api.on("/begun", () => ({
      stream: async (write) => (write("a"), new Promise(() => undefined)),
    }));
    const reasons = await page.evaluate(async ({ api }) => {
      const told: unknown[] = [];
      const tell = async (promise: Promise<unknown>) =>
        promise.then(
          () => told.push("done"),
          (error: unknown) => told.push(error),
        );
      const before = AbortSignal.abort("before");
      await tell(keep.fetch(`${api}/x`, { signal: before }));
      const during = new AbortController();
      const call = tell(keep.fetch(`${api}/slow`, { signal: during.signal }));
      setTimeout(() => during.abort("during"), 200);
      await call;
      const body = new AbortController();
      const response = await keep.fetch(`${api}/begun`, { signal: body.signal });
      const text = tell(response.text());
      body.abort("in the body");
      await text;
      const form = new AbortController();
      const sent = tell(
        keep.fetch(`${api}/slow`, { method: "POST", body: new Blob(["x"]), signal: form.signal }),
      );
      form.abort("with a body");
      await sent;
      return told;
    }, at);
    assert.deepEqual(reasons, ["before", "during", "in the body", "with a body"]);
    await until(
      () => api.to("/slow").every(({ abandoned }) => abandoned),
      "the server to hear of it",
    );
    // While a refresh is awaited: one caller goes, the other gets an answer.
    const gate = new Gate();
    authority.on("/session/refresh", () => gate.opened.then(() => scene.grant()));
    scene.valid.clear();
    const both = page.evaluate(async ({ api }) => {
      const controller = new AbortController();
      Object.assign(globalThis, { controller });
      return Promise.allSettled([
        keep.fetch(`${api}/x`, { signal: controller.signal }),
        keep.fetch(`${api}/y`).then(({ status }) => status),
      ]);
    }, at);
    await until(() => scene.refreshes() === 2 && api.calls.length >= 2, "the refresh");
    await page.evaluate(() =>
      (globalThis as unknown as { controller: AbortController }).controller.abort("waiting"),
    );
    gate.open();
    const [gone, stayed] = await both;
    assert.equal(gone?.status === "rejected" && gone.reason, "waiting");
    assert.equal(stayed?.status === "fulfilled" && stayed.value, 200);
  },
);

behaviour(
  "client_W17_a_call_that_is_aborted_before_the_worker_is_there_is_not_sent",
  async (scene) => {
    const { page, api, at } = scene;
    await liveIn("dedicated", page);
    await scene.keep();
    const told = await page.evaluate(async ({ api }) => {
      const controller = new AbortController();
      const { signal } = controller;
      const gone = [
        keep.fetch(`${api}/gone`, { signal }),
        keep.fetch(`${api}/gone`, { signal, method: "POST", body: "x" }),
      ].map((one) => one.catch((error: unknown) => error));
      controller.abort("at once");
      const reasons = await Promise.all(gone);
      return [...reasons, (await keep.fetch(`${api}/next`)).status];
    }, at);
    assert.deepEqual(told, ["at once", "at once", 200]);
    assert.deepEqual(
      api.calls.map(({ path }) => path),
      ["/next"],
    );
  },
);

behaviour("client_W18_failures_are_of_the_same_classes_as_in_the_page", async (scene) => {
  const { page, api, authority, at } = scene;
  await liveIn("dedicated", page);
  await scene.started();
  api.on("/cut", () => ({ cut: true }));
  api.on("/half", () => ({
    headers: { "Content-Length": "10" },
    stream: async (write) => {
      write("half");
      await pause(100);
      throw new Error("cut");
    },
  }));
  authority.on("/session/refresh", () => ({ status: 503, headers: { "Retry-After": "30" } }));
  const told = await page.evaluate(async ({ api }) => {
    const response = await keep.fetch(`${api}/half`);
    return [
      await stage.outcome(keep.fetch(`${api}/cut`)),
      await stage.outcome(response.text()),
      await stage.outcome(keep.refresh()),
      await keep.refresh().catch((error: unknown) => error instanceof stage.TokenKeepError),
    ] as const;
  }, at);
  assert.deepEqual(
    told.slice(0, 2).map((one) => (one as { error?: { name: string } }).error?.name),
    ["TypeError", "TypeError"],
  );
  const { error } = told[2];
  assert.deepEqual(
    [error?.code, error?.status, error?.retryable],
    ["refresh_unreachable", 503, true],
  );
  assert.ok((error?.retryAfter ?? 0) > 20);
  assert.equal(told[3], true);
});

behaviour(
  "client_W19_the_session_is_there_before_the_answer_and_no_token_goes_after_a_logout",
  async (scene) => {
    const { page, api, at } = scene;
    await liveIn("dedicated", page);
    await scene.keep();
    const told = await page.evaluate(async ({ api }) => {
      const started = await keep.start();
      const seen = [started.status, keep.session === started];
      keep.logout();
      const { status } = await keep.fetch(`${api}/after`);
      return [...seen, status, keep.session.status, keep.session.reason];
    }, at);
    assert.deepEqual(told, ["authenticated", true, 401, "anonymous", "logout"]);
    assert.deepEqual(
      api.to("/after").map(({ token }) => token),
      [null],
    );
  },
);
