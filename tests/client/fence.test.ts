// Where the token goes, and the one request that renews it.

import assert from "node:assert/strict";
import { json, type Scene, scenes } from "./harness.ts";

const behaviour = scenes();

behaviour("client_E41_only_a_listed_scheme_host_and_port_get_the_token", async (scene) => {
  const { page, api, foreign, authority, app, at } = scene;
  await scene.started();
  const twin = at.api.replace("localhost", "127.0.0.1");
  const urls = [
    `${at.api}/listed`,
    `${at.foreign}/port`,
    `${twin}/host`,
    `${at.app}/own`,
    `${at.authority}/authority`,
  ];
  await page.evaluate((urls) => Promise.all(urls.map((url) => keep.fetch(url))), urls);
  const tokens = [api, foreign, authority, app]
    .flatMap(({ calls }) => calls)
    .filter(({ token }) => token !== null);
  assert.deepEqual(
    tokens.map(({ path }) => path),
    ["/listed"],
  );
  assert.equal(api.to("/host").length, 1, "the other host was reached, without a token");

  // Without a list the token goes to the page's own origin.
  await page.evaluate(
    ({ authority }) =>
      void (globalThis.keep = stage.make({ refresh: `${authority}/session/refresh` })),
    at,
  );
  await page.evaluate(
    ({ app, api }) =>
      Promise.all([
        keep.fetch(`${app}/mine`),
        keep.fetch("/relative"),
        keep.fetch(`${api}/not-mine`),
      ]),
    at,
  );
  for (const path of ["/mine", "/relative"]) assert.equal(app.to(path)[0]?.token, scene.granted[1]);
  assert.equal(api.to("/not-mine")[0]?.token, null);
});

/**
 * Each spelling of an address, and whether it is the listed origin by the rules of the URL
 * standard. `null`: no request at all.
 */
const corpus: readonly (readonly [url: string, listed: boolean | null])[] = [
  ["https://api.example.com/x", true],
  ["HTTPS://API.EXAMPLE.COM/x", true],
  ["https://api.example.com:443/x", true],
  ["https://api.example.com:0443/x", true],
  ["https:\\\\api.example.com\\x", true],
  ["https:/api.example.com/x", true],
  ["https:api.example.com/x", true],
  ["  \thttps://api.exam\nple.com/x", true],
  ["https://api。example。com/x", true],
  ["https://ａｐｉ.example.com/x", true],
  ["https://api%2Eexample.com/x", true],
  ["https://api.example.com\\.evil.test/x", true],
  ["https://api.example.com?@evil.test", true],
  ["https://api.example.com#@evil.test", true],
  ["http://api.example.com/x", false],
  ["http://api.example.com:443/x", false],
  ["https://api.example.com:8443/x", false],
  ["https://api.example.com:80/x", false],
  ["https://api.example.com./x", false],
  ["https://api.example.com.evil.test/x", false],
  ["https://api.example.com%2Eevil.test/x", false],
  ["https://evil.test\\@api.example.com/x", false],
  ["https://evil.test/https://api.example.com/", false],
  ["https://evil.test?https://api.example.com/", false],
  ["https://evil.test#https://api.example.com/", false],
  ["https://xapi.example.com/", false],
  ["https://sub.api.example.com/", false],
  ["https://example.com/", false],
  ["https://аpi.example.com/", false],
  ["https://api.example.com\u00ad.evil.test/", false],
  ["https://api-example.com/", false],
  ["https://api.example.com .evil.test/", false],
  ["//evil.test/x", false],
  ["//api.example.com/x", false],
  ["/x", false],
  ["\\\\api.example.com\\x", false],
  ["blob:https://api.example.com/5a1b", false],
  ["data:text/plain,https://api.example.com/", false],
  ["about:blank", false],
  ["ftp://api.example.com/x", false],
  ["file://api.example.com/x", false],
  ["ws://api.example.com/x", false],
  ["wss://api.example.com/x", false],
  ["filesystem:https://api.example.com/x", false],
  ["javascript:fetch('https://api.example.com/')", false],
  ["https://api.example.com@evil.test/x", null],
  ["https://api.example.com:443@evil.test/x", null],
  ["https://evil.test@api.example.com/x", null],
  ["https://user:word@api.example.com/x", null],
  ["https://api.example.com:99999/x", null],
  ["https://[api.example.com]/x", null],
  ["https://", null],
];

