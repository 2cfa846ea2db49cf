// The mediator in front of oidc-provider, whose refresh tokens work once: a used one that comes
// again ends the session there.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  createMediator,
  type Mediator,
  type MediatorOptions,
  memorySessions,
  storedSessions,
} from "tokenkeep/mediator";
import { APP, Browser, bodyOf, errorIn, locationOf, URL_OF_MEDIATOR } from "./browser.ts";
import { KEY } from "./faulty-provider.ts";
import { OIDC_CLIENT, OIDC_SECRET, Oidc, type OidcOptions, ProviderPages } from "./oidc.ts";

interface Running {
  readonly oidc: Oidc;
  readonly browser: Browser;
  readonly pages: ProviderPages;
  /** The mediator's time: milliseconds that it is ahead. */
  readonly time: { ahead: number };
  readonly served: Mediator;
  signIn(browser?: Browser, query?: string, pages?: ProviderPages): Promise<Response>;
}

async function withOidc(
  run: (running: Running) => Promise<void>,
  provider: Partial<OidcOptions> = {},
  options: Partial<MediatorOptions> = {},
): Promise<void> {
  const oidc = await Oidc.start({ mediator: URL_OF_MEDIATOR, ...provider });
  const time = { ahead: 0 };
  const mediator = createMediator({
    provider: { issuer: oidc.issuer, scope: "openid profile email offline_access" },
    client: { id: OIDC_CLIENT, auth: { method: "client_secret_basic", secret: OIDC_SECRET } },
    url: URL_OF_MEDIATOR,
    apps: [APP],
    sessions: storedSessions(memorySessions(), { keys: [KEY] }),
    clock: () => Date.now() + time.ahead,
    ...options,
  });
  const browser = new Browser(mediator);
  const own = new ProviderPages();
  const signIn = async (visitor = browser, query = "", pages = own) => {
    const back = await pages.follow(await visitor.begin(query), URL_OF_MEDIATOR);
    return visitor.navigate(`callback${back.search}`, "cross");
  };
  try {
    await run({ oidc, browser, pages: own, time, signIn, served: mediator });
  } finally {
    await oidc.stop();
  }
}

for (const pushed of [true, false])
  test(`mediator_Q1_signs_in_at_oidc_provider_and_refreshes, with pushed requests ${pushed ? "on" : "off"}`, () =>
    withOidc(
      async ({ oidc, browser, time, signIn }) => {
        const request = await browser.begin();
        assert.equal(request.searchParams.has("request_uri"), pushed);
        assert.equal(request.searchParams.has("state"), !pushed);
        const back = await signIn(browser, "return_to=/inbox");
        assert.equal(back.headers.get("Location"), `${APP}/inbox?tokenkeep=in`);
        const seen = new Set<string>();
        for (let turn = 0; turn < 5; turn += 1) {
          const answer = await browser.refresh();
          assert.equal(answer.status, 200);
          const body = await bodyOf(answer);
          assert.deepEqual(Object.keys(body), ["access_token", "expires_in", "token_type"]);
          seen.add(body.access_token);
          time.ahead += 61_000;
        }
        assert.equal(seen.size, 5);
        assert.deepEqual(oidc.asked, ["authorization_code", ...Array(4).fill("refresh_token")]);
        const user = (await (await browser.page("user", "GET")).json()) as {
          claims: Record<string, unknown>;
          session: { startedAt: number; expiresAt: number };
        };
        assert.deepEqual(user.claims, {
          sub: "alice",
          name: "The user alice",
          email: "alice@example.com",
        });
        assert.equal(user.session.expiresAt - user.session.startedAt, 604_800_000);
      },
      { pushed },
    ));

test("mediator_Q2_signs_in_five_tabs_at_once_at_oidc_provider", () =>
  withOidc(async ({ browser, pages }) => {
    const requests = await Promise.all([1, 2, 3, 4, 5].map(() => browser.begin()));
    for (const request of requests) {
      const back = await pages.follow(request, URL_OF_MEDIATOR);
      assert.equal(errorIn(await browser.navigate(`callback${back.search}`, "cross")), "in");
      assert.equal((await browser.refresh()).status, 200);
    }
  }));

test("mediator_Q9_brings_a_refusal_at_oidc_provider_home", () =>
  withOidc(async ({ browser, signIn }) => {
    const back = await signIn(browser, "login_hint=nobody");
    assert.equal(errorIn(back), "cancelled");
    assert.doesNotMatch(locationOf(back).href, /user|said|%3Cb/);
    assert.equal(errorIn(await signIn(browser, "prompt=none")), "interaction_required");
    assert.equal(errorIn(await signIn()), "in");
    assert.equal(errorIn(await signIn(browser, "prompt=none")), "in", "silently");
  }));

