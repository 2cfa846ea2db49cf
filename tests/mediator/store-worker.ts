// A mediator in a Worker, over D1 or Durable Objects. Its provider is what the test answers for.

import { VerifyError } from "tokenkeep/edge";
import {
  checkSessionStore,
  createMediator,
  d1Sessions,
  durableSessions,
  type ExecutionContextLike,
  type Mediator,
  type SessionDatabase,
  type SessionNamespace,
  storedSessions,
} from "tokenkeep/mediator";
import { unpacked } from "./packing.ts";

export { SessionObject } from "tokenkeep/mediator";

interface Env {
  readonly DB: SessionDatabase;
  readonly SESSIONS: SessionNamespace;
  readonly STORE: "d1" | "durable";
}

let mediator: Mediator | undefined;
/** Milliseconds since the test began: time stands still else. */
let now = 0;
const events: unknown[] = [];

const storeOf = (env: Env) =>
  env.STORE === "d1" ? d1Sessions(env.DB) : durableSessions(env.SESSIONS);

export default {
  async fetch(request: Request, env: Env, context: ExecutionContextLike): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/time") {
      now = Number(url.searchParams.get("now"));
      return new Response(null);
    }
    if (url.pathname === "/events") return Response.json(events);
    if (url.pathname === "/check")
      return Response.json(await checkSessionStore(() => storeOf(env)));
    try {
      mediator ??= createMediator({
        provider: { issuer: "https://login.example.com" },
        client: { id: "web", auth: { method: "client_secret_basic", secret: "secret" } },
        url: "https://app.example.com/session",
        apps: ["https://app.example.com"],
        sessions: storedSessions(storeOf(env), {
          keys: ["a key that is longer than 32 bytes: yes"],
        }),
        clock: () => now,
        // A busy machine is no reason to tell a page to come later.
        timeout: 60_000,
        onEvent: (event) => events.push(event),
      });
    } catch (error) {
      return new Response(error instanceof VerifyError ? error.message : "?", { status: 500 });
    }
    return mediator.fetch(unpacked(request), context);
  },
};
