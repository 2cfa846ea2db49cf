// A mediator over Redis in a process of its own. It takes calls of the test over HTTP, and asks the
// test's provider the same way.

import { createServer } from "node:http";
import { argv } from "node:process";
import { getRequestListener } from "@hono/node-server";
import { createMediator, storedSessions } from "tokenkeep/mediator";
import { redisSessions } from "tokenkeep/redis";
import { CLIENTS } from "../edge/redis/server.ts";
import { unpacked } from "./packing.ts";

const [, , library = "", port = "", provider = ""] = argv;
const { client } = await CLIENTS[library]!(Number(port));
let now = 0;
const mediator = createMediator({
  provider: { issuer: "https://login.example.com" },
  client: { id: "web", auth: { method: "client_secret_basic", secret: "secret" } },
  url: "https://app.example.com/session",
  apps: ["https://app.example.com"],
  sessions: storedSessions(redisSessions(client), {
    keys: ["a key that is longer than 32 bytes: yes"],
  }),
  clock: () => now,
  fetch: (url, init) =>
    fetch(provider, { ...init, headers: { ...(init.headers as object), "x-url": url } }),
});
const listener = getRequestListener(
  (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/time") return mediator.fetch(unpacked(request));
    now = Number(searchParams.get("now"));
    return new Response(null);
  },
  { hostname: "app.example.com" },
);
const server = createServer(listener).listen(0, "127.0.0.1", () => {
  const address = server.address() as { port: number };
  console.log(`listening ${address.port}`);
});
