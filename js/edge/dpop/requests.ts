// DPoP at an API: what a token is bound to against the scheme that it came with (RFC 9449 section
// 7), its proof, and the nonces that answers carry.

import type { Core } from "../core.js";
import { invalidOption } from "../options/invalid.js";
import { silence } from "../options/own.js";
import { readClock } from "../options/read.js";
import { VerifyError } from "../request/error.js";
import type { Outcome } from "../result/outcome.js";
import type { DpopSettings } from "./options.js";
import { checkProof, newNonce } from "./proof.js";
import { targetOf } from "./target.js";

/**
 * Checks the scheme and the proof of a request whose token is good. A proof that is taken stands in
 * the outcome.
 *
 * @throws {VerifyError} token.bound, token.unbound, and what checkProof throws
 */
export async function confirm(
  core: Core,
  request: Request,
  withDpop: boolean,
  token: string,
  auth: Outcome,
  settings: DpopSettings,
): Promise<void> {
  const thumbprint = auth.confirmation?.jkt;
  if (!withDpop && thumbprint === undefined) return;
  if (!withDpop) throw new VerifyError("token.bound");
  if (thumbprint === undefined) throw new VerifyError("token.unbound");
  const { clock, nonce } = settings;
  const now = readClock(clock);
  const expected = {
    method: request.method,
    target: targetFor(request, settings),
    tokenHash: auth.tokenHash(() => core.tokenHash(token)),
  };
  // The platform joins two headers by a comma, which no proof has.
  const text = request.headers.get("DPoP");
  const taken = await checkProof(core, text, expected, thumbprint, settings, now, request);
  const { jti, iat, nonceIssued } = taken;
  const isOld =
    nonce !== null && nonceIssued !== null && now / 1000 - nonceIssued > nonce.lifetime / 2;
  const nextNonce = isOld ? newNonce(core, nonce.secrets, now / 1000) : null;
  auth.prove({ jti, thumbprint, iat, nextNonce });
}

/** The copy that a handler gets is the same request to a guard inside the handler. */
export function admitCopy(copy: Request, request: Request, { admitted }: DpopSettings): void {
  const name = admitted.get(request);
  if (name !== undefined) admitted.set(copy, name);
}

/** The address of a request as its client knows it. */
function targetFor(request: Request, { url }: DpopSettings): string {
  // The platform has read and written it already.
  if (url === undefined) return request.url.replace(/[?#].*/s, "");
  let address: unknown;
  try {
    address = url(request);
  } catch (cause) {
    throw new VerifyError("config_invalid", { message: "`dpop.url` threw.", cause });
  }
  silence(address);
  const target = typeof address === "string" || address instanceof URL ? targetOf(address) : null;
  if (target === null) throw invalidOption("dpop.url", "must give an http or https address");
  return target;
}

/** An answer that hands out a nonce, which nobody may keep for others (RFC 9449 section 8.2). */
export function withNonce(answer: Response, nonce: string): Response {
  // A WebSocket's answer, and that of `Response.error()`, can't be copied.
  if (answer.status < 200) return answer;
  const copy = new Response(answer.body, answer);
  copy.headers.set("DPoP-Nonce", nonce);
  copy.headers.set("Cache-Control", "no-store");
  return copy;
}
