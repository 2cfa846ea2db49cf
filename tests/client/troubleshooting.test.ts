// The twelve usual mistakes of docs/troubleshooting.md, each made in Chromium: explain() and the
// console tell what the page says that they tell.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fencesOf } from "../docs/snippets.ts";
import { type Call, json, jwt, launch, type Reply, type Scene, scenes, until } from "./harness.ts";

const PAGE = "docs/troubleshooting.md";
const text = readFileSync(new URL(`../../${PAGE}`, import.meta.url), "utf8");

/** What a section of the page says. */
interface Section {
  /** The events of `explain()`, in order, with the note where one is named. */
  readonly events: readonly { readonly event: string; readonly note: string | undefined }[];
  /** The lines of the console. */
  readonly lines: readonly string[];
}

const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((part): [string, Section] => {
      const [heading = ""] = part.split("\n");
      const section = part.split(/^## /m)[0] ?? "";
      const told = /^- `explain\(\)`: (.*)$/m.exec(section)?.[1] ?? "";
      const events = [...told.matchAll(/`([\w-]+)`(?: \(([^)]+)\))?/g)].map(
        ([, event = "", note]) => ({ event, note }),
      );
      const lines = fencesOf(section)
        .filter(({ language }) => language === "")
        .flatMap(({ code }) => code);
      return [heading, { events, lines }];
    }),
);
const cookieLine = sections.get("The cookie is of another host")?.lines[0] ?? "";

/** Hosts that are not `localhost`, which browsers trust without https. */
const HOSTS = { app: "app.test", auth: "auth.app.test", elsewhere: "auth.other.test" };

const behaviour = scenes(() => launch(["--host-resolver-rules=MAP *.test 127.0.0.1"]));

/** What a page is handed: plain data alone. */
type Init = Pick<RequestInit, "credentials" | "headers" | "method" | "mode">;

const get = ({ page, at }: Scene, init: Init = {}) =>
  page.evaluate(([url, init]) => stage.outcome(keep.fetch(url, init)), [
    `${at.api}/orders`,
    init,
  ] as const);

const start = ({ page }: Scene) => page.evaluate(() => stage.outcome(keep.start()));

/** Signs in on plain http, with this cookie, and refreshes. The authority wants its cookie back. */
async function refreshAfterSignIn(
  scene: Scene,
  cookie: string,
  { from = HOSTS.app, signIn = HOSTS.auth, refresh = HOSTS.auth, path = "/session/sign-in" } = {},
): Promise<void> {
  const { app, authority, page } = scene;
  const signedIn = () => scene.grant();
  const withCookie = (): Reply => {
    const reply = signedIn();
    return { ...reply, headers: { ...reply.headers, "Set-Cookie": `session=1; ${cookie}` } };
  };
  for (const server of [app, authority]) server.on(path, withCookie);
  authority.on("/session/refresh", ({ headers }: Call) =>
    headers.cookie === "session=1" ? scene.grant() : json({ error: "login_required" }, 401),
  );
  await page.goto(`http://${from}:${app.port}`);
  await page.waitForFunction(() => "stage" in globalThis);
  const port = signIn === HOSTS.app ? app.port : authority.port;
  const origin = `http://${refresh}:${authority.port}`;
  Object.assign(scene, { at: { ...scene.at, authority: origin } });
  await scene.keep({ refresh: `${origin}/session/refresh` });
  const outcome = await page.evaluate(async (url) => {
    await keep.signIn(url, { method: "POST" });
    return stage.outcome(keep.refresh());
  }, `http://${signIn}:${port}${path}`);
  assert.equal(outcome.error?.code ?? "refreshed", "refresh_rejected");
}

/** A mistake; the lines of the console that it leads to, if they are not those of its section. */
interface Mistake {
  readonly make: (scene: Scene) => Promise<void>;
  readonly lines?: readonly string[];
  readonly events?: Section["events"];
}

