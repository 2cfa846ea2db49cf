// The code of the documents that runs in a page. Each block runs in Chromium as it stands, with the
// framework or HTTP client that it is for, against servers that refuse tokens. The code of servers
// is in tests/docs/recipes.test.ts, that of data clients in recipes-data.test.ts.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type WebSocket, WebSocketServer } from "ws";
import { blocks } from "../docs/blocks.ts";
import { bundled, json, jwt, type Scene, scenes, script, until } from "./harness.ts";
import { evaluate, granted, run, tokensAt } from "./recipes.ts";

const behaviour = scenes();

behaviour("recipe_readme_signs_in_calls_and_tells_who_is_signed_out", async (scene) => {
  const { authority, page } = scene;
  authority.on("/session/sign-in", () => scene.grant({ name: "Ada" }));
  const calls = await granted(scene, "showSignIn", "showTrouble");
  await run(scene, 'export * from "doc:README.md#1";');
  assert.equal(scene.refreshes(), 1);
  assert.deepEqual(tokensAt(scene, "/orders"), [scene.granted[0]]);
  await page.evaluate(
    (url) => keep.signIn(url, { method: "POST", body: "{}" }),
    `${scene.at.authority}/session/sign-in`,
  );
  assert.equal(await page.evaluate(() => keep.session.generation), 2);
  await page.evaluate(() => keep.logout());
  assert.deepEqual(await calls(), ['showSignIn "logout"']);
});

behaviour("recipe_getting_started_goes_from_nothing_to_an_authorised_call", async (scene) => {
  const { authority, page, api } = scene;
  authority.on("/session/refresh", () => json({ error: "login_required" }, 401));
  authority.on("/session/sign-in", () => scene.grant());
  const calls = await granted(scene, "showSignIn", "showApplication", "showTrouble");
  await run(scene, 'export * from "doc:docs/getting-started.md#1";');
  await run(scene, 'import "doc:docs/getting-started.md#2";');
  assert.deepEqual(await calls(), ["showSignIn"]);
  await run(scene, 'export * from "doc:docs/getting-started.md#3";');
  assert.equal(await evaluate(scene, 'signIn("ada", "secret")'), true);
  assert.deepEqual((await calls()).slice(1), ["showApplication null"]);
  authority.on("/session/refresh", () => scene.grant());
  scene.valid.clear();
  const said = page.waitForEvent("console", { predicate: (message) => message.type() === "log" });
  await run(scene, 'import "doc:docs/getting-started.md#4";');
  assert.deepEqual(await (await said).args()[0]?.jsonValue(), { path: "/orders", body: "" });
  assert.deepEqual(
    api.to("/orders").map(({ token }) => token),
    scene.granted,
  );
});

for (const [name, block, call] of [
  ["axios", "doc:docs/recipes/http-clients.md#0", 'api.get("/orders").then(({ data }) => data)'],
  ["ky", "doc:docs/recipes/http-clients.md#1", 'api.get("orders").json()'],
] as const) {
  behaviour(`recipe_${name}_is_answered_after_one_refresh`, async (scene) => {
    await scene.started();
    await run(scene, `export * from "${block}";`);
    scene.valid.clear();
    assert.deepEqual(await evaluate(scene, call), { path: "/orders", body: "" });
    assert.deepEqual([tokensAt(scene, "/orders"), scene.refreshes()], [scene.granted, 2]);
  });
}

behaviour("recipe_openapi_fetch_is_answered_after_one_refresh", async (scene) => {
  await scene.started();
  scene.api.on("/orders", ({ token }) =>
    token !== null && scene.valid.has(token) ? json([{ id: "7" }]) : { status: 401 },
  );
  scene.valid.clear();
  const said = scene.page.waitForEvent("console", {
    predicate: (message) => message.type() === "log",
  });
  await run(scene, 'import "doc:docs/recipes/http-clients.md#2";');
  assert.deepEqual(await (await said).args()[0]?.jsonValue(), ["7"]);
  assert.deepEqual([tokensAt(scene, "/orders"), scene.refreshes()], [scene.granted, 2]);
});

behaviour("recipe_the_pages_own_fetch_is_answered_after_one_refresh", async (scene) => {
  await scene.started();
  await run(scene, 'import "doc:docs/recipes/http-clients.md#3";');
  scene.valid.clear();
  assert.equal(
    await scene.page.evaluate((url) => fetch(url).then(({ status }) => status), scene.at.api),
    200,
  );
  assert.deepEqual([tokensAt(scene, "/"), scene.refreshes()], [scene.granted, 2]);
});

