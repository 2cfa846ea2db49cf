// What a kept token adds to a call of a service, in Node. `fetch` is the platform's own, under a
// dispatcher that answers at once: no network is measured. It takes thirty times what is looked
// for, and its own noise is as large. So turns are short and many, and the difference is taken turn
// by turn. The same is measured once more over a `fetch` that does nothing.

import { createServiceTokens } from "tokenkeep/service";
import { type Effort, hold, type Rounds } from "../contest.ts";
import { SERVICE } from "../names.ts";

const ORIGIN = "https://stock.example.com";
const URL_OF_ITEMS = `${ORIGIN}/items`;
const EACH = 100;

const clock = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** The parts of undici's interface by which Node's `fetch` hears an answer. */
const answersAtOnce = {
  dispatch(_options: unknown, handler: Record<string, (...given: unknown[]) => void>) {
    handler["onConnect"]?.(() => undefined);
    handler["onHeaders"]?.(204, [], () => undefined, "No Content");
    handler["onComplete"]?.([]);
    return true;
  },
};

export async function measureService(effort: Effort): Promise<Record<string, Rounds>> {
  const tokens = createServiceTokens({
    issuer: "https://auth.example.com",
    tokenEndpoint: "https://auth.example.com/token",
    client: { id: "orders", auth: { method: "client_secret_basic", secret: "secret" } },
    targets: { [ORIGIN]: { audience: "stock" } },
    fetch: async () =>
      Response.json({
        access_token: "t".repeat(800),
        token_type: "Bearer",
        expires_in: 86_400,
      }),
  });
  const platform = globalThis.fetch;
  const empty = new Response(null, { status: 204 });
  const does = { platform, nothing: async () => empty };
  const init = { dispatcher: answersAtOnce } as RequestInit;
  const token = await tokens.withToken(ORIGIN, String);
  const headers = { Authorization: `Bearer ${token}` };
  const own = { "Content-Type": "application/json", "X-Request-Id": "0123456789" };
  const calls: Record<string, () => Promise<unknown>> = {
    fetch: () => fetch(URL_OF_ITEMS, { ...init, headers, redirect: "manual" }),
    tokenkeep: () => tokens.fetch(URL_OF_ITEMS, init),
    "fetch, headers": () =>
      fetch(URL_OF_ITEMS, { ...init, headers: { ...own, ...headers }, redirect: "manual" }),
    "tokenkeep, headers": () => tokens.fetch(URL_OF_ITEMS, { ...init, headers: own }),
  };
  const each = Math.round(EACH * effort.share);
  const found: Record<string, Rounds> = {};
  for (const [over, used] of Object.entries(does)) {
    globalThis.fetch = used;
    const rounds = await hold(
      {
        names: Object.keys(calls),
        each,
        clock,
        async turn(who) {
          for (let place = 0; place < each; place += 1) await calls[who]?.();
          // What fetch has left behind is only collected between tasks.
          await new Promise((resolve) => setImmediate(resolve));
        },
      },
      { ...effort, rounds: 60 * effort.rounds + 1, warmUp: 20 * effort.warmUp },
    );
    const added = (who: string) =>
      (rounds[`tokenkeep${who}`] ?? []).map(
        (time, at) => time - (rounds[`fetch${who}`]?.[at] ?? 0),
      );
    found[`${SERVICE}, over ${over}`] = {
      ...rounds,
      added: added(""),
      "added, headers": added(", headers"),
    };
  }
  globalThis.fetch = platform;
  return found;
}
