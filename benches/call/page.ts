// The contestants that send an authorised call from a page: on a transport that answers at once,
// and on the real one. Each sends the token and reads JSON.

import ky from "ky";
import { createTokenKeep } from "tokenkeep";
import type { Caller, Transport } from "../names.ts";
import { createAuthRefresh, createAxios, supertokens } from "../peers/page.ts";

const TOKEN = "opaque-access-token-of-a-common-length-0123456789";
const AUTHORIZATION = `Bearer ${TOKEN}`;
const API = new URL("/api", location.href).href;
const json = (value: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(value), {
    headers: { "Content-Type": "application/json", ...headers },
  });

/** Makes a `Request` of its arguments, as a browser's fetch does before it sends, and answers. */
async function stub(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const { pathname } = new URL(request.url);
  if (pathname === "/session/refresh") return json({ access_token: TOKEN, expires_in: 3600 });
  // supertokens-website takes its token out of an answer's headers.
  if (pathname === "/session/begin") return json({}, session());
  if (request.headers.get("Authorization") !== AUTHORIZATION)
    throw new Error(`${request.url} came without its token`);
  return json({ ok: true });
}

function session(): Record<string, string> {
  const front = btoa(JSON.stringify({ uid: "alice", ate: Date.now() + 3_600_000, up: {} }));
  return { "front-token": front, "st-access-token": TOKEN, "st-refresh-token": TOKEN };
}

type Call = () => Promise<unknown>;

async function callersOn(
  transport: typeof fetch,
  isStub: boolean,
): Promise<Record<Exclude<Caller, "supertokens-website">, Call>> {
  const options = { refresh: "/session/refresh", tabs: "off" } as const;
  const keep = createTokenKeep(isStub ? { ...options, transport } : options);
  await keep.start();
  const hooked = ky.create({
    fetch: transport,
    hooks: { beforeRequest: [(request) => request.headers.set("Authorization", AUTHORIZATION)] },
  });
  // On the real transport it sends in its own way. The stub works with its fetch adapter only.
  const axios = createAxios(isStub ? { adapter: "fetch", env: { fetch: transport } } : {});
  axios.interceptors.request.use((config) => {
    config.headers.set("Authorization", AUTHORIZATION);
    return config;
  });
  // Its types are those of the CommonJS build of axios, which differ.
  createAuthRefresh(axios as never, () => Promise.resolve());
  return {
    fetch: async () => (await transport(API, { headers: { Authorization: AUTHORIZATION } })).json(),
    "keep.fetch": async () => (await keep.fetch(API)).json(),
    ky: () => hooked(API).json(),
    "axios-auth-refresh": async () => (await axios.get<unknown>(API)).data,
  };
}

/**
 * supertokens-website patches the page's own fetch, so it gets a page of its own, where the
 * transport is already chosen.
 */
async function supertokensCall(): Promise<Call> {
  supertokens.init({
    apiDomain: location.origin,
    apiBasePath: "/session",
    tokenTransferMethod: "header",
  });
  await fetch(new URL("/session/begin", location.href).href);
  return async () => (await fetch(API)).json();
}

const calls = {
  /** The callers of this page that take part. */
  async prepare(transport: Transport, alone: boolean): Promise<void> {
    // Called on the page itself. Otherwise it is an illegal invocation.
    const real: typeof fetch = (input, init) => globalThis.fetch(input, init);
    // Replaces the page's own fetch for the one library that replaces it too.
    if (alone && transport === "stub") globalThis.fetch = stub;
    const chosen: Record<string, Call> = alone
      ? { "supertokens-website": await supertokensCall() }
      : await callersOn(transport === "stub" ? stub : real, transport === "stub");
    calls.chosen = chosen;
    for (const [name, call] of Object.entries(chosen)) {
      const answer = (await call()) as { ok?: boolean };
      if (answer.ok !== true) throw new Error(`${name} got another answer`);
    }
  },
  chosen: {} as Record<string, Call>,
  async turn(who: string, times: number): Promise<number> {
    const call = calls.chosen[who]!;
    const began = performance.now();
    for (let time = 0; time < times; time += 1) await call();
    return (performance.now() - began) * 1000;
  },
};

declare global {
  var calls: typeof import("./page.ts").calls;
}

globalThis.calls = calls;

export { calls };
