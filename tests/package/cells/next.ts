// Next.js: a page that is rendered on the server and comes alive in Chromium, with the React hook;
// and the verifier in two routes, one on Node and one in the edge runtime, where only wasm that was
// compiled ahead may run.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { workshop } from "../project.ts";
import {
  type Cell,
  copies,
  inProject,
  NOT_THERE,
  project,
  type Seen,
  seenOn,
  tool,
  whileServing,
} from "./cell.ts";

const PAGE = `"use client";
import { createElement, useEffect, useState } from "react";
import { createTokenKeep } from "tokenkeep";
import { useSession } from "tokenkeep/react";
import { createTokenKeep as createSlimTokenKeep } from "tokenkeep/slim";
import { exerciseClient, outcomes } from "../exercise.js";

const keep = createTokenKeep({ refresh: "/session/refresh", tabs: "off" });

export default function Page() {
  const status = useSession(keep, (session) => session.status);
  const [seen, setSeen] = useState(null);
  useEffect(() => {
    const at = new URLSearchParams(location.search).get("at");
    const slim = (options) =>
      createSlimTokenKeep({ ...options, name: "slim", wasm: "/client.wasm" });
    outcomes({
      client: () => exerciseClient(createTokenKeep, at),
      slim: () => exerciseClient(slim, at + "-slim"),
    }).then((seen) => {
      keep.close();
      setSeen(seen);
    });
  }, []);
  const react = status === "anonymous" ? "ok" : "the hook still says " + status;
  const told = seen && JSON.stringify({ ...seen, react });
  return createElement(
    "main",
    null,
    createElement("p", null, status),
    told && createElement("pre", { id: "seen" }, told),
  );
}
`;

const route = (runtime: string) => `import { createVerifier } from "tokenkeep/edge";
import { exerciseEdge, outcomes } from "../../exercise.js";

export const runtime = "${runtime}";
export const dynamic = "force-dynamic";

export async function GET(request) {
  const at = new URL(request.url).searchParams.get("at");
  return Response.json(await outcomes({ edge: () => exerciseEdge(createVerifier, at) }));
}
`;

const FILES = {
  "app/layout.js": `import { createElement } from "react";

export default function Layout({ children }) {
  return createElement("html", { lang: "en" }, createElement("body", null, children));
}
`,
  "app/page.js": PAGE,
  "app/node/route.js": route("nodejs"),
  "app/light/route.js": route("edge"),
  "app/icon.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
  "next.config.mjs": `const root = ${JSON.stringify(workshop)};
export default { turbopack: { root }, outputFileTracingRoot: root };
`,
};

const next: Cell = {
  place: "Next.js 16",
  absent: {
    ...NOT_THERE.types,
    ...NOT_THERE.noTests,
    ...NOT_THERE.noSockets,
    hono: "- the routes are Next's own",
    discovery: "- the routes' verifier is given its key set's address",
    resource: "- the routes are Next's own",
    logout: "- the routes are Next's own",
    introspection: "- the routes' tokens are JWTs",
    jwe: "- the routes' verifier is given tokens that are not encrypted",
  },
  async run(bench) {
    const made = await project(this.place, FILES);
    cpSync(made.at("node_modules/tokenkeep/dist/client.wasm"), made.at("public/client.wasm"));
    await inProject(made, tool("next"), ["build"]);
    const at = bench.authority.cell(this.place, made.folder);
    bench.authority.cell(`${this.place} slim`, made.folder);
    const query = `?at=${encodeURIComponent(at)}`;
    return whileServing(
      made,
      [join(workshop, "node_modules", "next", "dist", "bin", "next"), "start", "--port", "0"],
      /Local:\s+(http\S+)/,
      async (origin) => {
        const rendered = await (await fetch(origin)).text();
        if (!rendered.includes("<p>unknown</p>"))
          throw new Error(`the server did not render the page: ${rendered.slice(0, 500)}`);
        const ask = async (path: string) =>
          (await fetch(`${origin}/${path}${query}`)).json() as Promise<Seen>;
        const routes = [await ask("node"), await ask("light")];
        const edge =
          routes
            .map((seen, index) =>
              seen.edge === "ok" ? "" : `${["Node", "edge runtime"][index]}: ${seen.edge}`,
            )
            .join("") || "ok";
        return {
          ...(await seenOn(bench, `${origin}/${query}`)),
          edge,
          wasm: copies(made.at(".next/static"), { client: 1 }),
        };
      },
    );
  },
};

export const nextCells: readonly Cell[] = [next];
