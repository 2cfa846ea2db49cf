// A guarded route in workerd: the processor time of workerd for one whole request. That time bounds
// how many requests it answers in a second. 32 requests are under way at once.

import { Agent, request as send } from "node:http";
import { startWorker } from "../../tests/edge/workerd/start.ts";
import { type Effort, hold, type Rounds } from "../contest.ts";
import { routeOf } from "../names.ts";
import { descendantNamed, processorTime } from "../processor-time.ts";
import { SUBJECT, signerOf } from "../verify/field.ts";

const NAMES = ["unguarded", "jose", "tokenkeep"] as const;
/**
 * Enough that each route pays for its own garbage collection, which can take a tenth of a second.
 */
const EACH = 2000;
const LANES = 32;
/** More distinct tokens than a verifier remembers. */
const TOKENS = 3_000;

function ask(agent: Agent, url: URL, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      { agent, headers: { Authorization: `Bearer ${token}` } },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () =>
          body === `{"hello":"${SUBJECT}"}`
            ? resolve()
            : reject(new Error(`${url.pathname} answered ${response.statusCode} ${body}`)),
        );
      },
    );
    request.on("error", reject).end();
  });
}

export async function measureRoute(effort: Effort): Promise<Record<string, Rounds>> {
  const signer = await signerOf("RS256");
  const tokens = await Promise.all(
    Array.from({ length: TOKENS }, (_, place) => signer.token(place)),
  );
  // Straight to the Worker: miniflare's entry Worker would cost more than the route.
  const { miniflare } = await startWorker("../../../benches/route/worker.ts", {
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const url = await miniflare.unsafeGetDirectURL();
  const agent = new Agent({ keepAlive: true, maxSockets: LANES });
  try {
    await fetch(url, { method: "POST", body: JSON.stringify(signer.jwks) });
    const refused = await fetch(new URL("/tokenkeep", url), {
      headers: { Authorization: `Bearer ${tokens[0]?.slice(0, -8)}AAAAAAAA` },
    });
    if (refused.status !== 401) throw new Error(`a forged token was answered ${refused.status}`);
    const pid = descendantNamed("workerd");
    const clock = () => (pid === null ? null : processorTime(pid)) ?? performance.now() * 1000;
    const each = Math.round(EACH * effort.share);
    const turn = (kind: "distinct" | "repeated") => async (who: string, round: number) => {
      let next = 0;
      const lane = async () => {
        for (let place = next++; place < each; place = next++) {
          const token = kind === "repeated" ? tokens[0] : tokens[(round * each + place) % TOKENS];
          await ask(agent, new URL(`/${who}`, url), token ?? "");
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    };
    const found: Record<string, Rounds> = {};
    for (const kind of ["distinct", "repeated"] as const)
      found[routeOf(kind)] = await hold(
        { names: NAMES, each, clock, turn: turn(kind) },
        { ...effort, rounds: 2 * effort.rounds + 1 },
      );
    return found;
  } finally {
    agent.destroy();
    await miniflare.dispose();
  }
}
