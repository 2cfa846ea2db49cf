// `tokenkeep/redirects` in front of a scripted mediator: what it does with the address bar, where
// it sends the browser, and what it tells. tests/mediator has it in front of the real one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { SignInOptions } from "tokenkeep/redirects";
import { bundled, json, type Scene, scenes, script, until } from "./harness.ts";

const behaviour = scenes();
const refused = () => json({ error: "invalid_grant" }, 401);

/** Opens the application at an address, as a redirect would, with `keep` and `auth` made there. */
async function arrive(scene: Scene, end: string, page = scene.page): Promise<void> {
  const program = await bundled("redirects-page.ts");
  scene.app.on("/redirects.js", () => script(program));
  await page.goto(`${scene.at.app}${end}`);
  await page.waitForFunction(() => "stage" in globalThis);
  await page.addScriptTag({ url: "/redirects.js", type: "module" });
  await page.waitForFunction(() => "makeRedirects" in globalThis);
  await scene.keep({}, page);
  await page.evaluate(({ authority }) => {
    globalThis.auth = makeRedirects(keep, { mediator: `${authority}/session/` });
  }, scene.at);
}

const start = (page: Page) =>
  page.evaluate(() => stage.outcome(auth.start().then(({ status }) => status)));
const takeError = (page: Page) => page.evaluate(() => auth.takeError());
const addressOf = (page: Page) => page.evaluate(() => location.href);

behaviour("client_J160_the_mark_leaves_the_address_and_the_rest_stays", async (scene) => {
  const { page, at } = scene;
  await arrive(scene, "/?a=%20+b&tokenkeep=in&c=%2F&c#tokenkeep=in");
  await page.evaluate(() => history.replaceState({ kept: true }, ""));
  const length = await page.evaluate(() => history.length);
  assert.equal((await start(page)).value, "authenticated");
  assert.equal(await addressOf(page), `${at.app}/?a=%20+b&c=%2F&c#tokenkeep=in`);
  assert.deepEqual(await page.evaluate(() => history.state), { kept: true });
  assert.equal(await page.evaluate(() => history.length), length);
  assert.equal(scene.refreshes(), 1);
  const [call] = scene.authority.to("/session/refresh");
  assert.equal(call?.headers["x-requested-with"], "XMLHttpRequest");
  // The session is there: a start asks nobody.
  await page.evaluate(() => keep.start());
  assert.equal((await start(page)).value, "authenticated");
  assert.equal(scene.refreshes(), 1);
  assert.equal(await takeError(page), null);
});

behaviour("client_J160_a_router_hears_of_the_address_without_the_mark", async (scene) => {
  const { page } = scene;
  await arrive(scene, "/?tokenkeep=in");
  // Next.js takes a state with `__NA` for a call of its own, and writes its own address later.
  await page.evaluate(() => history.replaceState({ __NA: true, key: "k" }, ""));
  assert.equal((await start(page)).value, "authenticated");
  assert.deepEqual(await page.evaluate(() => history.state), { key: "k" });
});

behaviour("client_J160_without_a_mark_it_is_the_start_of_the_keep", async (scene) => {
  const { page, at } = scene;
  await arrive(scene, "/?a=1");
  assert.equal((await start(page)).value, "authenticated");
  assert.deepEqual([scene.refreshes(), await addressOf(page)], [1, `${at.app}/?a=1`]);
  const types = (await scene.events()).map(({ type }) => type);
  assert.ok(types.includes("signed-in"));
});

behaviour("client_J160_two_starts_at_once_are_one", async (scene) => {
  await arrive(scene, "/?tokenkeep=in");
  const statuses = await scene.page.evaluate(() =>
    Promise.all([auth.start(), auth.start()]).then((all) => all.map(({ status }) => status)),
  );
  assert.deepEqual(statuses, ["authenticated", "authenticated"]);
  assert.equal(scene.refreshes(), 1);
});

