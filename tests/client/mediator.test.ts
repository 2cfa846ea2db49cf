// Sign-in by a redirect, whole: `tokenkeep/redirects` in pages, the mediator on their site, and
// oidc-provider on another one. Its refresh tokens work once.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Page } from "playwright-core";
import {
  createMediator,
  type MediatorEvent,
  memorySessions,
  storedSessions,
} from "tokenkeep/mediator";
import type { SignInOptions } from "tokenkeep/redirects";
import { KEY } from "../mediator/faulty-provider.ts";
import { OIDC_CLIENT, OIDC_SECRET, Oidc } from "../mediator/oidc.ts";
import { bundled, Gate, type Scene, scenes, script, until } from "./harness.ts";

const behaviour = scenes();

interface Signing {
  readonly mediator: string;
  readonly oidc: Oidc;
  readonly events: MediatorEvent[];
  /** Makes `keep` and `auth` in a page that the application has just loaded. */
  enter(page: Page): Promise<void>;
  /** Leaves the page for the provider, waits for the way back, and enters again. */
  signIn(page: Page, options?: SignInOptions): Promise<void>;
}

/** `auth.start()`: the status, the user and the failure that it tells. */
const start = (page: Page) =>
  page.evaluate(async () => {
    const { status, claims } = await auth.start();
    return [status, claims?.["sub"] ?? null, auth.takeError()?.code ?? null];
  });

