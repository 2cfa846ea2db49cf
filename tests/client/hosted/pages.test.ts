// Many pages of one shared worker, by chance: they call, log out, sign in, are stored and come
// back, close, or go without a word. The engine and the channels are the real ones, in Node; the
// pages are scripts, and their ports deliver at once. A run follows from its seed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { packedWasm, wasmSize } from "../../../build/client/inlined.js";
import { coreFrom } from "../../../js/client/load.ts";
import { readOptions } from "../../../js/client/options.ts";
import * as Kind from "../../../js/hosted/protocol.ts";
import { packedOf, unpacked } from "../../../js/shared/unpack.ts";
import { shareEngine } from "../../../js/worker/engine.ts";
import { dice } from "../../shared/dice.ts";

const AUTHORITY = "https://auth.example.com/session";
const API = "https://api.example.com";
const load = coreFrom(
  () => unpacked(packedOf(packedWasm), wasmSize),
  (call) => call(),
);

/** What answers a call first, and all that may come of one. */
const FIRST: readonly unknown[] = [Kind.SETTLED, Kind.HEAD, Kind.BROKEN];
const ANSWERS = [...FIRST, Kind.CHUNK, Kind.END];

/** Resolves after up to so many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
}

class Page {
  readonly port = {
    onmessage: null as ((event: { data: unknown }) => void) | null,
    postMessage: (message: readonly unknown[]) => this.#hear(message),
    close: () => undefined,
  };
  status = "unknown";
  stored = false;
  gone = false;
  closed = false;
  /** Calls without an answer. */
  readonly waiting = new Set<number>();
  readonly texts: string[] = [];
  readonly faults: string[] = [];
  signedOut = 0;
  #lastId = 0;

  /** What it may be told of the session now: what the engine has told last. */
  readonly #told: { status: string };

  constructor(told: { status: string }) {
    this.#told = told;
  }

  say(...message: readonly unknown[]): void {
    this.port.onmessage?.({ data: structuredClone(message) });
  }

  call(kind: number, ...rest: readonly unknown[]): void {
    this.#lastId += 1;
    this.waiting.add(this.#lastId);
    this.say(kind, this.#lastId, ...rest);
  }

  #hear(message: readonly unknown[]): void {
    const [kind, first] = structuredClone(message);
    this.texts.push(JSON.stringify(message));
    this.#expect(!this.stored, `a stored page hears ${kind}`);
    this.#expect(!this.gone, `a page that is gone hears ${kind}`);
    if (this.closed) this.#expect(ANSWERS.includes(kind), `a page that has closed hears ${kind}`);
    if (FIRST.includes(kind))
      this.#expect(this.waiting.delete(first as number), `a second answer to ${first}`);
    const session = kind === Kind.WELCOME ? message[2] : kind === Kind.CHANGED ? first : null;
    if (session) this.status = (session as [[string]])[0][0];
    if (session) this.#told.status = this.status;
    if (kind === Kind.EVENT && first === "signed-out") {
      this.signedOut += 1;
      this.#expect(this.signedOut <= 1, "it was signed out twice");
    }
    if (kind === Kind.EVENT && first === "signed-in") this.signedOut = 0;
    if (kind === Kind.WELCOME && this.status === "authenticated") this.signedOut = 0;
    // A logout reaches every page before its next answer.
    if (kind === Kind.HEAD && !this.closed)
      this.#expect(this.status === this.#told.status, "an answer came before the news");
  }
  /** The engine is at work: what is thrown here would count as a trap. */
  #expect(holds: boolean, fault: string): void {
    if (!holds) this.faults.push(fault);
  }
}

