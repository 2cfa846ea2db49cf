// Next.js: pages that are rendered on the server and come alive in Chromium, with the React hook
// and with workers; and what a server does with the package in two routes, one on Node and one in
// the edge runtime, where only wasm that was compiled ahead may run.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { workshop } from "../project.ts";
import {
  type Bench,
  type Cell,
  copies,
  inProject,
  NOT_THERE,
  type Project,
  project,
  type Seen,
  seenOn,
  together,
  tool,
  whileServing,
} from "./cell.ts";

/** A page that does its work once it is alive, and shows what came of it. */
const page = (imports: string, works: string, after = "") => `"use client";
import { createElement, useEffect, useState } from "react";
${imports}

// React's StrictMode has effects run twice.
let work;

export default function Page() {
  const [seen, setSeen] = useState(null);
  useEffect(() => {
    const at = new URLSearchParams(location.search).get("at");
    work ??= outcomes({ ${works} });
    work.then(setSeen);
  }, []);
  ${after}
  return createElement("pre", seen && { id: "seen" }, seen ? JSON.stringify(seen) : "unknown");
}
`;

const PAGES = {
  "app/page.js": page(
    `import { createTokenKeep } from "tokenkeep";
import { useSession } from "tokenkeep/react";
import { redirects } from "tokenkeep/redirects";
import { createTokenKeep as createSlim } from "tokenkeep/slim";
import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { exerciseClient, exerciseDpop, exerciseRedirects, hasMark } from "../client.js";
import { expect, outcomes } from "../outcomes.js";

// Without the cookie it begins without a call.
const keep = createTokenKeep({ refresh: "/none", sessionHint: { cookie: "none" }, tabs: "off" });
const slim = (options) => createSlim({ ...options, wasm: "/client.wasm" });
/** What the page shows now. */
const shown = {};

async function until(what, holds) {
  for (let turn = 0; turn < 600 && !holds(); turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  if (!holds()) throw new Error("not yet: " + what + ", " + JSON.stringify(shown));
}

async function react() {
  await keep.start();
  await until("anonymous", () => shown.status === "anonymous");
  keep.close();
}

/** The router writes the address anew when it has something new. */
async function afterRefresh() {
  shown.refresh();
  await until("refreshed", () => shown.refreshes > 0 && !shown.pending);
  expect(hasMark(), false, "the mark after the router's refresh");
}`,
    `
      client: () => exerciseClient(createTokenKeep, at),
      dpop: () => exerciseDpop(createTokenKeep, at + "/~dpop"),
      slim: () => exerciseClient(slim, at + "/~slim"),
      async redirects() {
        await exerciseRedirects(createTokenKeep, redirects, at + "/~redirects");
        await afterRefresh();
      },
      react,
    `,
    `const router = useRouter();
  const [pending, start] = useTransition();
  const status = useSession(keep, (session) => session.status);
  useEffect(() => {
    const refreshes = (shown.refreshes ?? 0) + Number(pending);
    Object.assign(shown, { status, pending, refreshes, refresh: () => start(() => router.refresh()) });
  });`,
  ),
  "app/hosted/page.js": page(
    `import { createTokenKeep } from "tokenkeep/hosted";
import { exerciseClient } from "../../client.js";
import { outcomes } from "../../outcomes.js";

const dedicated = () => new Worker(new URL("../../token.worker.js", import.meta.url), { type: "module" });
const shared = () => new SharedWorker(new URL("../../token.worker.js", import.meta.url), { type: "module" });`,
    `
      dedicated: () => exerciseClient(createTokenKeep, at + "/~dedicated", { host: dedicated }),
      shared: () => exerciseClient(createTokenKeep, at + "/~shared", { host: shared }),
    `,
  ),
  "app/host/page.js": page(
    `import { createTokenKeep } from "tokenkeep";
import { exerciseClient } from "../../client.js";
import { outcomes } from "../../outcomes.js";

const host = () => new Worker(new URL("../../token.worker.js", import.meta.url), { type: "module" });`,
    `host: () => exerciseClient(createTokenKeep, at + "/~host", { host })`,
  ),
};

