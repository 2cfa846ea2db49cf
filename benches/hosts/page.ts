// Keeps in the page, in a dedicated and in a shared worker, side by side in one page: their calls,
// the bodies that they bring, and how soon one of them is ready.

import { createTokenKeep, type TokenKeep } from "tokenkeep";
import { HOSTS, type Host, PLAIN } from "../names.ts";

const TOKEN = "opaque-access-token-of-a-common-length-0123456789";
const headers = { Authorization: `Bearer ${TOKEN}` };

const module = { type: "module", name: "bench" } as const;
const WORKERS = {
  page: "page",
  "dedicated worker": () => new Worker("/worker.js", module),
  "shared worker": () => new SharedWorker("/worker.js", module),
} as const;

function keepIn(host: Host): TokenKeep {
  return createTokenKeep({ refresh: "/session/refresh", tabs: "off", host: WORKERS[host] });
}

type Send = (url: string) => Promise<Response>;
const senders: Record<string, Send> = { [PLAIN]: (url) => fetch(url, { headers }) };

/** How many bytes a body has, read as they come. */
async function lengthOf({ body }: Response): Promise<number> {
  const reader = body!.getReader();
  for (let length = 0; ; ) {
    const { value } = await reader.read();
    if (value === undefined) return length;
    length += value.byteLength;
  }
}

/** The microseconds that some work takes. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) * 1000;
}

const hosts = {
  async prepare(): Promise<void> {
    for (const host of HOSTS) {
      const keep = keepIn(host);
      await keep.start();
      senders[host] = (url) => keep.fetch(url);
    }
  },
  calls: (who: string, times: number): Promise<number> =>
    timeOf(async () => {
      for (let time = 0; time < times; time += 1) {
        const { ok } = (await (await senders[who]!("/api")).json()) as { ok: boolean };
        if (!ok) throw new Error(`${who} got another answer`);
      }
    }),
  body: (who: string, bytes: number): Promise<number> =>
    timeOf(async () => {
      const length = await lengthOf(await senders[who]!("/body"));
      if (length !== bytes) throw new Error(`${who} got ${length} bytes`);
    }),
  /** A new keep of this page, until it knows of the session. */
  ready: (host: Host): Promise<number> =>
    timeOf(async () => {
      const { status } = await keepIn(host).start();
      if (status !== "authenticated") throw new Error(`${host} is ${status}`);
    }),
};

declare global {
  var hosts: typeof import("./page.ts").hosts;
}

globalThis.hosts = hosts;

export { hosts };