for (const path of ["axios-auth-refresh", "supertokens-website"] as const) {
  behaviour(`recipe_the_program_after_${path}_is_answered_after_one_refresh`, async (scene) => {
    const { api } = scene;
    const only = () => (api.to("/orders").length === 1 ? { status: 401 } : json({ id: "7" }));
    api.on("/orders", only);
    for (const name of ["refresh", "logout"])
      api.on(`/auth/session/${name}`, () => (name === "refresh" ? scene.grant() : { status: 204 }));
    if (path === "axios-auth-refresh") {
      await run(scene, 'export * from "doc:docs/migrate/axios-auth-refresh.md#1";');
      assert.deepEqual(await evaluate(scene, 'api.get("/orders").then(({ data }) => data)'), {
        id: "7",
      });
    } else {
      await run(scene, 'import "doc:docs/migrate/supertokens-website.md#1";');
      assert.equal(api.to("/auth/session/logout").length, 1);
    }
    assert.deepEqual(tokensAt(scene, "/orders"), scene.granted);
  });
}

behaviour("recipe_apollo_sees_the_answer_to_the_retry_and_forgets_at_the_end", async (scene) => {
  const { api, page } = scene;
  await scene.started();
  api.on("/graphql", ({ token }) =>
    token !== null && scene.valid.has(token)
      ? json({ data: { orders: [{ __typename: "Order", id: "7" }] } })
      : { status: 401 },
  );
  await run(
    scene,
    'export { gql } from "@apollo/client";\nexport * from "doc:docs/recipes/apollo.md#0";',
  );
  scene.valid.clear();
  const { data } = await evaluate<{ data: unknown }>(
    scene,
    "client.query({ query: gql`{ orders { id } }` })",
  );
  assert.deepEqual(data, { orders: [{ __typename: "Order", id: "7" }] });
  assert.deepEqual([tokensAt(scene, "/graphql"), scene.refreshes()], [scene.granted, 2]);
  const cached = () => evaluate<string[]>(scene, "Object.keys(client.cache.extract())");
  assert.deepEqual((await cached()).sort(), ["Order:7", "ROOT_QUERY"]);
  await page.evaluate(() => keep.logout());
  await until(async () => (await cached()).length === 0, "the cache to be empty");
});

behaviour("recipe_react_shows_the_session_from_the_first_answer_to_the_sign_out", async (scene) => {
  const { app, page } = scene;
  scene.subject = "ada";
  app.on("/session/refresh", () => scene.grant());
  app.on("/session/logout", () => ({ status: 204 }));
  await run(
    scene,
    `import { createElement } from "react";
     import { createRoot } from "react-dom/client";
     import { Application } from "doc:docs/recipes/react.md#0";
     const main = document.body.appendChild(document.createElement("main"));
     createRoot(main).render(createElement(Application));`,
  );
  await page.getByRole("button", { name: "Sign you out" }).click();
  await page.getByText("Please sign in.").waitFor();
  // The page says so before the server has heard of it.
  await until(() => app.to("/session/logout").length === 1, "the logout call");
});

behaviour("recipe_vue_shows_the_session_and_guards_a_route", async (scene) => {
  const { page } = scene;
  await scene.keep();
  await run(
    scene,
    `import { createApp } from "vue";
     import { useSession } from "doc:docs/recipes/vue.md#0";
     import Hello from "doc:docs/recipes/vue.md#1";
     export { guard } from "doc:docs/recipes/vue.md#2";
     globalThis.useSession = useSession;
     createApp(Hello).mount(document.body.appendChild(document.createElement("main")));`,
  );
  await page.getByText("One moment …").waitFor();
  scene.authority.on("/session/refresh", () =>
    json({ access_token: jwt({ sub: "ada", name: "Ada" }), expires_in: 900 }),
  );
  assert.equal(await evaluate(scene, 'guard({ path: "/orders" })'), true);
  await page.getByText("Hello, Ada.").waitFor();
  scene.authority.on("/session/refresh", () => json({ error: "login_required" }, 401));
  await page.evaluate(() => keep.logout());
  await page.getByText("Please sign in.").waitFor();
  const guarded = (path: string) => evaluate(scene, `guard({ path: "${path}" })`);
  assert.deepEqual([await guarded("/orders"), await guarded("/sign-in")], ["/sign-in", true]);
});

