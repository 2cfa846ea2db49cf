// How options are read: own members only, each once, and copied when the keep is made.

import assert from "node:assert/strict";
import { pause, scenes } from "./harness.ts";

const behaviour = scenes();

behaviour("client_E95_what_a_prototype_adds_is_no_option", async (scene) => {
  const { page, at, api } = scene;
  const outcome = await page.evaluate(async ({ authority, api }) => {
    const stolen: string[] = [];
    const added: Record<string, unknown> = {
      transport: (request: Request) => {
        stolen.push(`${request.url} ${request.headers.get("Authorization")}`);
        return fetch(request);
      },
      logout: `${api}/logout`,
      origins: [authority],
      name: "polluted",
      tabs: "off",
      headers: { "X-Added": "yes" },
      base: 1,
      access_token: "polluted",
      accessToken: "polluted",
      expires_in: 1,
      token_type: "mac",
      minValidity: 1e9,
      csrf: { cookie: "added", header: "X-Added" },
      sessionHint: { cookie: "none" },
      again: true,
      authorization: true,
      done: [401, 500],
      wasm: 1,
    };
    Object.assign(Object.prototype, added);
    try {
      globalThis.keep = stage.make({
        refresh: { url: `${authority}/session/refresh` },
        origins: [api],
        backoff: {},
      });
      await keep.start();
      const { status } = await keep.fetch(`${api}/orders`);
      const { error } = await stage.outcome(keep.adopt({}));
      const lent = await keep.withToken((token) => token.slice(0, 7), {});
      await keep.logout();
      return { status, code: error?.code, lent, stolen };
    } finally {
      for (const name of Object.keys(added)) Reflect.deleteProperty(Object.prototype, name);
    }
  }, at);
  assert.deepEqual(outcome, {
    status: 200,
    code: "refresh_malformed",
    lent: "token-1",
    stolen: [],
  });
  assert.equal(scene.refreshes(), 1);
  assert.equal(scene.authority.calls[0]?.headers["x-added"], undefined);
  assert.deepEqual(api.to("/logout"), []);
});

behaviour("client_E95_each_option_is_read_once_and_what_changes_later_is_not", async (scene) => {
  const { page, at } = scene;
  const outcome = await page.evaluate(async ({ authority, api, foreign }) => {
    const reads: string[] = [];
    const counted = <T extends object>(members: T): T => {
      const given = {} as T;
      for (const [name, value] of Object.entries(members))
        Object.defineProperty(given, name, {
          configurable: true,
          enumerable: true,
          get: () => (reads.push(name), value),
        });
      return given;
    };
    const url = new URL(`${authority}/session/refresh`);
    const headers: Record<string, string> = { "X-Given": "before" };
    const refresh = counted({ url, method: "POST", headers });
    const origins = [api];
    const backoff = counted({ base: 500 });
    const transport = (request: Request) => fetch(request);
    const options = counted({ refresh, origins, backoff, transport, name: "counted" });
    globalThis.keep = stage.make(options);
    const atConstruction = [...reads].sort();
    url.href = `${foreign}/elsewhere`;
    headers["X-Given"] = "after";
    origins.push(foreign);
    await keep.start();
    await keep.fetch(`${foreign}/orders`);
    await keep.refresh();
    const response = counted({ access_token: "adopted", expires_in: 900 });
    const before = reads.length;
    await keep.adopt(response);
    return {
      atConstruction,
      later: reads.slice(atConstruction.length, before),
      adopted: reads.slice(before),
    };
  }, at);
  assert.deepEqual(outcome, {
    atConstruction: [
      "backoff",
      "base",
      "headers",
      "method",
      "name",
      "origins",
      "refresh",
      "transport",
      "url",
    ],
    later: [],
    adopted: ["access_token", "expires_in"],
  });
  assert.deepEqual(
    scene.authority.calls.map(({ headers }) => headers["x-given"]),
    ["before", "before"],
  );
  assert.equal(scene.foreign.calls.at(-1)?.token, null);
});