async function run(seed: number): Promise<{ refreshes: number; texts: number }> {
  const chance = dice(seed);
  const upTo = (count: number) => Math.floor(chance() * count);
  const tokens: string[] = [];
  const valid = new Set<string>();
  let refreshes = 0;
  let underWay = 0;
  let mostAtOnce = 0;
  const answer = (body: object, status = 200) => Response.json(body, { status });
  const transport = async (request: Request): Promise<Response> => {
    const { pathname, origin } = new URL(request.url);
    if (origin === API) {
      await turns(upTo(4));
      const token = request.headers.get("Authorization")?.slice(7) ?? "";
      return valid.has(token) ? answer({ orders: [] }) : answer({}, 401);
    }
    if (pathname.endsWith("/logout")) {
      await turns(upTo(3));
      valid.clear();
      return new Response(null, { status: 204 });
    }
    const isRefresh = pathname.endsWith("/refresh");
    if (isRefresh) {
      refreshes += 1;
      underWay += 1;
      mostAtOnce = Math.max(mostAtOnce, underWay);
    }
    await turns(upTo(4));
    if (isRefresh) underWay -= 1;
    if (isRefresh && chance() < 0.15) return answer({}, 401);
    const token = `token-${crypto.randomUUID()}-${crypto.randomUUID()}`;
    tokens.push(token);
    valid.add(token);
    return answer({ access_token: token, expires_in: 900, user: { name: "Ann" } });
  };
  const settings = {
    ...readOptions({
      refresh: `${AUTHORITY}/refresh`,
      logout: `${AUTHORITY}/logout`,
      origins: [API],
      backoff: { base: 1, max: 2 },
      tabs: "off",
      console: "off",
    }),
    transport,
  };
  const told = { status: "unknown" };
  const pages: Page[] = [];
  let engine = shareEngine(await load(), settings, null, true, () => (isOver = true));
  let isOver = false;
  const open = async () => {
    if (isOver) {
      isOver = false;
      told.status = "unknown";
      engine = shareEngine(await load(), settings, null, true, () => (isOver = true));
    }
    const page = new Page(told);
    pages.push(page);
    engine(page.port as unknown as MessagePort);
  };
  await open();
  const init = { method: "GET", mode: "cors", credentials: "omit" };
  for (let step = 0; step < 40; step++) {
    const live = pages.filter((page) => !page.gone && !page.closed);
    const page = live[upTo(live.length)];
    const act = chance();
    // The bound on refresh calls is not what this is about.
    const mayRefresh = refreshes < 6;
    if (!page || act < 0.12) await open();
    else if (page.stored) {
      if (act < 0.7) {
        page.stored = false;
        page.say(Kind.BACK);
      }
    } else if (act < 0.5) page.call(Kind.FETCH, `${API}/orders`, init, [], null, true);
    else if (act < 0.58 && mayRefresh) page.call(Kind.SETTLE, "refresh");
    else if (act < 0.66) page.call(Kind.SETTLE, "start");
    else if (act < 0.72 && mayRefresh) page.call(Kind.SETTLE, "logout");
    else if (act < 0.78) {
      const post = { ...init, method: "POST" };
      page.call(Kind.SIGN_IN, `${AUTHORITY}/sign-in`, post, [], null, false);
    } else if (act < 0.88) {
      page.say(Kind.STORED);
      page.stored = true;
    } else if (act < 0.94) {
      page.say(Kind.BYE);
      page.gone = true;
    } else {
      page.say(Kind.CLOSE);
      page.closed = true;
    }
    await turns(upTo(4));
  }
  for (const page of pages) {
    if (page.gone) continue;
    if (page.stored) {
      page.stored = false;
      page.say(Kind.BACK);
    }
  }
  const unanswered = () => pages.filter(({ gone, waiting }) => !gone && waiting.size > 0);
  for (let n = 0; n < 3000 && unanswered().length > 0; n++) await turns(1);
  // What waits for the next try of a refresh ends with its keep.
  for (const page of pages.filter(({ gone, closed }) => !gone && !closed)) {
    page.say(Kind.CLOSE);
    page.closed = true;
  }
  for (let n = 0; n < 3000 && unanswered().length > 0; n++) await turns(1);
  // Where the last page only went, the engine waits for another one. Nothing may be left of it.
  if (!isOver) {
    await open();
    pages.at(-1)?.say(Kind.CLOSE);
  }
  assert.ok(isOver, "the engine is closed");
  assert.deepEqual(
    pages.flatMap(({ faults }) => faults),
    [],
  );
  assert.deepEqual(
    unanswered().map(({ waiting }) => [...waiting]),
    [],
    "calls without an answer",
  );
  assert.ok(mostAtOnce <= 1, "two refreshes at a time");
  const texts = pages.flatMap((page) => page.texts);
  for (const token of tokens)
    assert.ok(!texts.some((text) => text.includes(token.slice(6, 20))), "a message has a token");
  return { refreshes, texts: texts.length };
}

test("client_W26_pages_of_one_worker_hear_what_they_may_and_no_stored_page_hears_anything", async () => {
  const seeds = Number(process.env.PAGES_SEEDS ?? 200);
  let refreshes = 0;
  let texts = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const told = await run(seed).catch((error: Error) => {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    });
    refreshes += told.refreshes;
    texts += told.texts;
  }
  assert.ok(refreshes > seeds && texts > seeds * 20, `${refreshes} refreshes, ${texts} texts`);
});