test("mediator_Q10_steps_up_at_oidc_provider", () =>
  withOidc(async ({ browser, signIn }) => {
    assert.equal(errorIn(await signIn(browser, "max_age=3600&acr_values=urn:two")), "in");
    assert.equal(errorIn(await signIn(browser, "acr_values=urn:three")), "step_up_failed");
    assert.equal((await browser.refresh()).status, 200);
  }));

test("mediator_R2_refreshes_ten_times_at_once_200_times_at_oidc_provider_with_one_call_each", () =>
  withOidc(async ({ oidc, time, signIn, browser }) => {
    // Ten sessions that take their turns at the same time.
    const visitors = Array.from({ length: 10 }, () => browser.copy());
    for (const visitor of visitors)
      assert.equal(errorIn(await signIn(visitor, "", new ProviderPages())), "in");
    for (let turn = 0; turn < 20; turn += 1) {
      time.ahead += 61_000;
      await Promise.all(
        visitors.map(async (visitor) => {
          const answers = await Promise.all(Array.from({ length: 10 }, () => visitor.refresh()));
          const tokens = await Promise.all(answers.map(bodyOf));
          assert.equal(new Set(tokens.map(({ access_token }) => access_token)).size, 1);
          assert.ok(answers.every(({ status }) => status === 200));
        }),
      );
    }
    assert.equal(oidc.refreshes, 200);
    assert.ok(
      oidc.asked.every((one) => !one.includes(":")),
      "nothing was refused",
    );
  }));

test("mediator_T5_sends_the_ID_token_to_the_sign_out_page_of_oidc_provider", () =>
  withOidc(async ({ browser, pages, signIn }) => {
    assert.equal(errorIn(await signIn()), "in");
    assert.equal((await browser.page("logout")).status, 204);
    const to = locationOf(await browser.navigate("end?return_to=/bye"));
    const back = await signOutAt(to, pages);
    assert.ok(back.href.startsWith(`${URL_OF_MEDIATOR}/ended?state=`), back.href);
    const home = await browser.navigate(`ended${back.search}`, "cross");
    assert.equal(home.headers.get("Location"), `${APP}/bye`);
    assert.equal(errorIn(await signIn(browser, "prompt=none")), "interaction_required");
  }));

test("mediator_T1_ends_the_refresh_token_at_oidc_provider_too", () =>
  withOidc(async ({ oidc, browser, signIn, time }) => {
    assert.equal(errorIn(await signIn()), "in");
    const copy = browser.copy();
    time.ahead += 61_000;
    assert.equal((await copy.refresh()).status, 200);
    assert.equal((await browser.page("logout")).status, 204);
    assert.equal(browser.session, undefined);
    assert.equal((await copy.refresh()).status, 401);
    assert.equal(oidc.refreshes, 1);
  }));

test("mediator_T6_ends_the_session_that_is_logged_out_at_oidc_provider", async () => {
  let received: Promise<Response> | undefined;
  let mediator: Pick<Mediator, "fetch"> | undefined;
  const front = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    received = mediator?.fetch(
      new Request(`${URL_OF_MEDIATOR}/backchannel-logout`, {
        method: "POST",
        headers: { "Content-Type": request.headers["content-type"] ?? "" },
        body,
      }),
    );
    response.writeHead((await received)?.status ?? 500).end();
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const { port } = front.address() as AddressInfo;
  await withOidc(
    async ({ oidc, browser, pages, signIn, served }) => {
      mediator = served;
      const other = browser.copy();
      assert.equal(errorIn(await signIn()), "in");
      assert.equal(errorIn(await signIn(other, "", new ProviderPages())), "in");
      // The user signs out at the provider, and not here.
      await signOutAt(new URL("/session/end", oidc.issuer), pages);
      assert.equal((await received)?.status, 200);
      assert.equal((await browser.refresh()).status, 401);
      assert.equal((await other.refresh()).status, 200);
      assert.equal(errorIn(await signIn()), "in");
      assert.equal((await browser.refresh()).status, 200);
    },
    { backchannelLogout: `http://127.0.0.1:${port}/` },
  );
  front.closeAllConnections();
  front.close();
});

/** Confirms on the provider's page that the user signs out. */
async function signOutAt(to: URL, pages: ProviderPages): Promise<URL> {
  const form = await (await pages.send(to)).text();
  const [, xsrf = ""] = /name="xsrf" value="([^"]+)"/.exec(form) ?? [];
  const [, action = ""] = /action="([^"]+)"/.exec(form) ?? [];
  const confirmed = await pages.send(new URL(action, to), {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ xsrf, logout: "yes" }),
  });
  return locationOf(confirmed);
}