behaviour(
  "client_E42_hostile_spellings_of_an_address_get_the_token_only_where_they_are_the_listed_origin",
  async (scene) => {
    const { page, at } = scene;
    const found = await page.evaluate(
      async ([{ authority }, urls]) => {
        let sent: Request[] = [];
        const recording = stage.make({
          refresh: `${authority}/session/refresh`,
          origins: ["https://api.example.com"],
          transport: async (request) => {
            if (request.url.startsWith(authority)) return fetch(request);
            sent.push(request);
            return new Response();
          },
        });
        await recording.start();
        const found: [string, boolean | null][] = [];
        for (const url of urls) {
          for (const form of [
            () => url,
            () => new URL(url, location.href),
            () => new Request(url),
          ]) {
            sent = [];
            await Promise.resolve()
              .then(() => recording.fetch(form()))
              .catch(() => undefined);
            found.push([
              url,
              sent.length === 0 ? null : sent.some(({ headers }) => headers.has("Authorization")),
            ]);
          }
        }
        return found;
      },
      [at, corpus.map(([url]) => url)] as const,
    );
    assert.deepEqual(
      found,
      corpus.flatMap(([url, listed]) => Array(3).fill([url, listed])),
    );
  },
);

behaviour("client_E43_the_plain_twin_of_an_encrypted_origin_gets_no_token", async (scene) => {
  const { page, api, at } = scene;
  await scene.started({ origins: [at.api.replace("http:", "https:")] });
  assert.equal(
    await page.evaluate(({ api }) => keep.fetch(`${api}/plain`).then(({ status }) => status), at),
    401,
  );
  assert.deepEqual(
    api.calls.map(({ token }) => token),
    [null],
  );
  assert.equal(scene.refreshes(), 1, "nor does its 401 cause a refresh");
});

behaviour(
  "client_E44_a_redirect_to_another_origin_does_not_take_the_token_along",
  async (scene) => {
    const { page, api, foreign, at } = scene;
    await scene.started();
    for (const status of [301, 302, 303, 307, 308]) {
      api.on(`/${status}`, () => ({ status, headers: { Location: `${at.foreign}/landed` } }));
      assert.equal(
        await page.evaluate(
          (url) => keep.fetch(url, { method: "POST", body: "x" }).then((reply) => reply.status),
          `${at.api}/${status}`,
        ),
        200,
      );
    }
    // The retry does not take it along either, and a 401 of the foreign server causes no refresh.
    api.on("/retried", ({ token }) =>
      token === scene.granted[0]
        ? { status: 401 }
        : { status: 307, headers: { Location: `${at.foreign}/landed` } },
    );
    await page.evaluate(({ api }) => keep.fetch(`${api}/retried`), at);
    assert.equal(api.to("/retried").length, 2);
    assert.equal(foreign.to("/landed").length, 6);
    assert.deepEqual(
      foreign.calls.filter(({ headers }) => headers.authorization !== undefined),
      [],
    );

    const refreshes = scene.refreshes();
    foreign.on("/landed", () =>
      json({}, 401, { "WWW-Authenticate": 'Bearer error="invalid_token"' }),
    );
    assert.equal(
      await page.evaluate(({ api }) => keep.fetch(`${api}/307`).then(({ status }) => status), at),
      401,
    );
    assert.equal(scene.refreshes(), refreshes);

    // A redirect within the origin keeps the token.
    api.on("/moved", () => ({ status: 307, headers: { Location: "/here" } }));
    assert.equal(
      await page.evaluate(({ api }) => keep.fetch(`${api}/moved`).then(({ status }) => status), at),
      200,
    );
    assert.equal(api.to("/here")[0]?.token, scene.granted.at(-1));
  },
);

/** Calls the foreign server in the usual ways; none of them may carry the token. */
async function expectFence({ page, foreign, at }: Scene): Promise<void> {
  await page.evaluate(async ({ foreign }) => {
    await keep.fetch(`${foreign}/a`);
    await keep.fetch(new Request(`${foreign}/b`, { method: "POST", body: "x" }));
  }, at);
  assert.ok(foreign.calls.length >= 2);
  assert.deepEqual(
    foreign.calls.filter(({ headers }) => headers.authorization !== undefined),
    [],
  );
}

