// DPoP at the session endpoints (RFC 9449 section 5). A call that brings a proof gets an access
// token that is bound to the proof's key. The refresh token stays what it is: an HttpOnly cookie,
// which no script can take away.

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { type DpopOptions, type VerifiedProof, VerifyError, verifyProof } from "tokenkeep/edge";
import { dpopOf } from "../nonces.ts";
import type { Env } from "./context.ts";

let optionsOfThisIsolate: DpopOptions | undefined;

/**
 * Judges the proof of a call before anything else is done: a bad one costs nobody a session. A call
 * without a proof goes on, and gets a Bearer token.
 */
export const readProof = createMiddleware<Env>(async (c, next) => {
  const text = c.req.header("DPoP");
  if (text === undefined) return next();
  const proof = await judge(c, text);
  if (proof instanceof Response) return proof;
  c.set("boundTo", proof.thumbprint);
  await next();
  // With each answer: a page that renews its token once in a while has a good nonce for it.
  if (proof.nonce !== null) c.header("DPoP-Nonce", proof.nonce);
  return undefined;
});

/** The proof, or the answer that refuses it: not 401, because it is no fault of the session. */
async function judge(c: Context<Env>, text: string): Promise<VerifiedProof | Response> {
  const options = (optionsOfThisIsolate ??= dpopOf(c.env));
  const { method, url } = c.req.raw;
  try {
    return await verifyProof(text, { method, url }, options);
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    if (error.category !== "request") return error.response();
    if (error.dpopNonce === undefined) return c.json({ error: "invalid_dpop_proof" }, 400);
    return c.json({ error: "use_dpop_nonce" }, 400, { "DPoP-Nonce": error.dpopNonce });
  }
}