const MISTAKES: Readonly<Record<string, readonly Mistake[]>> = {
  "The origin of the API is not listed": [
    {
      async make(scene) {
        await scene.started({ origins: [scene.at.app] });
        assert.equal((await get(scene)).value, 401);
      },
    },
  ],
  "The request has an Authorization of its own": [
    {
      async make(scene) {
        await scene.started();
        const headers = { Authorization: "Bearer from-an-interceptor" };
        assert.equal((await get(scene, { headers })).value, 401);
      },
    },
  ],
  "The request is of mode no-cors": [
    {
      async make(scene) {
        await scene.started();
        assert.equal((await get(scene, { mode: "no-cors" })).value, 0);
      },
    },
  ],
  "WWW-Authenticate is not exposed": [
    {
      async make(scene) {
        await scene.started();
        scene.api.on("/orders", () => ({
          status: 401,
          headers: {
            "WWW-Authenticate": 'Bearer error="insufficient_scope"',
            "Access-Control-Expose-Headers": "Date",
          },
        }));
        assert.equal((await get(scene)).value, 401);
      },
    },
  ],
  "The policy forbids WebAssembly": [
    {
      async make(scene) {
        const { app, page } = scene;
        app.on("/", () => ({
          headers: { "Content-Type": "text/html", "Content-Security-Policy": "script-src 'self'" },
          body: '<!doctype html><script type="module" src="/page.js"></script>',
        }));
        await page.goto(app.origin);
        await page.waitForFunction(() => "stage" in globalThis);
        await scene.keep();
        assert.equal((await start(scene)).error?.code, "wasm_unavailable");
      },
    },
  ],
  "The address of refresh is wrong": [
    {
      async make(scene) {
        scene.authority.on("/session/refresh", () => ({ status: 404 }));
        await scene.keep();
        assert.equal((await start(scene)).error?.code, "refresh_misconfigured");
      },
    },
    {
      async make(scene) {
        scene.authority.on("/session/refresh", () => ({
          headers: { "Content-Type": "text/html" },
          body: "<!doctype html><title>the page</title>",
        }));
        await scene.keep();
        assert.equal((await start(scene)).error?.code, "refresh_malformed");
      },
      lines: sections.get("The token has another name")?.lines.slice(1) ?? [],
      events: [{ event: "refresh-failed", note: "a 200 without a usable token" }],
    },
  ],
  "CORS does not allow credentials": [
    {
      async make(scene) {
        const said: string[] = [];
        scene.page.on("console", (message) => said.push(message.text()));
        scene.authority.on("/session/refresh", () => {
          const grant = scene.grant();
          const headers = { ...grant.headers, "Access-Control-Allow-Credentials": "false" };
          return { ...grant, headers };
        });
        await scene.keep();
        assert.equal((await start(scene)).error?.code, "refresh_unreachable");
        await until(
          () => said.some((text) => text.includes("blocked by CORS policy")),
          "the browser's own line",
        );
      },
    },
  ],
  "The token has another name": [
    {
      async make(scene) {
        const { authority, page, at } = scene;
        authority.on("/session/sign-in", () => json({ data: { token: jwt({ sub: "ada" }) } }));
        await scene.keep();
        await page.evaluate(
          (url) => keep.signIn(url, { method: "POST", body: "{}" }),
          `${at.authority}/session/sign-in?secret=1`,
        );
      },
      lines: sections.get("The token has another name")?.lines.slice(0, 1) ?? [],
    },
    {
      async make(scene) {
        scene.authority.on("/session/refresh", () => json({ token: "opaque" }));
        await scene.keep();
        assert.equal((await start(scene)).error?.code, "refresh_malformed");
      },
      lines: sections.get("The token has another name")?.lines.slice(1) ?? [],
      events: [{ event: "refresh-failed", note: "a 200 without a usable token" }],
    },
  ],
  "The cookie is of another host": [
    { make: (scene) => refreshAfterSignIn(scene, "Path=/session", { signIn: HOSTS.app }) },
  ],
  "The cookie is Secure and the address is http": [
    { make: (scene) => refreshAfterSignIn(scene, "Path=/session; Secure"), lines: [cookieLine] },
  ],
  "The cookie is SameSite and the endpoint is on another site": [
    {
      make: (scene) =>
        refreshAfterSignIn(scene, "Path=/session; SameSite=Strict", {
          signIn: HOSTS.elsewhere,
          refresh: HOSTS.elsewhere,
        }),
      lines: [cookieLine],
    },
  ],
  "The path of the cookie does not cover the endpoint": [
    {
      make: (scene) => refreshAfterSignIn(scene, "HttpOnly", { path: "/login/session" }),
      lines: [cookieLine],
    },
  ],
};

test("client_J132_the_page_has_the_twelve_mistakes_that_are_made_here", () => {
  assert.deepEqual([...sections.keys()], Object.keys(MISTAKES));
  assert.equal(sections.size, 12);
});

