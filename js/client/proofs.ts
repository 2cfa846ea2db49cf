// Brings what makes proofs of possession, where the option `dpop` asks for it.

import { ownBase } from "./addresses.js";
import { discard, jsonOf, sentAtOf } from "./authority.js";
import { challengesOf } from "./challenge.js";
import type { Borrowed, ProofSettings, Prover } from "./dpop.js";
import { TokenKeepError } from "./error.js";
import type { Host } from "./host.js";
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
  errorsOf,
  async errorsIn(response) {
    const { status, headers } = response;
    // A refusal, whatever its status: a fault of the proof signs nobody out.
    if (status < 400 || status > 499) return [];
    const body = await jsonOf(response.clone());
    const { error } = Object(body) as { error?: unknown };
    return [error, ...errorsOf(headers.get("WWW-Authenticate"))];
  },
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

/** A proof beside a token that was lent. */
export async function prove(
  host: Host,
  token: string | null,
  method: string,
  url: string | URL,
): Promise<string> {
  const headers = new Map<string, string>();
  const request = { method, url: `${new URL(url, ownBase())}`, headers };
  if (token) await host.prover?.setToken(request, host.engine, token);
  const proof = headers.get("DPoP");
  if (!proof) throw new TokenKeepError("dpop_unavailable");
  return proof;
}
