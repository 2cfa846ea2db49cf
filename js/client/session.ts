// The session snapshot: a frozen object without a token, the same one until something in it
// changes.

import type { TokenKeepError } from "./error.js";
import type { SessionJson, SessionNumbers } from "./home.js";
import type { Session } from "./types.js";

// "Pure": a worker's bundle, which shows no session, leaves it out.
export const UNKNOWN: Session = /* @__PURE__ */ Object.freeze({
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

/** The snapshot that follows `last`. `failure` is the last one. */
export function sessionOf(
  [status, generation, refreshing, reason, expiresAt, retryAt]: SessionNumbers,
  json: SessionJson,
  last: Session,
  failure: TokenKeepError | null,
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
    claims: expiresAt === undefined ? null : known ? last.claims : readJson(json.claims()),
    reason: reason ?? null,
    error: retryAt !== undefined || status === "unknown" ? failure : null,
    reply: expiresAt === undefined ? null : known ? last.reply : replyOf(json.reply(), last.reply),
  };
}

/** What the reply says beside the token; the same object where it is the same. */
function replyOf(json: Uint8Array | true | undefined, last: Session["reply"]): Session["reply"] {
  if (json === true) return last;
  const reply = readJson<Session["reply"]>(json);
  const text = JSON.stringify(reply);
  if (text === JSON.stringify(last)) return last;
  // Objects alone, in an object, say nothing.
  return /^{.*":[^{]/s.test(text) ? reply : null;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** A text as the wasm takes it. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

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
