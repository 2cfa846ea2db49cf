// The part of the visit that is made with `--dpop`: refreshes of one session with proofs, good ones
// and bad ones.

import type { Answer, Backend, Session } from "./backend.ts";
import { newProver, type Prover } from "./proofs.ts";

/** "required": the backend says that it gives no token without a proof. */
export type DpopMode = "accepted" | "required";

export interface Bound {
  readonly answer: Answer;
  /** The thumbprint of the key whose proof was sent. */
  readonly jkt: string;
}

export interface DpopSeen {
  readonly preflight: Answer;
  /** The first refresh with a proof, without a nonce. */
  readonly first: Answer;
  /** With a nonce, if one was asked for. */
  readonly bound: Bound;
  /** The same session with another key. */
  readonly other: Bound;
  readonly bad: readonly { readonly what: string; readonly answer: Answer }[];
  readonly afterBad: Answer;
  /** Null where the backend takes refreshes without a proof. */
  readonly without: Answer | null;
}

export async function visitWithProofs(
  backend: Backend,
  session: Session,
  mode: DpopMode,
): Promise<DpopSeen> {
  const { refresh: url, origin } = backend.target;
  const [one, two] = [await newProver(), await newProver()];
  let nonce: string | undefined;
  const send = async (to: string, proof: string | null): Promise<Answer> => {
    const cookie = session.jar.header(url, session.name, session.jar.value(session.name));
    const headers = proof === null ? {} : { DPoP: proof };
    const answer = await backend.call(to, url, { cookie, headers });
    session.jar.keep(answer.cookies);
    nonce = answer.headers.get("DPoP-Nonce") ?? nonce;
    return answer;
  };
  const renew = async (prover: Prover): Promise<Bound> => ({
    answer: await send("refresh with a proof", await prover.proof(url, { nonce })),
    jkt: prover.jkt,
  });
  const preflight = await backend.call("preflight with DPoP", url, {
    method: "OPTIONS",
    csrf: false,
    headers: {
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": `dpop,${backend.target.csrf[0].toLowerCase()}`,
    },
    origin,
  });
  const begin = await renew(one);
  const bound = nonce !== undefined && begin.answer.status >= 400 ? await renew(one) : begin;
  const other = await renew(two);
  const bad: { what: string; answer: Answer }[] = [];
  for (const [what, change, signer] of [
    ["another address", { htu: `${url.origin}/another` }, one],
    ["a proof of an hour ago", { iat: Math.floor(Date.now() / 1000) - 3_600, nonce: "old" }, one],
    ["another key's signature", {}, two],
  ] as const) {
    const proof = await one.proof(url, { nonce, ...change }, signer);
    bad.push({ what, answer: await send(`refresh with ${what}`, proof) });
  }
  const afterBad = (await renew(one)).answer;
  const without = mode === "required" ? await send("refresh without a proof", null) : null;
  return { preflight, first: begin.answer, bound, other, bad, afterBad, without };
}