behaviour("client_E122_an_option_that_cannot_be_right_is_named", async (scene) => {
  const faults = await scene.page.evaluate(() => {
    const odd: Record<string, unknown[]> = {
      "csrf.cookie": [{ csrf: {} }, { csrf: { cookie: "a b", header: "X" } }, { csrf: "X" }],
      "csrf.header": [
        { csrf: { cookie: "X" } },
        { csrf: { cookie: "X", header: "X Y" } },
        { csrf: { cookie: "X", header: ["X"] } },
        { csrf: { cookie: "X", header: "" } },
        { csrf: Object.create({ header: "X" }, { cookie: { value: "X", enumerable: true } }) },
      ],
      "logout.authorization": [{ logout: { url: "/logout", authorization: "yes" } }],
      "refresh.authorization": [{ refresh: { url: "/refresh", authorization: true } }],
      "logout.done": [
        { logout: { url: "/logout", done: "redirect" } },
        { logout: { url: "/logout", done: [302, "moved"] } },
        { logout: { url: "/logout", done: [99] } },
        { logout: { url: "/logout", done: [600] } },
        { logout: { url: "/logout", done: [404.5] } },
        { logout: { url: "/logout", done: ["404"] } },
      ],
      "sessionHint.cookie": [
        { sessionHint: {} },
        { sessionHint: { cookie: "a=b" } },
        { sessionHint: { cookie: "a;" } },
        { sessionHint: { cookie: 7 } },
      ],
    };
    const faults: string[] = [];
    for (const [option, wrong] of Object.entries(odd))
      for (const options of wrong) {
        let message = "nothing";
        try {
          stage.createTokenKeep({ refresh: "/session/refresh", ...(options as object) }).close();
        } catch (error) {
          message = `${(error as { code: string }).code}: ${(error as Error).message}`;
        }
        if (!message.startsWith(`config_invalid: ${option} `))
          faults.push(`${option} ${JSON.stringify(options)}: ${message}`);
      }
    return faults;
  });
  assert.deepEqual(faults, []);
});

behaviour("client_E360_an_unknown_member_of_an_option_is_named", async (scene) => {
  const faults = await scene.page.evaluate(() => {
    const odd: Record<string, object> = {
      retries: { retries: 3 },
      "refresh.urll": { refresh: { urll: "/refresh" } },
      "refresh.Method": { refresh: { url: "/refresh", Method: "GET" } },
      "logout.credentials": { logout: { url: "/logout", credentials: "omit" } },
      "backoff.maximum": { backoff: { base: 500, maximum: 5_000 } },
      "csrf.headerName": { csrf: { cookie: "X", header: "X", headerName: "Y" } },
      "sessionHint.header": { sessionHint: { cookie: "X", header: "Y" } },
      "dpop.algorithms": { dpop: { algorithms: ["Ed25519"] } },
      "reply.access_token": { reply: { access_token: "token" } },
    };
    const faults: string[] = [];
    for (const [member, options] of Object.entries(odd)) {
      let message = "nothing";
      try {
        stage.createTokenKeep({ refresh: "/session/refresh", ...options }).close();
      } catch (error) {
        message = `${(error as { code: string }).code}: ${(error as Error).message}`;
      }
      if (message !== `config_invalid: ${member} is no option.`) faults.push(message);
    }
    return faults;
  });
  assert.deepEqual(faults, []);
});

behaviour(
  "client_E363_headers_of_an_endpoint_are_sent_in_each_form_of_the_platform",
  async (scene) => {
    const { page, at, authority } = scene;
    const faults = await page.evaluate(async ({ authority }) => {
      const url = `${authority}/session/refresh`;
      const forms: unknown[] = [
        { "X-Tenant": "a" },
        [["X-Tenant", "a"]],
        new Headers({ "X-Tenant": "a" }),
      ];
      for (const [place, headers] of forms.entries()) {
        const refresh = { url, headers: headers as Record<string, string> };
        globalThis.keep = stage.make({ refresh, name: `form ${place}` });
        await keep.start();
        keep.close();
      }
      return [5, "X-Tenant: a", [["X-Tenant"]]].filter((headers) => {
        try {
          stage.createTokenKeep({ refresh: { url, headers: headers as never } }).close();
          return true;
        } catch (error) {
          return (error as { code?: string }).code !== "config_invalid";
        }
      });
    }, at);
    assert.deepEqual(faults, []);
    assert.deepEqual(
      authority.to("/session/refresh").map(({ headers }) => headers["x-tenant"]),
      ["a", "a", "a"],
    );
  },
);

behaviour("client_B10_the_longest_times_that_an_option_takes_do_not_end_at_once", async (scene) => {
  const most = Number.MAX_VALUE;
  scene.authority.on("/session/refresh", async () => {
    await pause(200);
    return scene.grant();
  });
  await scene.keep({ timeout: most, defaultLifetime: most, backoff: { base: most, max: most } });
  const { status } = await scene.page.evaluate(() => keep.start());
  assert.equal(status, "authenticated");
});
