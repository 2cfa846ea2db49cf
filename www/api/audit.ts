// What somebody did for a user (RFC 8693 `act`), and what the API did not let them do. Each record
// has both names, and goes to the console, which is the log of a Worker.

import { createMiddleware } from "hono/factory";
import { type AuditRecord, auditOf } from "tokenkeep/edge";
import type { GuardedEnv } from "./guard.ts";

export interface ActedCall extends AuditRecord {
  /** Seconds since 1970. */
  readonly at: number;
  /** "GET /api/me" */
  readonly call: string;
  readonly status: number;
  /** The names of the user and of the actor, as their token has them. */
  readonly names: readonly [user: string | null, actor: string | null];
}

/** The newest of this isolate, for the demo. */
export const actedCalls: ActedCall[] = [];
const MOST_CALLS = 50;

/** Comes after the guard that lets tokens in, and before those of single routes. */
export const auditActing = createMiddleware<GuardedEnv>(async (c, next) => {
  await next();
  const { auth } = c.var;
  const [actor] = auth.actors ?? [];
  if (actor === undefined) return;
  const nameOf = (claims: Readonly<Record<string, unknown>>) =>
    typeof claims["name"] === "string" ? claims["name"] : null;
  const record: ActedCall = {
    at: Math.floor(Date.now() / 1000),
    call: `${c.req.method} ${c.req.path}`,
    status: c.res.status,
    names: [nameOf(auth.claims), nameOf(actor.claims)],
    ...auditOf(auth),
  };
  console.log(JSON.stringify(record));
  actedCalls.unshift(record);
  actedCalls.length = Math.min(actedCalls.length, MOST_CALLS);
});
