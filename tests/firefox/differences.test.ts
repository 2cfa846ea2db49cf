// What is otherwise in Firefox than in Chromium, as docs/browsers.md tells it. Each is the
// browser's own way, whoever asks.

import assert from "node:assert/strict";
import { scenes } from "../client/harness.ts";

const behaviour = scenes();

behaviour("firefox_is_what_runs_here", async ({ page, context }) => {
  assert.match(await page.evaluate(() => navigator.userAgent), /Gecko\/\d+ Firefox\/\d+/);
  assert.equal(context.browser()?.browserType().name(), "firefox");
});

behaviour("firefox_sends_no_stream_as_a_body", async (scene) => {
  const { page, api, at } = scene;
  await scene.started();
  await page.evaluate(async ({ api }) => {
    const init = () =>
      ({
        method: "POST",
        body: new Blob(["drop by drop"]).stream(),
        duplex: "half",
      }) as RequestInit;
    await fetch(`${api}/plain`, init());
    await keep.fetch(`${api}/kept`, init());
  }, at);
  const sent = api.calls
    .filter(({ method }) => method === "POST")
    .map(({ path, body }) => [path, body.toString()]);
  assert.deepEqual(sent, [
    ["/plain", "[object ReadableStream]"],
    ["/kept", "[object ReadableStream]"],
  ]);
});

behaviour("firefox_tells_an_abort_in_a_body_without_its_reason", async (scene) => {
  const { page, api, at } = scene;
  await scene.started();
  api.on("/body", () => ({
    stream: async (write) => (write("begun"), new Promise(() => undefined)),
  }));
  const errors = await page.evaluate(async ({ api }) => {
    const own = fetch;
    const aborted = async (call: typeof fetch) => {
      const controller = new AbortController();
      const response = await call(`${api}/body`, { signal: controller.signal });
      const rest = stage.outcome(response.text());
      controller.abort(new RangeError("my own reason"));
      return (await rest).error?.name;
    };
    return [await aborted((...given) => own(...given)), await aborted(keep.fetch)];
  }, at);
  assert.deepEqual(errors, ["AbortError", "AbortError"]);
});

behaviour("firefox_knows_no_address_with_a_space_in_its_host", async ({ page, at }) => {
  const outcome = await page.evaluate(async ({ authority }) => {
    let sent = 0;
    const recording = stage.make({
      refresh: `${authority}/session/refresh`,
      origins: ["https://api.example.com"],
      transport: (request) =>
        request.url.startsWith(authority)
          ? fetch(request)
          : ((sent += 1), Promise.resolve(new Response())),
    });
    await recording.start();
    const odd = "https://api.example.com .evil.test/";
    const { error } = await stage.outcome(recording.fetch(odd));
    return { name: error?.name, sent, known: URL.canParse(odd) };
  }, at);
  assert.deepEqual(outcome, { name: "TypeError", sent: 0, known: false });
});
