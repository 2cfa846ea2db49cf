// The fake keep beside the real one: both go through the same scenes, in Node, and have to tell the
// same. The real one runs its wasm against a transport that the test scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createTokenKeep, type Session, type TokenKeep, TokenKeepError } from "tokenkeep";
import { type FakeKeep, fakeKeep, fakeToken } from "tokenkeep/testing";

const API = "https://api.example.com";
const ADA = { sub: "ada", name: "Ada" };

/** A keep, fake or real, with what the world around it does. */
interface World {
  readonly keep: TokenKeep;
  /** Answers of the API, in order; then 200 for ever. */
  readonly answers: Response[];
  /** What the API was asked: the path, and whether there was a token. */
  readonly asked: string[];
  /** What the authority says to the next refresh or logout. Without it, all is well. */
  refuse(call: "refresh" | "logout", status: 401 | 503): void;
  /** What the next sign-in is answered, where it is not the usual. */
  reply: Response | null;
  /** Somebody signs in elsewhere, by a redirect in another tab. */
  appear(): void;
}

const EVENTS = [
  "signed-in",
  "signed-out",
  "refreshed",
  "refresh-failed",
  "step-up",
  "rejected-fresh-token",
  "user-changed",
  "logout-answered",
] as const;

function makeApi() {
  const answers: Response[] = [];
  const asked: string[] = [];
  const tokens = new Set<string>();
  const ask = (request: Request) => {
    const token = request.headers.get("Authorization");
    if (token !== null) tokens.add(token);
    const serial = token === null ? "" : ` with token ${[...tokens].indexOf(token) + 1}`;
    asked.push(`${request.method} ${new URL(request.url).pathname}${serial}`);
    return answers.shift() ?? Response.json({ fine: true });
  };
  return { answers, asked, ask };
}

const signInReply = () => ({ access_token: fakeToken({ sub: "bob" }), greeting: "hello" });

function realWorld(isSignedIn: boolean): World {
  const { answers, asked, ask } = makeApi();
  const due = new Map<string, number>();
  let serial = 0;
  let isOver = !isSignedIn;
  const transport = async (request: Request) => {
    const { pathname, origin } = new URL(request.url);
    if (origin === "https://elsewhere.example") return ask(request);
    if (origin === API && pathname !== "/sign-in") return ask(request);
    if (pathname === "/sign-in") {
      ask(request);
      return world.reply ?? Response.json(signInReply());
    }
    const call = pathname.slice(1);
    const status = due.get(call);
    due.delete(call);
    if (status === 401 || (call === "logout" && status === undefined)) isOver = true;
    if (status !== undefined && call === "logout") throw new TypeError("There is no network.");
    if (status !== undefined) return Response.json({}, { status });
    if (call === "logout") return new Response(null, { status: 204 });
    if (isOver) return Response.json({}, { status: 401 });
    serial += 1;
    return Response.json({ access_token: fakeToken({ ...ADA, serial }), expires_in: 900 });
  };
  const keep = createTokenKeep({
    refresh: "https://auth.example.com/refresh",
    logout: "https://auth.example.com/logout",
    origins: [API],
    unauthorized: [401, 419],
    tabs: "off",
    transport,
  });
  const refuse = (call: string, status: number) => {
    due.set(call, status);
    // After a logout that failed the keep looks whether the session lives.
    due.set("refresh", status);
  };
  const appear = () => {
    isOver = false;
  };
  const world: World = { keep, answers, asked, refuse, appear, reply: null };
  return world;
}

function fakeWorld(isSignedIn: boolean): World {
  const { answers, asked, ask } = makeApi();
  const signIn = (request: Request) => {
    ask(request);
    return world.reply ?? signInReply();
  };
  const keep: FakeKeep = fakeKeep({
    ...(isSignedIn ? { claims: ADA } : {}),
    origins: [API],
    unauthorized: [401, 419],
    routes: { "POST /sign-in": signIn, "*": ask },
  });
  const world: World = {
    keep,
    answers,
    asked,
    reply: null,
    appear: () => keep.signInElsewhere(ADA),
    refuse(call, status) {
      if (call === "logout") keep.failNext(call, "logout_failed");
      else keep.failNext(call, status === 401 ? "refresh_rejected" : "refresh_unreachable");
    },
  };
  return world;
}

/** What is the same in both of a session: not the clock, and not the serial of a real token. */
const seen = ({ status, generation, degraded, claims, reason, error, reply }: Session) => ({
  status,
  generation,
  degraded,
  sub: claims?.["sub"] ?? null,
  reason,
  error: error?.code ?? null,
  reply,
});

