// Every check of a token with its outcome, for finding out why one is refused. A development aid: it goes on where a verification
// would stop, and its findings are for the developer, not for the client.

import { bytesOf, payloadPart, signerAmong, signingInput } from "./crypto.js";
import { VerifyError } from "./error.js";
import type { Core } from "./instance.js";
import type { Issuer } from "./issuers.js";
import type { Found } from "./key-sets.js";
import { readClock, type Settings } from "./options.js";
import { type Facts, factsOf, frozen } from "./outcome.js";
import type { JoseHeader } from "./verified.js";

export interface Finding {
  check: string;
  ok: boolean;
  detail?: string;
}

interface Means {
  readonly settings: Settings;
  readonly allowed: string;
  issuer(): Issuer | Promise<Issuer>;
  keys(issuer: Issuer, alg: string, kid: string | null, now: number): Promise<Found>;
  vouch(facts: Facts): Promise<void>;
}

export async function explainWith(core: Core, token: string, means: Means): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const attempt = async <T>(check: string, work: () => T | Promise<T>): Promise<T | null> => {
    try {
      const result = await work();
      findings.push({ check, ok: true });
      return result;
    } catch (error) {
      findings.push({ check, ok: false, detail: error instanceof VerifyError ? error.code : "runtime.failed" });
      return null;
    }
  };
  const { settings } = means;
  const { profile, clockTolerance, maxTokenAge, requiredClaims, allowNoExpiry } = settings;
  const read = () => refuseFor(readBy(core, token, settings, means.allowed));
  if ((await attempt("shape and header", () => (read(), true))) === null) return findings;
  read();
  const bytes = bytesOf(token);
  const alg = core.alg() ?? "";
  const kid = core.kid() ?? null;
  const header = frozen(JSON.parse(core.header() ?? "{}") as JoseHeader);
  const signature = core.signature() as Uint8Array<ArrayBuffer>;
  const issuer = await attempt("issuer is known", means.issuer);
  if (issuer === null) return findings;
  await attempt("algorithm is allowed", () => refuseFor(issuer.settings.algorithms.has(alg) ? undefined : "alg.not_allowed"));
  const now = await attempt("clock", () => readClock(settings.clock));
  if (now === null) return findings;
  const found = await attempt("key", () => means.keys(issuer, alg, kid, now));
  const key = found === null ? null : await attempt("signature", () => signerAmong(found.keys, found.held.set.cryptoKeys, alg, signature, signingInput(bytes)));
  read();
  const rules = [issuer.settings.issuer, issuer.settings.audiences, requiredClaims, allowNoExpiry, now / 1000, clockTolerance, maxTokenAge] as const;
  for (const line of core.explain(profile, ...rules).split("\n")) {
    const [check = "", code = ""] = line.split("\t");
    if (check !== "") findings.push(code === "" ? { check, ok: true } : { check, ok: false, detail: code });
  }
  if (key === null || core.judge(payloadPart(bytes), profile, ...rules) !== undefined) return findings;
  const facts = factsOf(core.payload(), header, alg, key, issuer.settings.issuer, issuer.settings.tenant);
  await attempt("revocation and check", () => means.vouch(facts));
  return findings;
}

function readBy(core: Core, token: unknown, { maxTokenBytes, profile }: Settings, allowed: string): string | undefined {
  if (typeof token !== "string") return "token.malformed";
  if (token.length > maxTokenBytes) return "token.too_large";
  core.take(bytesOf(token));
  return core.read(maxTokenBytes, profile, allowed);
}

function refuseFor(code: string | undefined): void {
  if (code !== undefined) throw new VerifyError(code);
}
