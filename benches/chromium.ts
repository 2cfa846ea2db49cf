// A page of real Chromium for programs that are measured from outside, by the processor time of all
// of Chromium's processes together.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { args, executablePath } from "../scripts/lib/chromium.mjs";
import { processorTime } from "./processor-time.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface Site {
  readonly origin: string;
  close(): Promise<void>;
}

/** A server on this machine. Each path has its answer. */
export async function serve(answers: Readonly<Record<string, Answer>>): Promise<Site> {
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const answer = answers[pathname];
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer with this body, which a cache may keep if `maxAge` (seconds) says so. */
export function sends(type: string, body: string | Buffer, maxAge = 0): Answer {
  return (_, response) => {
    response
      .writeHead(200, {
        "Content-Type": type,
        "Cache-Control": maxAge === 0 ? "no-store" : `max-age=${maxAge}`,
      })
      .end(body);
  };
}

/** The page that runs a program and shows nothing. */
export const pageOf = (script: string): string =>
  `<!doctype html><title>bench</title><link rel="icon" href="data:," /><script type="module" src="${script}"></script>`;

/** Bundles a program of benches/ for a page. */
export async function bundled(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify: true,
    define: { global: "globalThis", "process.env.NODE_ENV": '"production"' },
    // package.json says that our modules have no side effects. A program of a page has some.
    ignoreAnnotations: true,
    logLevel: "error",
  });
  return outputFiles.map((output) => output.text).join("");
}

export interface Chromium {
  readonly browser: Browser;
  /** Call this when all pages are open: it decides which processes count. */
  settle(): Promise<void>;
  /** Microseconds of processor time if the system tells it, else of the wall clock. */
  readonly clock: () => number;
  close(): Promise<void>;
}

export async function launch(): Promise<Chromium> {
  const browser = await chromium.launch({ executablePath, args });
  const wire = await browser.newBrowserCDPSession();
  /** The processor time of each process so far. An ended process keeps its last value. */
  const worked = new Map<number, number>();
  return {
    browser,
    settle: async () => {
      const { processInfo } = await wire.send("SystemInfo.getProcessInfo");
      for (const { id } of processInfo) worked.set(id, processorTime(id) ?? 0);
    },
    clock: () => {
      if (worked.size === 0) throw new Error("nobody said whose time counts");
      for (const [id, before] of worked) worked.set(id, Math.max(before, processorTime(id) ?? 0));
      const sum = [...worked.values()].reduce((sum, time) => sum + time, 0);
      // The wall clock, where the system tells no processor time.
      return sum === 0 ? performance.now() * 1000 : sum;
    },
    close: () => browser.close(),
  };
}
