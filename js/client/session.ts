// The session snapshot: a frozen object without a token, the same one until something in it
// changes.

import type { Keep as Engine, EngineHost } from "../../build/client/client.js";
import type { TokenKeepError } from "./error.js";
import type { Session } from "./types.js";

export const UNKNOWN: Session = Object.freeze({
  status: "unknown",
  generation: 0,
  expiresAt: null,
  refreshing: false,
  degraded: false,
  retryAt: null,
  claims: null,
  reason: null,
  error: null,
  reply: null,
});

/** The reply that brings a token. Without one: whether it is of the session that is there. */
export type Source = Uint8Array | boolean | undefined;

/** The snapshot that follows `last`. A new token is of `source`. `failure` is the last one. */
export function sessionOf(
  [status, generation, refreshing, reason, expiresAt, retryAt]: Parameters<EngineHost["changed"]>,
  last: Session,
  failure: TokenKeepError | null,
  engine: Engine,
  source: Source,
): Session {
  // One generation is one token; without an expiry there is none now.
  const known = generation === last.generation && last.expiresAt !== null;
  return {
    status,
    generation,
    expiresAt: expiresAt ?? null,
    refreshing,
    degraded: retryAt !== undefined,
    retryAt: retryAt ?? null,
    claims: expiresAt === undefined ? null : known ? last.claims : readJson(engine.shown()),
    reason: reason ?? null,
    error: retryAt !== undefined || status === "unknown" ? failure : null,
    reply: expiresAt === undefined ? null : known ? last.reply : replyOf(engine, source, last),
  };
}

/** What the reply says beside the token; the same object where it is the same. */
function replyOf(engine: Engine, source: Source, { reply: last }: Session): Session["reply"] {
  if (source === true) return last;
  const reply = source ? readJson<Session["reply"]>(engine.shown(source)) : null;
  const text = JSON.stringify(reply);
  if (text === JSON.stringify(last)) return last;
  // Objects alone, in an object, say nothing.
  return /^{.*":[^{]/s.test(text) ? reply : null;
}

/** JSON, deeply frozen. `null` when it can't be read. */
export function readJson<T>(json: Uint8Array | undefined): T | null {
  // An opaque token has no claims. To let the parser throw took three milliseconds in a page that
  // had just begun.
  if (json === undefined) return null;
  try {
    return JSON.parse(new TextDecoder().decode(json), (_, value: unknown) =>
      Object.freeze(value),
    ) as T;
  } catch {
    return null;
  }
}
