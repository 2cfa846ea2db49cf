// Sessions in D1 and in Durable Objects, in workerd: two isolates of one mediator over one store.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { Miniflare, type MiniflareOptions } from "miniflare";
import { d1Sessions, type StoreFinding } from "tokenkeep/mediator";
import { workerOf } from "../edge/workerd/start.ts";
import { APP, Browser, bodyOf, errorIn } from "./browser.ts";
import { FaultyProvider } from "./faulty-provider.ts";
import { packed } from "./packing.ts";
import { LATER, SESSIONS, TURNS, takeTurns } from "./turns.ts";

type Fetcher = Awaited<ReturnType<Miniflare["getWorker"]>>;

interface Isolates {
  readonly provider: FaultyProvider;
  readonly doors: readonly [Browser, Browser];
  readonly workers: readonly [Fetcher, Fetcher];
  readonly miniflare: Miniflare;
  advance(ms?: number): Promise<void>;
}

async function withIsolates(
  store: "d1" | "durable",
  run: (isolates: Isolates) => Promise<void>,
): Promise<void> {
  const provider = await FaultyProvider.make();
  const worker = await workerOf(new URL("store-worker.ts", import.meta.url).pathname);
  const outside = await outsideWith(provider);
  const one = (name: string) => ({
    ...worker,
    name,
    bindings: { STORE: store },
    d1Databases: { DB: "sessions" },
    durableObjects: {
      SESSIONS: { className: "SessionObject", scriptName: "one", useSQLite: true },
    },
    outboundService: { external: { address: outside.address, http: {} } },
  });
  const miniflare = new Miniflare({
    cf: false,
    workers: [one("one"), one("two")],
  } as unknown as MiniflareOptions);
  try {
    const database = await miniflare.getD1Database("DB", "one");
    for (const sql of d1Sessions.schema.split(";\n"))
      if (sql.trim() !== "") await database.prepare(sql).run();
    const workers = [await miniflare.getWorker("one"), await miniflare.getWorker("two")] as const;
    const advance = async (ms = LATER) => {
      provider.offset += ms;
      for (const { fetch } of workers) await fetch(`${APP}/time?now=${provider.clock()}`);
    };
    await advance(0);
    const door = ({ fetch }: Fetcher) =>
      new Browser({
        async fetch(request) {
          const answer = await fetch(request.url, {
            method: request.method,
            headers: packed(request),
            redirect: "manual",
          });
          const { status } = answer;
          const headers = new Headers();
          for (const [name, value] of answer.headers)
            if (name !== "set-cookie") headers.set(name, value);
          for (const line of answer.headers.getSetCookie()) headers.append("Set-Cookie", line);
          return new Response(status === 204 ? null : await answer.text(), { status, headers });
        },
      });
    await run({
      provider,
      doors: [door(workers[0]), door(workers[1])],
      workers,
      miniflare,
      advance,
    });
  } finally {
    await miniflare.dispose();
    outside.close();
  }
}

/**
 * What is outside of the Workers: the provider, on a server that closes no connection by itself. A
 * busy machine would lose the request that comes at that moment, and a mediator repeats none.
 */
async function outsideWith(provider: FaultyProvider) {
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const body = request.method === "POST" ? await text(request) : undefined;
    const answer = await provider.fetch(`https://${request.headers.host}${request.url}`, {
      headers: request.headersDistinct as never,
      ...(body === undefined ? {} : { body }),
    });
    response.writeHead(answer.status, [...answer.headers].flat()).end(await answer.text());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void (server.close(), server.closeAllConnections()),
  };
}

async function signIn(browser: Browser, provider: FaultyProvider): Promise<void> {
  const request = await browser.begin();
  assert.equal(
    errorIn(await browser.navigate(`callback?${provider.agree(request)}`, "cross")),
    "in",
  );
}

for (const store of ["d1", "durable"] as const)
  describe(store, () => {
    test(`mediator_S5_the_store_of_${store}_passes_every_check`, () =>
      withIsolates(store, async ({ workers: [{ fetch }] }) => {
        const findings = (await (await fetch(`${APP}/check`)).json()) as StoreFinding[];
        assert.ok(findings.length >= 6);
        assert.deepEqual(
          findings.filter(({ ok }) => !ok),
          [],
        );
      }));

    test(`mediator_R3_refreshes_ten_times_at_once_200_times_over_two_isolates_with_one_call_each, ${store}`, () =>
      withIsolates(store, async ({ provider, doors, advance, workers }) => {
        await takeTurns(doors, provider, advance);
        for (const { fetch } of workers) {
          const events = (await (await fetch(`${APP}/events`)).json()) as { type: string }[];
          const served = events.filter(({ type }) => /^(refreshed|repeated)$/.test(type)).length;
          // Of ten calls at once each isolate has five. Which of the ten asks is for chance to say.
          assert.ok(served >= (SESSIONS * TURNS * 10) / 2, `${served} calls`);
        }
      }));

    test(`mediator_R11_revives_nothing_over_two_isolates, ${store}`, () =>
      withIsolates(store, async ({ provider, doors: [one, other], advance }) => {
        await signIn(one, provider);
        const there = other.copy();
        for (const [name, cookie] of one.jar) there.jar.set(name, cookie);
        provider.rotates = true;
        await advance();
        let open = () => {};
        const opened = new Promise<void>((resolve) => {
          open = resolve;
        });
        let asked = () => {};
        const isAsked = new Promise<void>((resolve) => {
          asked = resolve;
        });
        provider.answers["token"] = async () => {
          asked();
          await opened;
          return undefined;
        };
        const refreshing = there.refresh();
        await isAsked;
        assert.equal((await one.page("logout")).status, 204);
        open();
        assert.equal((await refreshing).status, 401);
        delete provider.answers["token"];
        assert.equal((await there.refresh()).status, 401);
        assert.equal(provider.refreshes, 1);
      }));

    test(`mediator_S301_keeps_nothing_of_a_session_that_ended, ${store}`, () =>
      withIsolates(store, async ({ provider, doors: [one, other], advance, miniflare }) => {
        await signIn(one, provider);
        await signIn(other, provider);
        await advance();
        assert.equal((await bodyOf(await one.refresh())).token_type, "Bearer");
        for (const browser of [one, other]) {
          assert.equal((await browser.page("logout")).status, 204);
          assert.equal(browser.session, undefined);
        }
        if (store !== "d1") return;
        const database = await miniflare.getD1Database("DB", "one");
        for (const table of ["tokenkeep_sessions", "tokenkeep_session_names"])
          assert.equal(await database.prepare(`SELECT count(*) AS n FROM ${table}`).first("n"), 0);
      }));
  });
