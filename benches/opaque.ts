// How much longer a verifier takes for an opaque token whose issuer's answer is remembered than for
// a JWT that is remembered, in Node and in workerd. It exists because the page of figures measures
// JWTs. It fails when the bar is missed. Alone, after a build: `npm run bench:opaque`.

import { startWorker } from "../tests/edge/workerd/start.ts";
import { measureOf } from "./arithmetic.ts";
import { hold, WHOLE } from "./contest.ts";
import { contestants, NAMES } from "./opaque/contestants.ts";
import { descendantNamed, processorTime } from "./processor-time.ts";

/** Microseconds over a JWT. */
const BAR = 10;
const EACH = 5_000;

interface Stage {
  readonly clock: () => number;
  readonly turn: (who: string) => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

async function inNode(): Promise<Stage> {
  const found = await contestants();
  return {
    clock: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    async turn(who) {
      for (let place = 0; place < EACH; place += 1) await found[who]?.(place);
    },
    close: async () => undefined,
  };
}

async function inWorkerd(): Promise<Stage> {
  const { miniflare } = await startWorker("../../../benches/opaque/worker.ts", {
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const url = await miniflare.unsafeGetDirectURL();
  const pid = descendantNamed("workerd");
  return {
    clock: () => (pid === null ? null : processorTime(pid)) ?? performance.now() * 1000,
    async turn(who) {
      const words = new URLSearchParams({ who, each: String(EACH) });
      const answer = await fetch(new URL(`?${words}`, url));
      if (answer.status !== 204) throw new Error(await answer.text());
    },
    close: () => miniflare.dispose(),
  };
}

const missed: string[] = [];
for (const [place, open] of Object.entries({ node: inNode, workerd: inWorkerd })) {
  const { clock, turn, close } = await open();
  const rounds = await hold(
    { names: NAMES, each: EACH, clock, turn },
    { ...WHOLE, rounds: 3 * WHOLE.rounds },
  );
  await close();
  const [jwt, opaque] = NAMES.map((name) => measureOf(rounds[name] ?? []).value) as [
    number,
    number,
  ];
  console.log(
    `${place}: a remembered JWT ${jwt.toFixed(2)} µs of processor time, ` +
      `a remembered opaque token ${opaque.toFixed(2)} µs`,
  );
  if (opaque - jwt > BAR)
    missed.push(`${place}: ${(opaque - jwt).toFixed(2)} µs over a JWT, the bar is ${BAR}`);
}
if (missed.length > 0) {
  console.error(missed.join("\n"));
  process.exitCode = 1;
}