behaviour("client_J160_siblings_join_or_change_over", async (scene) => {
  const sibling = await scene.open();
  scene.subject = "ada";
  await scene.started({}, sibling);
  scene.subject = "grace";
  await arrive(scene, "/?tokenkeep=in");
  await start(scene.page);
  const subject = async () => (await scene.session(sibling)).claims?.["sub"];
  await until(async () => (await subject()) === "grace", "the sibling to have the other user");
  // A tab that has signed out, and a redirect in another one.
  await sibling.evaluate(() => keep.logout());
  await scene.reaches("anonymous");
  await arrive(scene, "/?tokenkeep=in");
  await start(scene.page);
  await scene.reaches("authenticated", sibling);
});

behaviour(
  "client_J341_a_redirect_in_a_new_tab_brings_siblings_that_signed_out_back",
  async (scene) => {
    const sibling = await scene.open();
    await scene.started({}, sibling);
    await sibling.evaluate(() => keep.logout());
    await arrive(scene, "/?tokenkeep=in");
    assert.equal((await start(scene.page)).value, "authenticated");
    await scene.reaches("authenticated", sibling);
  },
);

behaviour("client_J160_a_mark_without_a_session_is_the_start_of_the_keep", async (scene) => {
  scene.authority.on("/session/refresh", refused);
  await arrive(scene, "/?tokenkeep=in");
  assert.equal((await start(scene.page)).value, "anonymous");
  assert.equal((await scene.session()).reason, "no-session");
  scene.authority.on("/session/refresh", () => ({ cut: true }));
  await arrive(scene, "/?tokenkeep=in");
  assert.equal((await start(scene.page)).error?.code, "refresh_unreachable");
});

behaviour("client_J161_why_a_sign_in_failed_is_told_once", async (scene) => {
  const { page, at } = scene;
  scene.authority.on("/session/refresh", refused);
  await arrive(scene, "/shop?tokenkeep=error.cancelled.a1B2c3D4");
  assert.equal(await takeError(page), null, "not before the session is known");
  assert.equal((await start(page)).value, "anonymous");
  assert.equal(await addressOf(page), `${at.app}/shop`);
  assert.deepEqual(await takeError(page), { code: "cancelled", reference: "a1B2c3D4" });
  assert.equal(await takeError(page), null);
});

behaviour("client_J161_a_further_start_keeps_the_failure_that_nobody_has_heard", async (scene) => {
  const { page } = scene;
  scene.authority.on("/session/refresh", refused);
  await arrive(scene, "/?tokenkeep=error.cancelled.a1B2c3D4");
  for (const _ of ["with the mark", "without it"]) await start(page);
  assert.equal((await takeError(page))?.code, "cancelled");
  await start(page);
  assert.equal(await takeError(page), null);
});

behaviour("client_J161_who_is_signed_in_is_told_of_no_failure", async (scene) => {
  await arrive(scene, "/?tokenkeep=error.expired.a1B2c3D4");
  assert.equal((await start(scene.page)).value, "authenticated");
  assert.equal(await takeError(scene.page), null);
});

behaviour("client_J161_a_failure_is_told_where_the_start_fails_too", async (scene) => {
  scene.authority.on("/session/refresh", () => ({ status: 500 }));
  await arrive(scene, "/?tokenkeep=error.provider_unavailable.a1B2c3D4");
  assert.equal((await start(scene.page)).error?.code, "refresh_unreachable");
  assert.equal((await takeError(scene.page))?.code, "provider_unavailable");
});

behaviour("client_J161_other_texts_in_the_address_are_told_to_nobody", async (scene) => {
  scene.authority.on("/session/refresh", refused);
  for (const mark of [
    "error.toString.a1B2c3D4",
    "error.cancelled.<b>12345",
    "error.cancelled.a1B2c3D4.more",
    "error.cancelled",
    "error",
    "",
  ]) {
    await arrive(scene, `/?tokenkeep=${encodeURIComponent(mark)}`);
    assert.equal((await start(scene.page)).value, "anonymous", mark);
    assert.equal(await takeError(scene.page), null, mark);
    assert.equal(await addressOf(scene.page), `${scene.at.app}/`);
  }
});

