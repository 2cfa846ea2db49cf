// Every check of a token with its outcome, for finding out why one is refused. A development aid:
// it goes on where a verification would stop, and its findings are for the developer, not for the
// client.

import { type Core, type Rules, UNFIT } from "./core.js";
import { verificationKeyAmong } from "./keys/crypto.js";
import type { Found } from "./keys/key-sets.js";
import type { Issuer } from "./options/issuers.js";
import { ALGORITHMS, readClock, type Settings } from "./options/read.js";
import { VerifyError } from "./request/error.js";
import { frozen } from "./result/outcome.js";
import type { Claims, JoseHeader } from "./result/verified.js";

export interface Finding {
  check: string;
  ok: boolean;
  detail?: string;
}

interface Means {
  readonly settings: Settings;
  /** What a token is read by before it is known whose it is. */
  readonly nobody: Rules;
  issuer(name: string | undefined): Issuer | Promise<Issuer>;
  keys(issuer: Issuer, alg: string, kid: string | null, now: number): Promise<Found>;
  vouch(claims: Claims, header: JoseHeader, issuer: string): Promise<void>;
  errorOf(cause: unknown): VerifyError;
}

export async function explainWith(
  core: Core,
  token: string,
  means: Means,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const attempt = async <T>(check: string, work: () => T | Promise<T>): Promise<T | null> => {
    try {
      const result = await work();
      findings.push({ check, ok: true });
      return result;
    } catch (cause) {
      findings.push({ check, ok: false, detail: means.errorOf(cause).code });
      return null;
    }
  };
  const { settings, nobody } = means;
  const readBy = (rules: Rules, now: number) => {
    if (typeof token !== "string") throw new VerifyError("token.malformed");
    if (token.length > settings.maxTokenBytes) throw new VerifyError("token.too_large");
    const verdict = core.read(rules, core.take(token), now);
    if (verdict === UNFIT) throw new VerifyError(core.code());
    return verdict;
  };
  // By the rules of nobody every token that can be read is foreign, and says whose it is.
  if ((await attempt("shape and header", () => readBy(nobody, 0))) === null) return findings;
  // While that was awaited, the wasm may have read another token.
  readBy(nobody, 0);
  const name = core.issuer();
  const place = core.algorithm();
  const alg = ALGORITHMS[place] ?? "";
  const kid = core.kid() ?? null;
  const header = frozen(JSON.parse(core.header()) as JoseHeader);
  const [bytes, signature] = [core.taken(token.lastIndexOf(".")).slice(), core.signature().slice()];
  const issuer = await attempt("issuer is known", () => means.issuer(name));
  if (issuer === null) return findings;
  await attempt("algorithm is allowed", () =>
    refuseUnless((issuer.settings.algorithms & (1 << place)) !== 0, "alg.not_allowed"),
  );
  const now = await attempt("clock", () => readClock(settings.clock) / 1000);
  if (now === null) return findings;
  const found = await attempt("key", () => means.keys(issuer, alg, kid, now * 1000));
  const key =
    found === null
      ? null
      : await attempt("signature", () => verificationKeyAmong(found.keys, alg, bytes, signature));

  readBy(issuer.rules, now);
  const rules = core.explain(now);
  for (const line of rules.split("\n")) {
    const [check = "", code = ""] = line.split("\t");
    if (check !== "")
      findings.push(code === "" ? { check, ok: true } : { check, ok: false, detail: code });
  }
  if (key === null || findings.some(({ ok }) => !ok)) return findings;
  const claims = frozen(JSON.parse(core.claims()) as Claims);
  await attempt("revocation and check", () => means.vouch(claims, header, issuer.settings.issuer));
  return findings;
}

function refuseUnless(holds: boolean, code: string): void {
  if (!holds) throw new VerifyError(code);
}