const route = (runtime: string) => `import { outcomes } from "../../outcomes.js";
import { serverWorks } from "../../servers.js";

export const runtime = "${runtime}";
export const dynamic = "force-dynamic";

export async function GET(request) {
  const at = new URL(request.url).searchParams.get("at");
  return Response.json(await outcomes(serverWorks(at)));
}
`;

const ROUTES = {
  "app/node/route.js": route("nodejs"),
  "app/light/route.js": route("edge"),
};

const FILES = {
  "app/layout.js": `import { createElement } from "react";

export default function Layout({ children }) {
  return createElement("html", { lang: "en" }, createElement("body", null, children));
}
`,
  "app/icon.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
  "next.config.mjs": `const root = ${JSON.stringify(workshop)};
export default { turbopack: { root }, outputFileTracingRoot: root };
`,
};

/** Serves a project by one of Next's commands. */
const serving = <T>(made: Project, args: readonly string[], use: (origin: string) => Promise<T>) =>
  whileServing(
    made,
    [join(workshop, "node_modules", "next", "dist", "bin", "next"), ...args, "--port", "0"],
    /Local:\s+(http\S+)/,
    use,
  );

async function pagesSeen(bench: Bench, place: string, made: Project, origin: string) {
  const rendered = await (await fetch(origin)).text();
  if (!rendered.includes("<pre>unknown</pre>"))
    throw new Error(`the server did not render the page: ${rendered.slice(0, 500)}`);
  const seen: Seen[] = [];
  for (const path of ["", "hosted", "host"]) {
    const at = bench.authority.cell(`${place} ${path}`, made.folder);
    seen.push(await seenOn(bench, `${origin}/${path}`, at));
  }
  return together(seen);
}

/**
 * @param build options of `next build`; null for the development server
 * @param client how often its wasm is to be there, for the pages and for the workers
 */
const pages = (kind: string, build: readonly string[] | null, client = 0): Cell => ({
  place: `Next.js 16, ${kind}`,
  table: "pages",
  absent: {
    edge: "- the verifier is in the routes, in the table of servers",
    ...(build === null ? NOT_THERE.asInstalled : {}),
  },
  async run(bench) {
    const made = await project(this.place, { ...FILES, ...PAGES });
    cpSync(made.at("node_modules/tokenkeep/dist/client.wasm"), made.at("public/client.wasm"));
    if (build !== null) await inProject(made, tool("next"), ["build", ...build]);
    const seen = await serving(made, [build === null ? "dev" : "start"], (origin) =>
      pagesSeen(bench, this.place, made, origin),
    );
    return build === null ? seen : { ...seen, wasm: copies(made.at(".next/static"), { client }) };
  },
});

const routes: Cell = {
  place: "Next.js 16, Node and edge runtime",
  table: "servers",
  absent: {
    ...NOT_THERE.noRequire,
    ...NOT_THERE.noSockets,
    ...NOT_THERE.noObjects,
    ...NOT_THERE.noTests,
    imports: "- a route imports what it needs",
    client: "- the client is in the pages",
    dpop: "- the client is in the pages",
    slim: "- the client is in the pages",
    wasm: "- Next.js builds each route for itself",
  },
  async run({ authority }) {
    const made = await project(this.place, { ...FILES, ...ROUTES });
    await inProject(made, tool("next"), ["build"]);
    return serving(made, ["start"], async (origin) => {
      const at = authority.cell(this.place, made.folder);
      const ask = async (path: string) => {
        const answer = await fetch(`${origin}/${path}?at=${encodeURIComponent(at)}`);
        return (await answer.json()) as Seen;
      };
      return together([await ask("node"), await ask("light")]);
    });
  },
};

export const nextCells: readonly Cell[] = [
  // It builds a dedicated and a shared worker apart.
  pages("Turbopack", [], 3),
  pages("webpack", ["--webpack"], 2),
  pages("dev server", null),
  routes,
];
