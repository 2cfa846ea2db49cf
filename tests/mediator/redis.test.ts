// Sessions in a real Redis, with both clients: two processes of one mediator.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { VerifyError } from "tokenkeep/edge";
import { checkSessionStore, MediatorError, storedSessions } from "tokenkeep/mediator";
import { type RedisClient, redisSessions } from "tokenkeep/redis";
import { CLIENTS, RedisServer } from "../edge/redis/server.ts";
import { Browser } from "./browser.ts";
import { FaultyProvider, KEY, signedIn } from "./faulty-provider.ts";
import { packed } from "./packing.ts";
import { LATER, takeTurns } from "./turns.ts";

let server: RedisServer;
before(async () => {
  server = await RedisServer.open();
});
after(() => server.stop());

const program = fileURLToPath(new URL("redis-program.ts", import.meta.url));

/** Starts the program, and gives its port once it listens. */
async function start(library: string, provider: string): Promise<[ChildProcess, number]> {
  const words = ["--import", "tsx", program, library, String(server.port), provider];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const [, found] = /listening (\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
    child.once("exit", () => reject(new Error(`it ended: ${said}`)));
  });
  return [child, port];
}

for (const [library, connect] of Object.entries(CLIENTS)) {
  test(`mediator_S5_the_store_of_Redis_passes_every_check, over ${library}`, async () => {
    const clients = [await connect(server.port), await connect(server.port)];
    let made = 0;
    try {
      const findings = await checkSessionStore(() => {
        const { client } = clients[made++ % 2]!;
        return redisSessions(client, { prefix: `${library}:` });
      });
      assert.ok(findings.length >= 6);
      assert.deepEqual(
        findings.filter(({ ok }) => !ok),
        [],
      );
    } finally {
      for (const { end } of clients) end();
    }
  });

  test(`mediator_R3_refreshes_ten_times_at_once_200_times_over_two_processes_with_one_call_each, over ${library}`, async () => {
    const provider = await FaultyProvider.make();
    const front = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const { "x-url": url, ...headers } = request.headers;
      const answer = await provider.fetch(String(url), {
        body: body === "" ? null : body,
        headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
      });
      response.writeHead(answer.status, [...answer.headers].flat());
      response.end(await answer.text());
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`;
    const started = await Promise.all([start(library, address), start(library, address)]);
    const ports = started.map(([, port]) => port);
    const door = (port = 0) =>
      new Browser({
        fetch: (request) => {
          const { pathname, search } = new URL(request.url);
          const { method } = request;
          const to = `http://127.0.0.1:${port}${pathname}${search}`;
          return fetch(to, { method, headers: packed(request), redirect: "manual" });
        },
      });
    const advance = async () => {
      provider.offset += LATER;
      for (const port of ports)
        await fetch(`http://127.0.0.1:${port}/time?now=${provider.clock()}`);
    };
    try {
      await advance();
      await takeTurns([door(ports[0]), door(ports[1])], provider, advance);
    } finally {
      for (const [child] of started) child.kill();
      front.closeAllConnections();
      front.close();
    }
  });

  test(`mediator_S302_answers_503_while_Redis_is_away_and_signs_nobody_out, over ${library}`, async () => {
    const own = await RedisServer.open();
    const { client, end, send } = await connect(own.port);
    try {
      const sessions = storedSessions(redisSessions(client, { timeout: 200 }), { keys: [KEY] });
      const { browser, provider } = await signedIn({ sessions });
      assert.equal((await browser.refresh()).status, 200);
      const keys = (await send("KEYS", "tokenkeep:session:*")) as string[];
      assert.equal(keys.length, 3, "the session, and its two names");
      for (const key of keys) assert.ok(Number(await send("PTTL", key)) > 86_000_000, key);
      own.pause();
      assert.equal((await browser.refresh()).status, 503);
      own.resume();
      provider.offset += LATER;
      // The client sends again when it has got its late answer.
      for (let tries = 0; (await browser.copy().refresh()).status !== 200; tries += 1) {
        assert.ok(tries < 100);
        provider.offset += LATER;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.equal((await browser.page("logout")).status, 204);
      assert.equal((await browser.refresh()).status, 401);
    } finally {
      end();
      await own.stop();
    }
  });
}

test("mediator_S302_takes_no_client_of_redis_that_is_none", () => {
  const client = { getRange: async () => "", on: () => undefined } as unknown as RedisClient;
  const calls = [
    () => redisSessions({} as RedisClient),
    () => redisSessions(client, { prefix: 1 as never }),
    () => redisSessions(client, { timeout: 0 }),
    () => redisSessions(client, { ttl: 1 } as object),
  ];
  for (const call of calls)
    assert.throws(call, (error) => error instanceof VerifyError && error.code === "config_invalid");
  assert.ok(new MediatorError() instanceof VerifyError);
});