behaviour("recipe_svelte_shows_the_session_and_makes_a_store_of_it", async (scene) => {
  const { page } = scene;
  await scene.keep();
  scene.authority.on("/session/refresh", () =>
    json({ access_token: jwt({ sub: "ada", name: "Ada" }), expires_in: 900 }),
  );
  await run(
    scene,
    `import { mount } from "svelte";
     import { sessionOf } from "doc:docs/recipes/svelte.md#0";
     import Hello from "doc:docs/recipes/svelte.md#1";
     import { sessionStore } from "doc:docs/recipes/svelte.md#2";
     globalThis.sessionOf = sessionOf;
     mount(Hello, { target: document.body });
     export const statuses = [];
     sessionStore(keep).subscribe(({ status }) => statuses.at(-1) === status || statuses.push(status));`,
  );
  await page.evaluate(() => keep.start());
  await page.getByText("Hello, Ada.").waitFor();
  await page.evaluate(() => keep.logout());
  await page.getByText("Please sign in.").waitFor();
  assert.deepEqual(await evaluate(scene, "statuses"), ["unknown", "authenticated", "anonymous"]);
});

behaviour("recipe_websocket_tells_each_new_token_and_ends_with_the_session", async (scene) => {
  const { page, api, at } = scene;
  const told: unknown[] = [];
  const sockets: WebSocket[] = [];
  new WebSocketServer({ server: api.http }).on("connection", (socket) => {
    sockets.push(socket);
    socket.on("message", (message) => told.push(JSON.parse(String(message))));
  });
  await scene.started();
  await run(scene, 'export * from "doc:docs/recipes/streams.md#0";');
  await evaluate(scene, `connect("${at.api.replace("http", "ws")}").then(() => null)`);
  await until(() => told.length === 1, "the first token");
  await page.evaluate(() => keep.refresh());
  await until(() => told.length === 2, "the second token");
  assert.deepEqual(
    told,
    scene.granted.map((token) => ({ type: "token", token })),
  );
  await page.evaluate(() => keep.logout());
  await until(() => sockets[0]?.readyState === 3, "the connection to end");
});

behaviour("recipe_sse_reads_a_stream_that_was_refused_first", async (scene) => {
  await scene.started();
  const calls = await granted(scene, "show");
  scene.api.on("/events", ({ token }) =>
    token !== null && scene.valid.has(token)
      ? { headers: { "Content-Type": "text/event-stream" }, body: "data: hello\n\n" }
      : { status: 401 },
  );
  scene.valid.clear();
  await run(scene, 'import "doc:docs/recipes/streams.md#1";');
  assert.deepEqual(await calls(), [`show ${JSON.stringify("data: hello\n\n")}`]);
  assert.deepEqual(tokensAt(scene, "/events"), scene.granted);
});

behaviour(
  "recipe_eventsource_connects_again_with_a_good_token_and_ends_with_the_session",
  async (scene) => {
    const { page, api } = scene;
    await scene.started();
    const calls = await granted(scene, "show");
    api.on("/events", ({ token }) => {
      if (token === null || !scene.valid.has(token)) return { status: 401 };
      const first = token === scene.granted[0];
      // The first connection ends by itself and its token with it; the second lasts.
      if (first) scene.valid.clear();
      return {
        headers: { "Content-Type": "text/event-stream" },
        stream: async (write) => {
          write(`retry: 10\ndata: ${first ? "one" : "two"}\n\n`);
          if (!first) await new Promise(() => undefined);
        },
      };
    });
    await run(scene, 'import "doc:docs/recipes/streams.md#2";');
    await until(async () => (await calls()).length === 2, "two events");
    assert.deepEqual(await calls(), ['show "one"', 'show "two"']);
    assert.deepEqual(tokensAt(scene, "/events"), [scene.granted[0], ...scene.granted]);
    await page.evaluate(() => keep.logout());
    await until(() => api.to("/events").at(-1)?.abandoned === true, "the connection to end");
  },
);