behaviour("client_J162_a_sign_in_leaves_the_page_for_the_mediator", async (scene) => {
  const { page, authority, at } = scene;
  const sent = async (options?: SignInOptions) => {
    authority.on("/session/sign-in", () => ({ status: 204 }));
    const before = authority.to("/session/sign-in").length;
    await arrive(scene, "/orders?page=2&tokenkeep=in#last");
    await page.evaluate((options) => void auth.signIn(options), options);
    await until(() => authority.to("/session/sign-in").length > before, "the navigation");
    const { search, headers } = authority.to("/session/sign-in").at(-1)!;
    assert.equal(headers["sec-fetch-mode"], "navigate");
    return Object.fromEntries(new URLSearchParams(search));
  };
  assert.deepEqual(await sent(), { return_to: `${at.app}/orders?page=2#last` });
  const everything = {
    returnTo: "/cart?x=1",
    prompt: "login",
    loginHint: "ada@example.com",
    acrValues: ["gold", "silver"],
    maxAge: 0,
    uiLocales: "en fr",
  } as const;
  assert.deepEqual(await sent(everything), {
    return_to: `${at.app}/cart?x=1`,
    prompt: "login",
    login_hint: "ada@example.com",
    acr_values: "gold silver",
    max_age: "0",
    ui_locales: "en fr",
  });
  const odd = page.evaluate(() => stage.outcome(auth.signIn({ returnTo: "https://:0" })));
  assert.equal((await odd).error?.name, "TypeError");
});

behaviour(
  "client_J163_a_sign_out_ends_the_session_and_then_that_of_the_provider",
  async (scene) => {
    const { page, authority, at } = scene;
    authority.on("/session/end", () => ({ status: 204 }));
    await arrive(scene, "/orders?page=2");
    await start(page);
    await page.evaluate(() => void auth.signOut({ returnTo: "/bye" }));
    await until(() => authority.to("/session/end").length === 1, "the navigation");
    const { search } = authority.to("/session/end")[0]!;
    assert.equal(new URLSearchParams(search).get("return_to"), `${at.app}/bye`);
    const paths = authority.calls.map(({ path }) => path);
    assert.ok(paths.indexOf("/session/logout") < paths.indexOf("/session/end"));
  },
);

behaviour("client_J163_the_provider_can_be_left_alone", async (scene) => {
  const { page, authority, at } = scene;
  await arrive(scene, "/orders");
  await start(page);
  await page.evaluate(() => auth.signOut({ provider: false }));
  assert.equal((await scene.session()).reason, "logout");
  assert.equal(await addressOf(page), `${at.app}/orders`);
  await page.evaluate(() => void auth.signOut({ provider: false, returnTo: "/bye" }));
  await page.waitForURL(`${at.app}/bye`);
  assert.equal(authority.to("/session/end").length, 0);
});

behaviour("client_J163_a_logout_that_failed_keeps_the_page", async (scene) => {
  const { page, authority, at } = scene;
  authority.on("/session/logout", () => ({ status: 500 }));
  await arrive(scene, "/orders");
  await start(page);
  const outcome = await page.evaluate(() => stage.outcome(auth.signOut()));
  assert.equal(outcome.error?.code, "logout_failed");
  assert.deepEqual(
    [authority.to("/session/end").length, await addressOf(page)],
    [0, `${at.app}/orders`],
  );
});

test("client_J164_the_redirects_bring_no_second_copy_of_the_client", () => {
  const text = readFileSync(new URL("../../dist/redirects.js", import.meta.url), "utf8");
  assert.doesNotMatch(text, /WebAssembly|\bimport\b/);
});
