// DPoP at the session endpoints (RFC 9449 section 5). A call that brings a proof gets an access
// token that is bound to the proof's key. The refresh token stays what it is: an HttpOnly cookie,
// which no script can take away.

import { createMiddleware } from "hono/factory";
import { VerifyError, verifyProof } from "tokenkeep/edge";
import type { Env } from "./context.ts";

/**
 * Judges the proof of a call before anything else is done: a bad one costs nobody a session. A call
 * without a proof goes on, and gets a Bearer token.
 */
export const readProof = createMiddleware<Env>(async (c, next) => {
  const proof = c.req.header("DPoP");
  if (proof === undefined) return next();
  try {
    const { method, url } = c.req.raw;
    const { thumbprint } = await verifyProof(proof, { method, url });
    c.set("boundTo", thumbprint);
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    // Not 401: it is no fault of the session.
    return error.category === "request"
      ? c.json({ error: "invalid_dpop_proof" }, 400)
      : error.response();
  }
  return next();
});