behaviour("recipe_step_up_asks_once_for_two_calls_and_sends_both_again", async (scene) => {
  const { api, authority, page } = scene;
  await scene.started();
  api.on("/vault", ({ token }) =>
    token === scene.granted[1]
      ? json({ owner: "ada" })
      : {
          status: 401,
          headers: {
            "WWW-Authenticate": 'Bearer error="insufficient_user_authentication", acr_values="mfa"',
          },
        },
  );
  authority.on("/session/step-up", () => scene.grant());
  await page.evaluate(() => {
    const questions: string[] = [];
    const askForCode = async () => {
      questions.push("code");
      return "123456";
    };
    Object.assign(globalThis, { questions, askForCode });
  });
  await run(scene, 'export * from "doc:docs/recipes/step-up.md#1";');
  const both = `Promise.all([1, 2].map(() => fetchSecured("${scene.at.api}/vault"))).then((replies) => replies.map(({ status }) => status))`;
  assert.deepEqual(await evaluate(scene, both), [200, 200]);
  assert.deepEqual(await evaluate(scene, "questions"), ["code"]);
  assert.deepEqual(JSON.parse(authority.to("/session/step-up")[0]?.body.toString() ?? ""), {
    code: "123456",
  });
  assert.equal(scene.refreshes(), 1);
});

behaviour("recipe_redirect_signs_this_tab_and_the_others_in", async (scene) => {
  const { app, authority, context, page } = scene;
  authority.on("/sign-in", ({ search }) => ({
    status: 302,
    headers: {
      Location: new URLSearchParams(search).get("return_to") ?? "",
      "Set-Cookie": "session=1; HttpOnly; Path=/",
    },
  }));
  authority.on("/session/refresh", ({ headers }) =>
    headers.cookie?.includes("session=1") ? scene.grant() : { status: 401 },
  );
  authority.on("/session/logout", () => ({
    status: 204,
    headers: { "Set-Cookie": "session=; Max-Age=0; Path=/" },
  }));
  const open = (where: Scene) => run(where, 'export * from "doc:docs/recipes/redirect.md#0";');
  await open(scene);
  assert.equal(await evaluate(scene, "keep.start().then(({ status }) => status)"), "anonymous");
  // In this tab: the page is another one afterwards.
  await evaluate(scene, "signIn()");
  await page.waitForURL("**/signed-in");
  await page.waitForFunction(() => "stage" in globalThis);
  await open(scene);
  await run(scene, 'import "doc:docs/recipes/redirect.md#1";');
  assert.equal(await page.title(), "You are signed in");
  // In another tab: this one was signed out by its user and joins.
  await evaluate(scene, "keep.logout()");
  const opened = context.waitForEvent("page");
  await evaluate(scene, "signInElsewhere()");
  const other = { ...scene, page: await opened };
  await other.page.waitForFunction(() => "stage" in globalThis);
  await open(other);
  await run(other, 'import "doc:docs/recipes/redirect.md#1";');
  assert.equal(await other.page.title(), "You are signed in");
  await scene.reaches("authenticated");
  assert.deepEqual(app.to("/signed-in").length, 2);
});

behaviour("recipe_redirect_that_ends_elsewhere_is_noticed_on_return", async (scene) => {
  const { authority, page } = scene;
  authority.on("/session/refresh", () => ({ status: 401 }));
  await scene.started();
  await run(scene, 'export * from "doc:docs/recipes/redirect.md#2";');
  await evaluate(scene, "askOnReturn()");
  const comeBack = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await comeBack();
  await until(() => scene.refreshes() === 2, "the first question");
  authority.on("/session/refresh", () => scene.grant());
  await comeBack();
  await scene.reaches("authenticated");
});

behaviour("recipe_csrf_and_session_hint_need_a_cookie_each", async (scene) => {
  const { authority, page } = scene;
  await run(scene, 'export * from "doc:docs/any-backend.md#2";');
  assert.equal(await evaluate(scene, "keep.start().then(({ reason }) => reason)"), "no-session");
  assert.equal(scene.refreshes(), 0);
  await page.evaluate(() => {
    document.cookie = "signed_in=1";
    document.cookie = "XSRF-TOKEN=abc%3D";
    keep.close();
  });
  await run(scene, 'export * from "doc:docs/any-backend.md#2";');
  assert.equal(await evaluate(scene, "keep.start().then(({ status }) => status)"), "authenticated");
  assert.equal(authority.to("/session/refresh")[0]?.headers["x-xsrf-token"], "abc=");
});

