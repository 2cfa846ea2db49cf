// What a kept token adds to a call of a service, in Node. `fetch` is the platform's own. A
// dispatcher answers at once, so that no network is measured.

import { createServiceTokens } from "tokenkeep/service";
import { type Effort, hold, type Rounds } from "../contest.ts";
import { SERVICE } from "../names.ts";

const ORIGIN = "https://stock.example.com";
const URL_OF_ITEMS = `${ORIGIN}/items`;
const EACH = 2_000;

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
  const init = { dispatcher: answersAtOnce } as RequestInit;
  const token = await tokens.withToken(ORIGIN, String);
  const headers = { Authorization: `Bearer ${token}` };
  const calls: Record<string, () => Promise<unknown>> = {
    fetch: () => fetch(URL_OF_ITEMS, { ...init, headers, redirect: "manual" }),
    tokenkeep: () => tokens.fetch(URL_OF_ITEMS, init),
    withToken: () => tokens.withToken(ORIGIN, String),
  };
  const each = Math.round(EACH * effort.share);
  const turn = async (who: string) => {
    for (let place = 0; place < each; place += 1) await calls[who]?.();
  };
  return {
    [SERVICE]: await hold(
      { names: Object.keys(calls), each, clock, turn },
      { ...effort, rounds: 8 * effort.rounds + 1, warmUp: 4 * effort.warmUp },
    ),
  };
}
