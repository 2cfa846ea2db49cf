// Brings what makes proofs of possession, where the option `dpop` asks for it.

import { discard } from "../shared/body.js";
import { jsonOf, sentAtOf } from "./authority.js";
import { challengesOf } from "./challenge.js";
import type { Borrowed, ProofSettings, Prover } from "./dpop.js";
import { TokenKeepError } from "./error.js";
import type { Settings } from "./options.js";

/** What the chunks `dpop.js` and `dpop-key.js` export. */
interface ProverChunk {
  proverOf(settings: ProofSettings, lent: Borrowed): Promise<Prover>;
}

/** Brings the chunk for a key of this tab, or for one that all tabs share. */
export type LoadProver = (keptAs: ProofSettings["keptAs"]) => Promise<ProverChunk>;

const errorsOf = (field: string | null | undefined): readonly unknown[] =>
  challengesOf(field ?? "").map((challenge) => challenge.get("error"));

/** What it has from here. */
const lent: Borrowed = {
  discard,
  async errorsIn({ received, refusal }, authority) {
    if (!authority) return errorsOf(refusal);
    const { status, headers } = received;
    // A refusal, whatever its status: a fault of the proof signs nobody out.
    if (status < 400 || status > 499) return [];
    const body = await jsonOf(received.clone());
    const { error } = Object(body) as { error?: unknown };
    return [error, ...errorsOf(headers.get("WWW-Authenticate"))];
  },
  // RFC 9449 section 8.1: `1*NQCHAR`, all of visible ASCII but `"` and `\`. The bound is ours.
  nonceIn: ({ headers }) => headers.get("DPoP-Nonce")?.match(/^[!#-[\]-~]{1,512}$/)?.[0],
  sentAtOf,
  unavailable: (cause: unknown) => new TokenKeepError("dpop_unavailable", { cause }),
};

/**
 * The prover of one keep, made at the first call; null where tokens need none. Its key outlives an
 * engine that is lost: tokens are bound to it.
 */
export function proverFrom(dpop: Settings["dpop"], load: LoadProver): () => Promise<Prover> | null {
  let prover: Promise<Prover> | undefined;
  const bring = async (settings: ProofSettings) => {
    try {
      const { proverOf } = await load(settings.keptAs);
      return await proverOf(settings, lent);
    } catch (cause) {
      prover = undefined;
      throw lent.unavailable(cause);
    }
  };
  return () => (dpop ? (prover ??= bring(dpop)) : null);
}