/** Whole minutes until the token ends. */
const lasting = ({ expiresAt }: Session) =>
  expiresAt === null ? null : Math.round((expiresAt - Date.now()) / 60_000);

const refusal = (challenge = 'Bearer error="invalid_token"') =>
  new Response(null, { status: 401, headers: { "WWW-Authenticate": challenge } });

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof TokenKeepError ? error.code : String(error)),
  );

type Scene = (world: World) => Promise<unknown>;

const scenes: Readonly<Record<string, Scene>> = {
  "a session that is there": async ({ keep }) => seen(await keep.start()),
  "a request": async ({ keep }) => (await keep.fetch(`${API}/orders`)).json(),
  "a request elsewhere": async ({ keep }) => {
    await keep.start();
    return (await keep.fetch("https://elsewhere.example/orders")).status;
  },
  "one refusal": async ({ keep, answers }) => {
    answers.push(refusal());
    return [(await keep.fetch(`${API}/orders`, { method: "POST", body: "{}" })).status];
  },
  "ten refusals at once": async ({ keep, answers }) => {
    await keep.start();
    for (let place = 0; place < 10; place += 1) answers.push(refusal());
    const replies = Array.from({ length: 10 }, () => keep.fetch(`${API}/orders`));
    return (await Promise.all(replies)).map(({ status }) => status);
  },
  "a refused retry": async ({ keep, answers }) => {
    answers.push(refusal(), refusal());
    return (await keep.fetch(`${API}/orders`)).status;
  },
  "a token that is refused again and again": async ({ keep, answers }) => {
    const statuses = [];
    for (const refusals of [2, 1, 0, 1]) {
      for (let place = 0; place < refusals; place += 1) answers.push(refusal());
      statuses.push((await keep.fetch(`${API}/orders`)).status);
    }
    return statuses;
  },
  "a step-up challenge": async ({ keep, answers }) => {
    answers.push(refusal('Bearer error="insufficient_user_authentication", acr_values="mfa"'));
    return (await keep.fetch(`${API}/orders`)).status;
  },
  "a missing scope": async ({ keep, answers }) => {
    answers.push(refusal('Bearer error="insufficient_scope"'));
    return (await keep.fetch(`${API}/orders`)).status;
  },
  "a foreign authorization": async ({ keep, answers }) => {
    answers.push(refusal());
    await keep.start();
    const headers = { Authorization: "Basic YTpi" };
    return (await keep.fetch(`${API}/orders`, { headers })).status;
  },
  "a 401 that ends the session": async ({ keep, answers, refuse }) => {
    await keep.start();
    answers.push(refusal());
    refuse("refresh", 401);
    return [(await keep.fetch(`${API}/orders`)).status, await codeOf(keep.refresh())];
  },
  "an authority in trouble": async ({ keep, refuse }) => {
    await keep.start();
    refuse("refresh", 503);
    return codeOf(keep.refresh());
  },
  "a renewal": async ({ keep }) => {
    await keep.start();
    return codeOf(keep.refresh());
  },
  "a logout": async ({ keep }) => {
    await keep.start();
    await keep.logout();
    return [
      seen(keep.session),
      await codeOf(keep.withToken(() => 1)),
      await codeOf(keep.refresh()),
    ];
  },
  "a logout that fails": async ({ keep, refuse }) => {
    await keep.start();
    refuse("logout", 503);
    return [await codeOf(keep.logout()), seen(keep.session)];
  },
  "a sign-in": async ({ keep }) => {
    await keep.start();
    const reply = await keep.signIn(`${API}/sign-in`, { method: "POST", body: "{}" });
    return [reply.status, await reply.json(), seen(keep.session)];
  },
  "a start that asks again": async ({ keep, appear }) => {
    await keep.start();
    appear();
    return [seen(await keep.start()), seen(await keep.start({ again: true }))];
  },
  "another status that refuses": async ({ keep, answers }) => {
    answers.push(new Response(null, { status: 419 }));
    return (await keep.fetch(`${API}/orders`)).status;
  },
  "a call that is no fetch": async ({ keep }) => {
    await keep.start();
    const sent: boolean[] = [];
    const call = (refusals: number, refusal: boolean | string, url = `${API}/upload`) => {
      let left = refusals;
      const send = async (token: string | null) => sent.push(token !== null);
      return keep.attempt(url, send, () => left-- > 0 && refusal);
    };
    await call(0, true);
    await call(1, true);
    await call(1, "");
    await call(2, 'Bearer error="invalid_token"');
    await call(1, 'Bearer error="insufficient_user_authentication", max_age=60');
    await call(1, 'Bearer error="insufficient_scope"');
    await call(1, true, "https://elsewhere.example/");
    return sent;
  },
  "a sliding token": async ({ keep }) => {
    await keep.start();
    const sliding = { access_token: fakeToken({ sub: "ada", slid: true }) };
    const same = await codeOf(keep.adopt(sliding, { session: "same" }));
    return [same, seen(keep.session), await codeOf(keep.adopt(sliding)), seen(keep.session)];
  },
  "a token that was lent and one that was adopted": async ({ keep }) => {
    await keep.start();
    await keep.adopt({ access_token: "opaque" });
    return [await keep.withToken((token) => token), await codeOf(keep.adopt({}))];
  },
  "a call that was aborted before": async ({ keep }) => {
    await keep.start();
    return codeOf(keep.fetch(`${API}/orders`, { signal: AbortSignal.abort(new Error("no")) }));
  },
  "a signal that is taken off a request": async ({ keep }) => {
    await keep.start();
    const request = new Request(`${API}/orders`, { signal: AbortSignal.abort(new Error("no")) });
    return [
      (await keep.fetch(request, { signal: null })).status,
      await codeOf(keep.fetch(request)),
      await codeOf(keep.fetch(request, { signal: AbortSignal.abort(new Error("other")) })),
    ];
  },
  "a request that is aborted while the session is not known": async ({ keep, asked }) => {
    const controller = new AbortController();
    const given = keep.fetch(`${API}/orders`, { signal: controller.signal });
    const inRequest = keep.fetch(new Request(`${API}/mine`, { signal: controller.signal }));
    controller.abort(new Error("no"));
    const codes = [await codeOf(given), await codeOf(inRequest)];
    await keep.start();
    await new Promise((resolve) => setTimeout(resolve));
    return [codes, asked];
  },
  "a request that waits for no start": async ({ keep }) => {
    let isStarted = false;
    keep.on("signed-in", () => (isStarted = true));
    const { status } = await keep.fetch("https://elsewhere.example/orders");
    const headers = { Authorization: "Basic YTpi" };
    const foreign = await keep.fetch(`${API}/orders`, { headers });
    const sent = await keep.attempt("https://elsewhere.example/", String, () => false);
    const before = isStarted;
    await keep.start();
    return [status, foreign.status, sent, before];
  },
  "why requests went out without the token": async ({ keep }) => {
    await keep.start();
    await keep.fetch("https://elsewhere.example/orders");
    await keep.fetch("https://elsewhere.example/orders/2");
    await keep.fetch(`${API}/orders`, { headers: { Authorization: "Basic YTpi" } });
    return keep
      .explain()
      .flatMap(({ event, from, to, generation, note }) =>
        ["origin-not-listed", "foreign-authorization"].includes(event)
          ? [{ event, from, to, generation, note }]
          : [],
      );
  },
  "a refused body that can be sent once": async ({ keep, answers }) => {
    await keep.start();
    answers.push(refusal());
    const body = new Blob(["{}"]).stream();
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    return (await keep.fetch(`${API}/orders`, init)).status;
  },
  "a request in a mode that takes no header": async ({ keep, answers }) => {
    await keep.start();
    answers.push(refusal());
    return (await keep.fetch(`${API}/orders`, { mode: "no-cors" })).status;
  },
  "requests that can't be made": async ({ keep }) => {
    await keep.start();
    const nameOf = (promise: () => Promise<unknown>) =>
      promise().then(String, (error: Error) => error.name);
    return [
      await nameOf(() => keep.fetch(`${API}/orders`, { method: "GET", body: "{}" })),
      await nameOf(() => keep.fetch("https://")),
      await nameOf(() => keep.fetch("https://ada:secret@api.example.com/")),
      await nameOf(() =>
        keep.attempt(
          "https://",
          () => 1,
          () => false,
        ),
      ),
      await nameOf(() =>
        keep.attempt(
          "https://ada:secret@api.example.com/",
          () => 1,
          () => false,
        ),
      ),
    ];
  },
  "a request whose body was used": async ({ keep }) => {
    await keep.start();
    const request = new Request(`${API}/orders`, { method: "POST", body: "{}" });
    const { status } = await keep.fetch(request);
    return [status, request.bodyUsed, await codeOf(keep.fetch(request)).then((code) => code[0])];
  },
  "a sign-in that is aborted": async ({ keep, asked }) => {
    await keep.start();
    const signal = AbortSignal.abort(new Error("no"));
    const request = new Request(`${API}/sign-in`, { method: "POST", signal });
    return [
      await codeOf(keep.signIn(request)),
      await codeOf(keep.signIn(`${API}/sign-in`, { method: "POST", signal })),
      asked,
    ];
  },
  "a sign-in whose token is of another type": async (world) => {
    await world.keep.start();
    world.reply = Response.json({ access_token: "opaque", token_type: "mac" });
    return codeOf(world.keep.signIn(`${API}/sign-in`, { method: "POST" }));
  },
  "a sign-in whose token no header can carry": async (world) => {
    await world.keep.start();
    world.reply = Response.json({ access_token: "two words" });
    return codeOf(world.keep.signIn(`${API}/sign-in`, { method: "POST" }));
  },
  "a sign-in whose JSON is broken": async (world) => {
    await world.keep.start();
    world.reply = new Response("{", { headers: { "Content-Type": "application/json" } });
    return codeOf(world.keep.signIn(`${API}/sign-in`, { method: "POST" }));
  },
  "a sign-in that is refused": async (world) => {
    await world.keep.start();
    world.reply = Response.json({ access_token: "opaque", error: "no" }, { status: 403 });
    const reply = await world.keep.signIn(`${API}/sign-in`, { method: "POST" });
    return [reply.status, await reply.json()];
  },
  "a sign-in without a token": async (world) => {
    await world.keep.start();
    world.reply = Response.json({ next: "code" });
    const reply = await world.keep.signIn(`${API}/sign-in`, { method: "POST" });
    return [reply.status, await reply.json(), seen(world.keep.session)];
  },
  "a sign-in with more than a token": async (world) => {
    await world.keep.start();
    world.reply = Response.json({
      accessToken: "opaque",
      expires_in: 60,
      token_type: "Bearer",
      refresh_token: "r",
      user: { name: "Bob" },
    });
    const reply = await world.keep.signIn(`${API}/sign-in`, { method: "POST" });
    return [await reply.json(), seen(world.keep.session), lasting(world.keep.session)];
  },
  "tokens that can't be adopted": async ({ keep }) => {
    await keep.start();
    return [
      await codeOf(keep.adopt({ access_token: "opaque", token_type: "mac" })),
      await codeOf(keep.adopt({ access_token: "two words" })),
      await codeOf(keep.adopt({ access_token: 7 as never })),
      await codeOf(keep.adopt(null as never)),
      await codeOf(keep.adopt({ access_token: "opaque", expires_in: 60, token_type: "BEARER" })),
      lasting(keep.session),
    ];
  },
  "a token that must last": async ({ keep }) => {
    await keep.start();
    const generations = [];
    for (const minValidity of [0, 600, 1_000, -1, Number.NaN]) {
      await codeOf(keep.withToken(() => 1, { minValidity }));
      generations.push(keep.session.generation);
    }
    return generations;
  },
  "a keep that is closed": async ({ keep }) => {
    await keep.start();
    keep.close();
    keep.close();
    return [
      seen(keep.session),
      await codeOf(keep.fetch(`${API}/orders`)),
      await codeOf(keep.fetch("https://elsewhere.example/orders")),
      await codeOf(
        keep.attempt(
          API,
          () => 1,
          () => false,
        ),
      ),
      await codeOf(keep.signIn(`${API}/sign-in`)),
      await codeOf(keep.adopt({ access_token: "opaque" })),
      await codeOf(keep.withToken(() => 1)),
      await codeOf(keep.start()),
      await codeOf(keep.refresh()),
      await codeOf(keep.logout()),
    ];
  },
};

async function play(world: World, scene: Scene): Promise<unknown> {
  const events: unknown[] = [];
  for (const type of EVENTS)
    world.keep.on(type, (event) => {
      const {
        session: _,
        retryAt: __,
        error,
        ...rest
      } = { error: null, ...event } as {
        session?: unknown;
        retryAt?: unknown;
        error: TokenKeepError | null;
      };
      events.push([type, rest, error?.code]);
    });
  let changes = 0;
  const stop = world.keep.subscribe(() => (changes += 1));
  const told = await scene(world);
  // The real one's listeners are called in a microtask.
  await new Promise((resolve) => setTimeout(resolve));
  const last = seen(world.keep.session);
  stop();
  world.keep.close();
  return { told, events, asked: world.asked, last, hasChanged: changes > 0 };
}

for (const [name, scene] of Object.entries(scenes)) {
  for (const isSignedIn of [true, false]) {
    const who = isSignedIn ? "somebody is signed in" : "nobody is";
    test(`client_J145_a_fake_keep_tells_what_the_real_one_tells: ${name}, ${who}`, async () => {
      const real = await play(realWorld(isSignedIn), scene);
      assert.deepEqual(await play(fakeWorld(isSignedIn), scene), real);
    });
  }
}
