// The order in which the documentation is read: it makes the sidebar, and scripts/docs.mjs holds
// every page against it.

import { readFileSync } from "node:fs";

export interface Section {
  readonly text: string;
  readonly items: readonly {
    readonly text: string;
    readonly link: string;
    readonly target?: string;
  }[];
}

const { exports } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as {
  exports: Record<string, string | { types?: string }>;
};
/** The pages that TypeDoc writes, one for each entry point with types. */
const entryPoints = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === "string" || target.types === undefined
    ? []
    : [
        {
          text: `tokenkeep${name.slice(1)}`,
          link: name === "." ? "/api/" : `/api/${name.slice(2)}`,
        },
      ],
);

export const contents: readonly Section[] = [
  {
    text: "Begin",
    items: [
      { text: "Getting started", link: "/getting-started" },
      { text: "How it works", link: "/how-it-works" },
      { text: "Troubleshooting", link: "/troubleshooting" },
      { text: "Developing locally", link: "/developing-locally" },
      { text: "Loading the wasm", link: "/loading" },
      { text: "Keep the token in a worker", link: "/worker-host" },
      { text: "Testing your application", link: "/testing" },
    ],
  },
  {
    text: "The server's side",
    items: [
      { text: "The server contract", link: "/server-contract" },
      { text: "Fit the keep to your backend", link: "/any-backend" },
      { text: "The contract kit", link: "/contract-kit" },
      { text: "Sign in with any provider", link: "/mediator" },
      { text: "The edge verifier", link: "/edge" },
      { text: "Providers", link: "/providers" },
      { text: "Who really acts", link: "/delegation" },
      { text: "Calling other services", link: "/service-tokens" },
      { text: "Logout tokens", link: "/logout-tokens" },
      { text: "Opaque tokens", link: "/opaque-tokens" },
      { text: "Tokens bound to a key", link: "/dpop" },
      { text: "Encrypted tokens", link: "/encrypted-tokens" },
      { text: "Operating the verifier", link: "/operations" },
      { text: "The reference authority", link: "/authority" },
      { text: "Deploying the Workers", link: "/deploy" },
    ],
  },
  {
    text: "Recipes: the page",
    items: [
      { text: "All of them", link: "/recipes/" },
      { text: "React", link: "/recipes/react" },
      { text: "Vue", link: "/recipes/vue" },
      { text: "Svelte", link: "/recipes/svelte" },
      { text: "Angular", link: "/recipes/angular" },
      { text: "axios, ky, openapi-fetch", link: "/recipes/http-clients" },
      { text: "Uploads: axios, uppy, tus", link: "/recipes/uploads" },
      { text: "TanStack Query", link: "/recipes/tanstack-query" },
      { text: "RTK Query", link: "/recipes/rtk-query" },
      { text: "Apollo Client", link: "/recipes/apollo" },
      { text: "urql", link: "/recipes/urql" },
      { text: "tRPC", link: "/recipes/trpc" },
      { text: "WebSocket and SSE", link: "/recipes/streams" },
      { text: "Service workers", link: "/recipes/service-workers" },
      { text: "Sign-in by a redirect", link: "/recipes/redirect" },
      { text: "A stronger login", link: "/recipes/step-up" },
      { text: "Vitest, MSW, Playwright", link: "/recipes/testing" },
    ],
  },
  {
    text: "Recipes: the server",
    items: [
      { text: "Backends", link: "/recipes/backends" },
      { text: "Workers, Hono, Express", link: "/recipes/servers" },
      { text: "CORS in a plain Worker", link: "/recipes/cors" },
      { text: "WebSocket upgrades", link: "/recipes/websocket-upgrades" },
      { text: "MCP servers", link: "/recipes/mcp" },
      { text: "A gateway", link: "/recipes/gateway" },
      { text: "Cloudflare Access, GCP IAP", link: "/recipes/access-proxies" },
    ],
  },
  {
    text: "Coming from",
    items: [
      { text: "axios-auth-refresh", link: "/migrate/axios-auth-refresh" },
      { text: "supertokens-website", link: "/migrate/supertokens-website" },
      { text: "Compared with others", link: "/comparison" },
    ],
  },
  {
    text: "Background",
    items: [
      { text: "Performance", link: "/performance" },
      { text: "Threat model", link: "/threat-model" },
      { text: "Browsers", link: "/browsers" },
      { text: "Decisions", link: "/decisions" },
      { text: "Behaviours", link: "/behaviours" },
    ],
  },
  {
    text: "Reference",
    items: [
      ...entryPoints,
      { text: "The crate", link: "/crate/tokenkeep/index.html", target: "_self" },
    ],
  },
];
