// A day of a guarded Worker in real workerd: hundreds of users whose tokens are renewed, keys that
// rotate, a key endpoint that fails now and then, tokens that are revoked, and those that never
// were good. Each answer has to be right, and in the end the Worker holds no token but the last.

import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { Response } from "miniflare";
import { base64url, claims, type KeyPair, keyPair, NOW, sign } from "../edge/suite/kit.ts";
import { startWorker } from "../edge/workerd/start.ts";
import { dice } from "../shared/dice.ts";
import type { Word } from "./api-worker.ts";
import { DevTools } from "./devtools.ts";
import { Tokens } from "./search.ts";

/** Requests between two moves of the clock, and seconds of a move: a million take a day. */
const BATCH = 1_000;
const MOVE = 86.4;
const AT_ONCE = 32;
const USERS = 300;
/** Seconds. */
const LIFETIME = 900;
const ROTATION = 7_200;
/** A key is published so long before it signs, and stays so long after it was replaced. */
const AHEAD = 600;
const AFTER = 1_200;
/** The key endpoint fails for so long, at the same time of each period. */
const OUTAGE = { period: 10_800, begins: 4_000, lasts: 1_200 };

/** What a request brings, and what may be answered. */
const ANSWERS = {
  good: [200],
  revoked: [401],
  expired: [401],
  tampered: [401],
  garbage: [401],
  "for another audience": [401],
  // 503 where the key may be a new one that can't be fetched now.
  "by an unknown key": [401, 503],
  "without a token": [401],
} as const satisfies Record<string, readonly number[]>;
type Kind = keyof typeof ANSWERS;

interface Held {
  readonly token: string;
  readonly jti: string;
  readonly exp: number;
}

const keyAt = (seconds: number): Promise<KeyPair> =>
  keyPair("ES256", `key ${Math.floor((seconds - NOW) / ROTATION)}`);

/** The keys that are published at this second. */
async function published(now: number): Promise<unknown> {
  const pairs = await Promise.all([keyAt(now - AFTER), keyAt(now), keyAt(now + AHEAD)]);
  return { keys: [...new Set(pairs.map(({ jwk }) => jwk))] };
}

const isOut = (now: number): boolean => {
  const within = ((now - NOW) % OUTAGE.period) - OUTAGE.begins;
  return within >= 0 && within < OUTAGE.lasts;
};

export interface Outcome {
  readonly counts: Readonly<Record<string, number>>;
  readonly fetches: number;
  /** Bytes that the Worker's heap held, at even distances. */
  readonly memory: readonly number[];
  /** Different tokens, for all of which the Worker's memory was searched at the end. */
  readonly tokens: number;
}

export async function guardedRequests(total: number, seed = 1): Promise<Outcome> {
  const roll = dice(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let now = NOW;
  let fetches = 0;
  const { url, miniflare, log } = await startWorker("../../soak/api-worker.ts", {
    inspectorPort: 0,
    outboundService: async () => {
      fetches += 1;
      if (isOut(now)) return new Response(null, { status: 503 });
      return Response.json(await published(now), { headers: { "Cache-Control": "max-age=300" } });
    },
  });

  const inspector = await DevTools.at(new URL("./core:user:", await miniflare.getInspectorURL()));

  const heapBytes = async () => {
    await inspector.target().heap();
    return inspector.target().heldBytes();
  };

  const send = (token: string | null): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
      const sent = request(url, { agent, headers }, (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
      });
      sent.once("error", reject);
      sent.end();
    });
  const tell = async (word: Word): Promise<readonly string[]> => {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(word) });
    return (await answer.json()) as readonly string[];
  };

  const tokens = new Tokens();
  let minted = 0;
  const mint = async (more: Record<string, unknown> = {}, iat = now): Promise<Held> => {
    minted += 1;
    const [jti, exp] = [`t${minted}`, iat + LIFETIME];
    const pair = await keyAt(iat);
    const token = await sign(claims({ jti, iat, exp, ...more }), {}, pair);
    tokens.add(token);
    return { token, jti, exp };
  };
  const held = new Array<Held | undefined>(USERS);
  const revoked: Held[] = [];
  /** What one user sends, or somebody who is none. */
  const pick = async (word: { revoked: [string, number][] }): Promise<[Kind, string | null]> => {
    const user = Math.floor(roll() * USERS);
    const known = held[user];
    const own =
      known === undefined || known.exp - now < 60
        ? await mint({ sub: `user ${user}` }, now - Math.floor(roll() * 300))
        : known;
    held[user] = own;
    const chance = roll();
    if (chance < 0.9) return ["good", own.token];
    if (chance < 0.91) return ["without a token", null];
    if (chance < 0.93) return ["expired", (await mint({}, now - LIFETIME - 300)).token];
    if (chance < 0.95) {
      const [head, body, signature = ""] = own.token.split(".");
      const other = signature.startsWith("A") ? "B" : "A";
      return ["tampered", `${head}.${body}.${other}${signature.slice(1)}`];
    }
    if (chance < 0.96) return ["garbage", base64url(String(roll()))];
    if (chance < 0.97)
      return ["for another audience", (await mint({ aud: "https://other.example" })).token];
    if (chance < 0.98) {
      const [, body, signature] = own.token.split(".");
      const head = base64url(JSON.stringify({ alg: "ES256", typ: "JWT", kid: `kid ${roll()}` }));
      return ["by an unknown key", `${head}.${body}.${signature}`];
    }
    while (revoked[0] !== undefined && revoked[0].exp <= now) revoked.shift();
    const one = revoked[Math.floor(roll() * revoked.length)];
    if (one !== undefined && roll() < 0.8) return ["revoked", one.token];
    word.revoked.push([own.jti, own.exp]);
    revoked.push(own);
    held[user] = undefined;
    return ["revoked", own.token];
  };

  const counts: Record<string, number> = {};
  const memory: number[] = [];
  try {
    for (let sent = 0; sent < total; sent += BATCH) {
      now = NOW + Math.floor((sent / BATCH) * MOVE);
      const word = { now, revoked: [] as [string, number][] };
      const batch: [Kind, string | null][] = [];
      for (let one = 0; one < BATCH; one += 1) batch.push(await pick(word));
      await tell(word);
      const ended = new Set(revoked.map(({ token }) => token));
      let next = 0;
      const lane = async () => {
        for (;;) {
          const one = batch[next];
          next += 1;
          if (one === undefined) return;
          const [kind, token] = one;
          // What is revoked in this batch is revoked before it is sent.
          const meant = kind === "good" && ended.has(token ?? "") ? "revoked" : kind;
          const status = await send(token);
          const allowed: readonly number[] = ANSWERS[meant];
          assert.ok(allowed.includes(status), `request ${sent + next}, ${meant}: ${status}`);
          const name = `${meant}: ${status}`;
          counts[name] = (counts[name] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      if ((sent / BATCH) % Math.max(1, Math.floor(total / BATCH / 48)) === 0)
        memory.push(await heapBytes());
    }
    // The verifier holds the token that it has read last, in one place of its memory. One that is
    // longer than all before leaves nothing of theirs there.
    const { token } = await mint({ sub: "u".repeat(200) });
    assert.equal(await send(token), 200);
    assert.deepEqual(tokens.in(await inspector.target().heap()), [token]);
    const memories = await tell({ now, revoked: [], looks: true });
    assert.deepEqual(
      memories.map((text) => tokens.in(text)),
      [[token]],
    );
    assert.doesNotMatch(log(), /different request|hung|exception/i);
  } finally {
    agent.destroy();
    inspector.close();
    await miniflare.dispose();
  }
  return { counts, fetches, memory, tokens: minted };
}