async function withMediator(scene: Scene, run: (signing: Signing) => Promise<void>): Promise<void> {
  let answer: ReturnType<typeof getRequestListener> | undefined;
  const server = createServer((request, response) => void answer?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const mediator = `http://localhost:${(server.address() as AddressInfo).port}/session`;
  const oidc = await Oidc.start({ mediator });
  const events: MediatorEvent[] = [];
  const served = createMediator({
    provider: { issuer: oidc.issuer, scope: "openid profile email offline_access" },
    client: { id: OIDC_CLIENT, auth: { method: "client_secret_basic", secret: OIDC_SECRET } },
    url: mediator,
    apps: [scene.at.app],
    sessions: storedSessions(memorySessions(), { keys: [KEY] }),
    onEvent: (event) => events.push(event),
  });
  // As it is, though this server hands over more than the request.
  answer = getRequestListener(served.fetch as (request: Request) => Promise<Response>);
  const program = await bundled("redirects-page.ts");
  scene.app.on("/redirects.js", () => script(program));
  const enter = async (page: Page) => {
    await page.waitForFunction(() => "stage" in globalThis);
    await page.addScriptTag({ url: "/redirects.js", type: "module" });
    await page.waitForFunction(() => "makeRedirects" in globalThis);
    await scene.keep({ refresh: `${mediator}/refresh`, logout: `${mediator}/logout` }, page);
    await page.evaluate((mediator) => {
      globalThis.auth = makeRedirects(keep, { mediator });
    }, mediator);
  };
  const signIn = async (page: Page, options: SignInOptions = {}) => {
    await page.evaluate((options) => void auth.signIn(options), options);
    await page.waitForURL(/[?&]tokenkeep=/);
    await enter(page);
  };
  try {
    await run({ mediator, oidc, events, enter, signIn });
  } finally {
    server.closeAllConnections();
    server.close();
    await oidc.stop();
  }
}

const signing = (name: string, body: (scene: Scene, signing: Signing) => Promise<void>) =>
  behaviour(name, (scene) => withMediator(scene, (signing) => body(scene, signing)));

signing("mediator_Q2_five_tabs_begin_and_all_end_signed_in", async (scene, { enter, signIn }) => {
  const pages = [scene.page];
  while (pages.length < 5) pages.push(await scene.open());
  for (const page of pages) {
    await enter(page);
    assert.equal((await start(page))[0], "anonymous");
  }
  await Promise.all(pages.map((page) => signIn(page)));
  const outcomes = await Promise.all(pages.map(start));
  for (const outcome of outcomes) assert.deepEqual(outcome, ["authenticated", "alice", null]);
  // Each of them can be used: the later sessions took the place of the earlier ones.
  for (const page of pages) {
    await page.evaluate(() => keep.refresh());
    assert.equal((await scene.session(page)).status, "authenticated");
  }
});

signing("mediator_Q12_siblings_join_or_change_over", async (scene, { enter, signIn }) => {
  const sibling = await scene.open();
  const user = async () => (await scene.session(sibling)).claims?.["sub"];
  for (const page of [scene.page, sibling]) await enter(page);
  await signIn(scene.page, { loginHint: "ada", prompt: "login" });
  assert.equal((await start(scene.page))[1], "ada");
  assert.equal((await start(sibling))[1], "ada");
  // A tab that signed out joins.
  await sibling.evaluate(() => keep.logout());
  await scene.reaches("anonymous");
  await signIn(scene.page, { loginHint: "ada", prompt: "login" });
  await start(scene.page);
  await scene.reaches("authenticated", sibling);
  // One of another user changes over.
  await signIn(scene.page, { loginHint: "grace", prompt: "login" });
  assert.equal((await start(scene.page))[1], "grace");
  await until(async () => (await user()) === "grace", "the sibling to change over");
  const types = (await scene.events(sibling)).map(({ type }) => type);
  assert.equal(types.filter((type) => type === "user-changed").length, 1);
});

signing(
  "mediator_Q13_back_to_a_used_callback_shows_no_error_to_who_is_signed_in",
  async (scene, { enter, mediator, signIn }) => {
    const { page } = scene;
    const callbacks: string[] = [];
    page.on("request", (request) => {
      if (request.url().startsWith(`${mediator}/callback`)) callbacks.push(request.url());
    });
    await enter(page);
    await signIn(page);
    await start(page);
    await page.goto(callbacks[0]!);
    assert.match(page.url(), /tokenkeep=error\.expired\.\w{8}/);
    await enter(page);
    assert.deepEqual(await start(page), ["authenticated", "alice", null]);
    assert.equal(page.url(), `${scene.at.app}/`);
    // Who is not signed in is told.
    await page.evaluate(() => keep.logout());
    await page.goto(callbacks[0]!);
    await enter(page);
    assert.deepEqual(await start(page), ["anonymous", null, "expired"]);
  },
);

signing("mediator_Q9_who_refuses_at_the_provider_is_told_so", async (scene, { enter, signIn }) => {
  const { page } = scene;
  await enter(page);
  await signIn(page, { loginHint: "nobody", returnTo: "/shop?x=1" });
  assert.deepEqual(await start(page), ["anonymous", null, "cancelled"]);
  assert.doesNotMatch(await page.content(), /The user said no/);
});

signing(
  "mediator_T7_a_logout_breaks_no_sign_in_that_another_tab_has_begun",
  async (scene, { enter, oidc, signIn }) => {
    const { page } = scene;
    const other = await scene.open();
    for (const tab of [page, other]) await enter(tab);
    await signIn(page);
    await start(page);
    const [reached, gate] = [new Gate(), new Gate()];
    oidc.beforeInteraction = () => {
      reached.open();
      return gate.opened;
    };
    const signedIn = signIn(other, { prompt: "login", loginHint: "grace" });
    await reached.opened;
    await page.evaluate(() => keep.logout());
    gate.open();
    await signedIn;
    assert.equal((await start(other))[1], "grace");
    await until(
      async () => (await scene.session()).claims?.["sub"] === "grace",
      "the tab that signed out to join",
    );
  },
);

signing(
  "mediator_T4_a_sign_out_ends_the_providers_session_and_comes_back",
  async (scene, { enter, events, oidc, signIn }) => {
    const { page, at } = scene;
    await enter(page);
    await signIn(page);
    await start(page);
    await page.evaluate(() => void auth.signOut({ returnTo: "/bye" }));
    await page.waitForURL(`${oidc.issuer}/**`);
    // The provider's form, which asks whether to sign out there.
    await page.evaluate(() => {
      const form = document.querySelector("form")!;
      const answer = document.createElement("input");
      Object.assign(answer, { type: "hidden", name: "logout", value: "yes" });
      form.append(answer);
      form.submit();
    });
    await page.waitForURL(`${at.app}/bye`);
    await enter(page);
    assert.equal((await start(page))[0], "anonymous");
    assert.ok(events.some(({ type }) => type === "ended"));
  },
);

signing(
  "mediator_R9_a_reload_gets_the_token_that_is_there",
  async (scene, { enter, oidc, signIn }) => {
    const { page } = scene;
    await enter(page);
    await signIn(page);
    await start(page);
    for (let turn = 0; turn < 3; turn++) {
      await page.reload();
      await enter(page);
      assert.equal((await start(page))[0], "authenticated");
    }
    // The token of the sign-in is handed out again in its first seconds.
    assert.equal(oidc.refreshes, 0);
  },
);