behaviour("client_E46_nothing_widens_the_list_after_construction", async (scene) => {
  const { page, at } = scene;
  await page.evaluate(({ authority, api, foreign }) => {
    const origins = [api];
    const endpoint = { url: `${authority}/session/refresh`, headers: {} as Record<string, string> };
    const options = { refresh: endpoint, origins, transport: (request: Request) => fetch(request) };
    globalThis.keep = stage.make(options);
    // Before the wasm is loaded.
    origins.push(foreign);
    options.origins = [foreign];
    endpoint.url = `${foreign}/stolen`;
    endpoint.headers["X-Late"] = "1";
    options.transport = () => Promise.reject(new Error("replaced"));
    Reflect.set(keep, "origins", [foreign]);
    Reflect.set(keep, "options", { origins: [foreign] });
    Object.assign(Object.prototype, {
      origins: [foreign],
      refresh: `${foreign}/stolen`,
      transport: () => Promise.reject(new Error("polluted")),
      host: "elsewhere",
    });
  }, at);
  await page.evaluate(() => keep.start());
  await expectFence(scene);
  assert.equal(scene.authority.to("/session/refresh")[0]?.headers["x-late"], undefined);

  // Messages on the channel don't widen the list either, nor do other calls.
  await page.evaluate(({ authority, foreign }) => {
    const channel = new BroadcastChannel(`tokenkeep:${authority}/session/refresh`);
    for (const message of [{ origins: [foreign] }, [foreign], `origins ${foreign}`])
      channel.postMessage(message);
    Array.prototype.includes = () => true;
    String.prototype.startsWith = () => true;
    const loose = keep.fetch as unknown as (input: string, init: object) => Promise<Response>;
    return loose(`${foreign}/c`, { origins: [foreign], credentials: "omit" });
  }, at);
  await page.evaluate(() => keep.adopt({ access_token: "adopted", expires_in: 60 }));
  await expectFence(scene);
});

behaviour(
  "client_E48_the_refresh_request_is_a_credentialed_post_to_the_configured_address_only",
  async (scene) => {
    const { page, context, authority, foreign, at } = scene;
    await context.addCookies([
      { name: "refresh", value: "r1", domain: "localhost", path: "/session", httpOnly: true },
    ]);
    await scene.started();
    const [call] = authority.calls;
    assert.ok(call);
    assert.deepEqual(
      [call.method, call.path, call.body.length, call.token],
      ["POST", "/session/refresh", 0, null],
    );
    assert.equal(call.headers.cookie, "refresh=r1");
    assert.equal(call.headers["x-requested-with"], "XMLHttpRequest");
    assert.equal(call.headers.accept, "application/json");
    assert.equal(call.headers["cache-control"], "no-cache", "what Chromium sends for no-store");

    authority.on("/session/refresh", () => ({
      status: 307,
      headers: { Location: `${at.foreign}/session/refresh` },
    }));
    const { error } = await page.evaluate(() => stage.outcome(keep.refresh()));
    assert.equal(error?.code, "refresh_misconfigured");
    assert.equal(foreign.calls.length, 0, "a redirect is not followed");
    assert.equal((await scene.session()).status, "authenticated");

    await page.evaluate(async ({ authority }) => {
      const refresh = {
        url: `${authority}/elsewhere#part`,
        method: "PUT",
        headers: { "X-Tenant": "7", Accept: "application/vnd.x+json" },
        body: "a=b",
      };
      await stage.outcome(stage.make({ refresh }).start());
    }, at);
    const [own] = authority.to("/elsewhere");
    assert.deepEqual(
      [own?.method, own?.body.toString(), own?.headers["x-tenant"], own?.headers.accept],
      ["PUT", "a=b", "7", "application/vnd.x+json"],
    );
    assert.equal(own?.headers["x-requested-with"], "XMLHttpRequest");
  },
);

behaviour("client_E99_a_request_that_can_carry_no_header_is_sent_once_and_told", async (scene) => {
  const { page, app, at } = scene;
  const refused = { status: 401 };
  for (const path of ["/init", "/request", "/post"]) app.on(path, () => refused);
  await scene.started({ origins: [at.app] });
  const told = await page.evaluate(async () => {
    const init = { mode: "no-cors" } as const;
    const answers = [
      await keep.fetch("/init", init),
      await keep.fetch(new Request("/request", init)),
      await keep.fetch("/post", { ...init, method: "POST", body: "x" }),
    ];
    const events = keep.explain().map(({ event }) => event);
    return { statuses: answers.map(({ status }) => status), events };
  });
  assert.deepEqual(told.statuses, [401, 401, 401]);
  for (const path of ["/init", "/request", "/post"])
    assert.deepEqual(
      app.to(path).map(({ token }) => token),
      [null],
    );
  assert.equal(scene.refreshes(), 1, "the start's");
  assert.equal(told.events.filter((event) => event === "no-cors").length, 1);
  assert.deepEqual(
    (await scene.events()).map(({ type }) => type),
    ["signed-in", "refreshed"],
  );
});
