// The same mediator behind Express, in a Hono application, in workerd and by itself: the same
// answers.

import assert from "node:assert/strict";
import { createServer, type RequestListener, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import type { Mediator, MediatorEvent } from "tokenkeep/mediator";
import { Browser, bodyOf, errorIn } from "./browser.ts";
import { FaultyProvider, mediatorFor } from "./faulty-provider.ts";

interface Served {
  readonly name: string;
  readonly browser: Browser;
  readonly provider: FaultyProvider;
  readonly events: MediatorEvent[];
  stop(): void;
}

/** Over HTTP, with the headers that the test wants: `fetch` sets some itself. */
function overHttp(port: number): Pick<Mediator, "fetch"> {
  return {
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = request.method === "POST" ? await request.text() : "";
      const { method } = request;
      const headers = { ...Object.fromEntries(request.headers), "content-length": body.length };
      return new Promise<Response>((resolve, reject) => {
        const call = send({ port, method, path: pathname + search, headers }, (answer) => {
          let text = "";
          answer.on("data", (chunk) => {
            text += chunk;
          });
          answer.on("end", () => {
            const got = new Headers();
            for (let place = 0; place < answer.rawHeaders.length; place += 2)
              got.append(answer.rawHeaders[place] ?? "", answer.rawHeaders[place + 1] ?? "");
            const status = answer.statusCode ?? 0;
            resolve(new Response(status === 204 ? null : text, { status, headers: got }));
          });
        });
        call.on("error", reject);
        call.end(body);
      });
    },
  };
}

async function serve(
  name: string,
  listenerFor: (mediator: Mediator) => RequestListener,
): Promise<Served> {
  const provider = await FaultyProvider.make();
  const events: MediatorEvent[] = [];
  const mediator = mediatorFor(provider, { onEvent: (event) => events.push(event) });
  const server = createServer(listenerFor(mediator));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = new Browser(overHttp((server.address() as AddressInfo).port));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { name, browser, provider, events, stop };
}

const served: Served[] = [];
before(async () => {
  served.push(
    await serve("Express, after its body parsers", (mediator) => {
      const app = express();
      app.use(express.json(), express.urlencoded());
      app.all(
        "/session/{*rest}",
        getRequestListener((request) => mediator.fetch(request)),
      );
      return app;
    }),
    await serve("a part of a Hono application", (mediator) => {
      const part = new Hono().all("*", (c) => mediator.fetch(c.req.raw));
      return getRequestListener(new Hono().route("/session", part).fetch);
    }),
    await serve("by itself on Node", ({ fetch }) =>
      getRequestListener((request) => fetch(request)),
    ),
  );
});
after(() => {
  for (const { stop } of served) stop();
});

/** What a browser sees of a whole session: what is random left out. */
async function story(browser: Browser, provider: FaultyProvider): Promise<unknown[]> {
  const seen: unknown[] = [];
  const keep = async (response: Response) => {
    const { status, headers } = response;
    const wanted = ["Cache-Control", "Vary", "Access-Control-Allow-Origin", "Retry-After", "Allow"];
    seen.push({
      status,
      headers: wanted.map((name) => headers.get(name)),
      cookies: headers.getSetCookie().map((line) => line.replace(/-tx-[^=]+|=[^;]*/g, "")),
      location: (headers.get("Location") ?? "").replace(/\?.*|error\..*/, ""),
      body: (await response.text()).replace(/\d{13}/g, "time"),
    });
  };
  const request = await browser.begin("return_to=/x?y=%20z");
  await keep(await browser.navigate("sign-in"));
  await keep(await browser.navigate(`callback?${provider.agree(request)}`, "cross"));
  await keep(await browser.refresh());
  await keep(await browser.refresh());
  await keep(await browser.page("user", "GET"));
  await keep(await browser.page("refresh", "GET"));
  await keep(await browser.page("nothing"));
  await keep(await browser.send("refresh", { method: "POST" }));
  await keep(await browser.page("logout"));
  await keep(await browser.navigate("end?return_to=/bye"));
  await keep(await browser.refresh());
  await keep(await browser.navigate("callback", "cross"));
  return seen;
}

test("mediator_Q16_answers_the_same_wherever_it_is_mounted", async () => {
  const provider = await FaultyProvider.make();
  const wanted = await story(new Browser(mediatorFor(provider)), provider);
  assert.equal(wanted.length, 12);
  for (const { name, browser, provider: own } of served)
    assert.deepEqual(await story(browser, own), wanted, name);
});

test("mediator_Q16_tells_of_a_logout_token_that_a_body_parser_has_taken", async () => {
  for (const { name, browser, provider, events } of served) {
    assert.equal(errorIn(await signIn(browser, provider)), "in");
    const token = await provider.sign(
      {
        jti: "1",
        sub: "alice",
        events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      },
      { typ: "logout+jwt" },
    );
    const answer = await browser.send("backchannel-logout", {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    const isTaken = name.startsWith("Express");
    assert.equal(answer.status, isTaken ? 400 : 200, name);
    if (isTaken) assert.equal((await bodyOf(answer)).error, "invalid_request");
    assert.equal(
      events.some(({ code }) => code === "body_read"),
      isTaken,
      name,
    );
    assert.equal((await browser.refresh()).status, isTaken ? 200 : 401, name);
  }
});

async function signIn(browser: Browser, provider: FaultyProvider): Promise<Response> {
  const request = await browser.begin();
  return browser.navigate(`callback?${provider.agree(request)}`, "cross");
}