behaviour("recipe_guarded_logout_goes_where_the_answer_says", async (scene) => {
  const { app, authority, page, at } = scene;
  authority.on("/session/logout", ({ token }) =>
    token === scene.granted[0] ? json({ redirectTo: `${at.app}/goodbye` }) : { status: 401 },
  );
  await run(scene, 'export * from "doc:docs/any-backend.md#3";');
  await page.evaluate(() => keep.start());
  await page.evaluate(() => void keep.logout());
  await page.waitForURL("**/goodbye");
  assert.deepEqual([authority.to("/session/logout").length, app.to("/goodbye").length], [1, 1]);
});

behaviour("recipe_unauthorized_refreshes_after_419", async (scene) => {
  const { api, authority, granted } = scene;
  authority.on("/session/refresh", () => scene.grant());
  api.on("/orders", ({ token }) => (token === granted[1] ? json({ id: "7" }) : { status: 419 }));
  await run(scene, 'export * from "doc:docs/any-backend.md#0";');
  const status = `keep.fetch("${scene.at.api}/orders").then(({ status }) => status)`;
  assert.equal(await evaluate(scene, status), 200);
  assert.deepEqual(tokensAt(scene, "/orders"), granted);
});

behaviour("recipe_attempt_uploads_with_progress_after_one_refresh", async (scene) => {
  await scene.started();
  const calls = await granted(scene, "showProgress");
  await run(scene, 'export * from "doc:docs/any-backend.md#1";');
  scene.valid.clear();
  const outcome = `upload("${scene.at.api}/files", new Blob(["picture"]))`;
  assert.deepEqual(await evaluate(scene, outcome), { status: 200, challenge: "" });
  assert.deepEqual([tokensAt(scene, "/files"), scene.refreshes()], [scene.granted, 2]);
  assert.ok((await calls()).includes("showProgress 1"));
});

behaviour("recipe_explain_prints_the_transitions_as_a_table", async (scene) => {
  await scene.started();
  const table = scene.page.waitForEvent("console", {
    predicate: (message) => message.type() === "table",
  });
  await run(scene, 'import "doc:docs/troubleshooting.md#0";');
  const rows = (await (await table).args()[0]?.jsonValue()) as { event: string }[];
  assert.equal(rows.at(-1)?.event, "refreshed");
});

behaviour("recipe_slim_takes_its_wasm_from_a_file", async (scene) => {
  const { app, page } = scene;
  app.on("/tokenkeep/client.wasm", () => ({
    headers: { "Content-Type": "application/wasm" },
    body: readFileSync(new URL("../../dist/client.wasm", import.meta.url)),
  }));
  await run(scene, 'export * from "doc:docs/loading.md#1";');
  assert.equal((await page.evaluate(() => keep.start())).status, "authenticated");
  assert.equal(app.to("/tokenkeep/client.wasm").length, 1);
});

behaviour("recipe_service_workers_send_the_token_with_an_image", async (scene) => {
  const { app, api, page, at } = scene;
  const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>';
  api.on("/picture.svg", ({ token }) =>
    token !== null && scene.valid.has(token)
      ? { headers: { "Content-Type": "image/svg+xml" }, body: picture }
      : { status: 401 },
  );
  const moved = { "https://auth.example.com": at.authority, "https://api.example.com": at.api };
  const text = 'import "doc:docs/recipes/service-workers.md#0";';
  const program = await bundled({ text, plugins: [blocks(moved)] });
  app.on("/service-worker.js", () => script(program));
  const width = await page.evaluate(async (src) => {
    await navigator.serviceWorker.register("/service-worker.js", { type: "module" });
    await navigator.serviceWorker.ready;
    // A page that was there first is not the worker's.
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.src = "/empty";
    await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    const image = new (frame.contentWindow as Window & typeof globalThis).Image();
    image.src = src;
    await image.decode();
    // A call of the page's own is none of the worker's business.
    await frame.contentWindow?.fetch(src);
    return image.naturalWidth;
  }, `${at.api}/picture.svg`);
  assert.equal(width, 7);
  assert.deepEqual(tokensAt(scene, "/picture.svg"), [scene.granted[0], null]);
  // The page's keep signs out, and the worker's hears of it.
  await scene.started();
  scene.authority.on("/session/refresh", () => json({ error: "login_required" }, 401));
  await page.evaluate(() => keep.logout());
  await page.evaluate(async (src) => {
    const image = new (frames[0] as Window & typeof globalThis).Image();
    image.src = src;
    await image.decode().catch(() => undefined);
  }, `${at.api}/picture.svg?again`);
  assert.deepEqual(tokensAt(scene, "/picture.svg"), [scene.granted[0], null, null]);
});
