// Measures a verification against others: the platform's signature check alone, jose and aws-jwt-verify, for RS256, ES256 and EdDSA,
// with tokens that are new each time and with one that comes again and again, in Node and in workerd; what is measured is the time that a processor was
// at work, so that a busy machine changes little. It exists because the verifier
// promises to be faster than what it replaces, and such a promise wants numbers made in one run, contestants taking turns. Run it alone,
// after a build: `npm run bench:verify`. It fails when a bar is missed.

import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { startWorker } from "../tests/edge/workerd/start.ts";
import { descendantNamed, processorTime } from "./processor-time.ts";
import { AUDIENCE, contestantsOf, type Field, ISSUER, type Name, NAMES, runOver } from "./verify/contestants.ts";

const ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;
const ROUNDS = 15;
/** Rounds that are not counted: JavaScript and wasm alike get fast only after some thousand calls. */
const WARM_UP = 10;
const EACH = 250;
/** Six slices in turn are more than a verifier remembers, so a token is new again when it comes again. */
const SLICES = 6;
/** Of jose's time, in workerd. */
const BARS = { RS256: 0.8, ES256: 0.95, EdDSA: 0.95, repeated: 0.1 };

type Turn = (who: Name, kind: "distinct" | "repeated", round: number) => Promise<void>;

async function fieldOf(alg: (typeof ALGORITHMS)[number]): Promise<Field> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg, use: "sig" };
  const sign = (place: number) =>
    new SignJWT({ scope: "read write", client_id: "app", roles: ["user"], jti: `t${place}` })
      .setProtectedHeader({ alg, kid: "k1", typ: "JWT" })
      .setIssuer(ISSUER).setAudience(AUDIENCE).setSubject("alice").setIssuedAt().setExpirationTime("2h")
      .sign(privateKey);
  return { alg, jwks: { keys: [jwk] }, tokens: await Promise.all(Array.from({ length: SLICES * EACH }, (_, place) => sign(place))) };
}

/** The median over the rounds of microseconds of processor time a verification, the round trip of doing nothing taken off. */
async function measure(turn: Turn, clock: () => number): Promise<Record<"distinct" | "repeated", Record<Name, number>>> {
  const times = { distinct: new Map<Name, number[]>(), repeated: new Map<Name, number[]>() };
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    for (const kind of ["distinct", "repeated"] as const) {
      // Each goes first in turn.
      for (const [place] of NAMES.entries()) {
        const who = NAMES[(place + round) % NAMES.length] ?? "raw";
        const began = clock();
        await turn(who, kind, round % SLICES);
        const time = (clock() - began) / EACH;
        if (round >= WARM_UP) times[kind].set(who, [...(times[kind].get(who) ?? []), time]);
      }
    }
  }
  const median = (list: readonly number[] = []) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
  const over = (kind: "distinct" | "repeated") => {
    const base = median(times[kind].get("nothing"));
    return Object.fromEntries(NAMES.map((who) => [who, Math.max(0, median(times[kind].get(who)) - (who === "nothing" ? 0 : base))])) as Record<Name, number>;
  };
  return { distinct: over("distinct"), repeated: over("repeated") };
}

/** Microseconds of workerd's processor time, or else of the clock's. */
function workerdClock(): () => number {
  const pid = descendantNamed("workerd");
  return () => (pid === null ? null : processorTime(pid)) ?? performance.now() * 1000;
}

function nodeClock(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function inNode(field: Field): Promise<Turn> {
  const contestants = await contestantsOf(field);
  return (who, kind, round) => {
    const slice = field.tokens.slice(round * EACH, (round + 1) * EACH);
    return runOver(contestants[who], kind === "distinct" ? slice : slice.map(() => field.tokens[0] ?? ""));
  };
}

const { url, miniflare } = await startWorker("../../../benches/verify/worker.ts");
const clocks = { node: nodeClock, workerd: workerdClock() };

async function inWorkerd(field: Field): Promise<Turn> {
  await fetch(new URL(field.alg, url), { method: "POST", body: JSON.stringify(field) });
  return async (who, kind, round) => {
    const range = kind === "distinct" ? `from=${round * EACH}&to=${(round + 1) * EACH}` : `from=0&to=1&repeat=${EACH}`;
    const response = await fetch(new URL(`${field.alg}?who=${who}&${range}`, url));
    if (response.status !== 204) throw new Error(`${who} answered ${response.status}: ${await response.text()}`);
  };
}

const missed: string[] = [];
try {
  console.log(`µs of processor time a verification, median of ${ROUNDS} rounds of ${EACH}; in brackets the part of jose's time\n`);
  console.log(["".padEnd(28), ...NAMES.slice(1).map((name) => name.padStart(16))].join(""));
  for (const alg of ALGORITHMS) {
    const field = await fieldOf(alg);
    for (const [where, prepare] of [["node", inNode], ["workerd", inWorkerd]] as const) {
      const measured = await measure(await prepare(field), clocks[where]);
      for (const kind of ["distinct", "repeated"] as const) {
        const row = measured[kind];
        const cells = NAMES.slice(1).map((name) => `${row[name].toFixed(1)} (${(row[name] / row.jose).toFixed(2)})`.padStart(16));
        console.log([`${where} ${alg} ${kind}`.padEnd(28), ...cells].join(""));
        const bar = kind === "repeated" ? BARS.repeated : BARS[alg];
        const part = row.tokenkeep / row.jose;
        if (where === "workerd" && part > bar) missed.push(`${where} ${alg} ${kind}: ${part.toFixed(2)} of jose's time, the bar is ${bar}`);
      }
    }
  }
} finally {
  await miniflare.dispose();
}
if (missed.length > 0) {
  console.error(`\n${missed.join("\n")}`);
  process.exitCode = 1;
}