for (const [heading, variants] of Object.entries(MISTAKES)) {
  for (const [variant, { make, ...other }] of variants.entries()) {
    const name = heading.replaceAll(/\W+/g, "_").toLowerCase();
    behaviour(`client_J132_${name}_is_told_as_the_page_says_${variant + 1}`, async (scene) => {
      const { events, lines } = { ...sections.get(heading)!, ...other };
      const said: string[] = [];
      scene.page.on("console", (message) => said.push(message.text()));
      await make(scene);
      const told = await scene.page.evaluate(() => keep.explain());
      let after = -1;
      for (const { event, note } of events) {
        const at = told.findIndex((entry, at) => at > after && entry.event === event);
        assert.ok(at > after, `${event} in ${told.map((entry) => entry.event).join()}`);
        if (note !== undefined) assert.equal(told[at]?.note, note);
        after = at;
      }
      if (events.length === 0) assert.deepEqual(told, []);
      const expected = lines.map((line) =>
        line
          .replace("https://api.example.com", scene.at.api)
          .replace("https://auth.example.com", scene.at.authority)
          .replace("https://app.example.com", scene.at.app),
      );
      const ours = () => said.filter((line) => line.startsWith("tokenkeep"));
      await until(() => ours().length >= expected.length, "the lines of the console");
      assert.deepEqual(ours(), expected);
      // The page gives the origin of what went out without the token.
      for (const entry of told.filter(({ event }) => /listed|foreign|cors/.test(event)))
        assert.equal(entry.note, scene.at.api);
    });
  }
}

behaviour("client_J132_two_keeps_of_one_name_are_told_as_the_page_says", async (scene) => {
  const { authority, page, at } = scene;
  authority.on("/session/sign-in", () => scene.grant());
  await scene.keep();
  const events = await page.evaluate(async ({ authority, api }) => {
    const refresh = `${authority}/session/refresh`;
    const second = stage.createTokenKeep({ refresh, origins: [api] });
    await second.start();
    await keep.signIn(`${authority}/session/sign-in`, { method: "POST" });
    const saw = (event: string) => second.explain().some((entry) => entry.event === event);
    await stage.until(() => saw("sibling-signed-in"));
    await keep.logout();
    await stage.until(() => saw("logout-elsewhere"));
    return second.explain().map(({ event }) => event);
  }, at);
  const section = text.split(/^## /m).find((part) => part.startsWith("Signed out elsewhere"));
  for (const [, event = ""] of (section ?? "").matchAll(/`([a-z]+-[a-z-]+)`/g))
    assert.ok(events.includes(event), `${event} in ${events.join()}`);
  assert.match(section ?? "", /`logout-elsewhere` and `sibling-signed-in`/);
});

behaviour("client_J132_chromium_keeps_a_secure_cookie_of_localhost", async (scene) => {
  const local = { from: "localhost", signIn: "localhost", refresh: "localhost" };
  const signedIn = refreshAfterSignIn(scene, "Path=/session; Secure; SameSite=Lax", local);
  await assert.rejects(signedIn, /refreshed/);
});

behaviour("client_J132_a_cookie_without_a_mistake_is_kept_and_nothing_is_said", async (scene) => {
  const said: string[] = [];
  scene.page.on("console", (message) => said.push(message.text()));
  const signedIn = refreshAfterSignIn(scene, "Path=/session; SameSite=Strict; HttpOnly");
  await assert.rejects(signedIn, /refreshed/);
  assert.deepEqual(
    said.filter((line) => line.startsWith("tokenkeep")),
    [],
  );
});

test("client_J132_each_line_of_the_console_leads_to_an_anchor_of_the_page", () => {
  const anchors = [...text.matchAll(/<a id="([\w-]+)"><\/a>/g)].map(([, anchor]) => anchor);
  const source = readFileSync(new URL("../../js/client/words.ts", import.meta.url), "utf8");
  const faults = /export type Fault =([^;]+);/.exec(source)?.[1] ?? "";
  const kinds = [...faults.matchAll(/"([\w-]+)"/g)].map(([, kind]) => kind);
  assert.equal(kinds.length, 6);
  assert.deepEqual(anchors.sort(), kinds.sort());
  const advice = readFileSync(new URL("../../js/client/advice.ts", import.meta.url), "utf8");
  const manifest = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as { name: string; files: string[] };
  assert.equal(
    /const PAGE = "([^"]+)"/.exec(advice)?.[1],
    `node_modules/${manifest.name}/${PAGE}#`,
  );
  assert.ok(manifest.files.includes(PAGE), "the package has the page");
});
