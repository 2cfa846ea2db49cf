// Every check of a token with its outcome, for finding out why one is refused. A development aid:
// it goes on where a verification would stop, and its findings are for the developer, not for the
// client.

import type { Core, Finding, Opened } from "./core.js";
import type { Introspection } from "./introspector.js";
import { verificationKeyAmong } from "./keys/crypto.js";
import type { Candidates } from "./keys/key-sets.js";
import { type Issuer, type Issuers, keysFor } from "./options/issuers.js";
import { readClock, type Settings } from "./options/read.js";
import { VerifyError } from "./request/error.js";
import { frozen } from "./result/outcome.js";
import type { Claims } from "./result/verified.js";
import {
  applyLiveChecks,
  checkEncryption,
  checkTenant,
  ENCRYPTED,
  issuerNamed,
} from "./verification.js";

interface Means {
  readonly core: Core;
  readonly settings: Settings;
  readonly issuers: Issuers;
  readonly introspection: Introspection | null;
  keys(issuer: Issuer, opened: Opened, now: number): Promise<Candidates>;
  errorOf(cause: unknown): VerifyError;
}

export async function explainWith(means: Means, token: string): Promise<readonly Finding[]> {
  const { core, settings, issuers } = means;
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

  const check = async (issuer: Issuer, passed: Parameters<typeof applyLiveChecks>[2]) => {
    await attempt("revocation and check", () =>
      applyLiveChecks(settings.revocation, issuer, passed),
    );
    if (settings.dpop !== undefined) await attempt("proof", () => checkUnbound(passed.claims));
  };

  const { introspection } = means;
  if (introspection !== null && isOpaque(core, token, means)) {
    const ask = () => introspection.outcomeOf(token, core, null, true);
    const outcome = await attempt("introspection", ask);
    if (outcome !== null) await check(introspection.issuer, outcome);
    return findings;
  }
  const { encryption, maxTokenBytes } = settings;
  const isEncrypted = encryption !== undefined && saysEncrypted(core, token, means);
  const decrypted = isEncrypted
    ? await attempt("decryption", () => encryption.decrypt(token, core, maxTokenBytes))
    : { token, confirm: () => undefined };
  if (decrypted === null) return findings;
  const { token: inside, confirm } = decrypted;

  const opened = await attempt("shape and header", () => openedBy(core, inside, means));
  if (opened === null) return findings;
  const issuer = await attempt("issuer is known", () => issuerNamed(issuers, opened.issuer));
  if (issuer === null) return findings;
  // Its issuer decides on the type, and on padding.
  if (core.read(issuer.rules, inside, 0) === "unfit") {
    const detail = core.code();
    return findings.map((one) =>
      one.check === "shape and header" ? { ...one, ok: false, detail } : one,
    );
  }
  if (encryption !== undefined)
    await attempt("encryption", () => checkEncryption(issuer, isEncrypted));
  await attempt("algorithm is allowed", () => void keysFor(issuer, opened.algorithm));
  const now = await attempt("clock", () => readClock(settings.clock));
  if (now === null) return findings;
  const { algorithm, signingInput, signature, payload } = opened;
  const found = await attempt("key", () => means.keys(issuer, opened, now));
  const key =
    found &&
    (await attempt("signature", () =>
      verificationKeyAmong(found.keys, algorithm, signingInput, signature),
    ));
  findings.push(...core.explain(issuer.rules, payload, now / 1000));

  if (findings.some(({ ok }) => !ok)) return findings;
  const claims = frozen(JSON.parse(new TextDecoder().decode(payload)) as Claims);
  const header = frozen(opened.header);
  const { issuer: name, tenant } = issuer.settings;
  if (key !== null && key.issuer !== null)
    await attempt("tenant of the key", () => checkTenant(key, { issuer: name, tenant, claims }));
  if (isEncrypted) await attempt("claims in the header", () => confirm({ issuer: name, claims }));
  await check(issuer, { claims, header });
  return findings;
}

/** As `verify()`: without a request there is no proof. */
function checkUnbound(claims: Claims): void {
  if (Object.hasOwn(claims, "cnf")) throw new VerifyError("token.bound");
}

function isOpaque(core: Core, token: unknown, { issuers }: Means): boolean {
  return (
    typeof token === "string" &&
    core.read(issuers.unmatchedRules, token, 0) === "unfit" &&
    core.isOpaque(token)
  );
}

function saysEncrypted(core: Core, token: unknown, means: Means): boolean {
  try {
    openedBy(core, token, means);
    return false;
  } catch (cause) {
    return means.errorOf(cause).code === ENCRYPTED;
  }
}

function openedBy(core: Core, token: unknown, { settings, issuers }: Means): Opened {
  if (typeof token !== "string") throw new VerifyError("token.malformed");
  if (token.length > settings.maxTokenBytes) throw new VerifyError("token.too_large");
  if (core.read(issuers.unmatchedRules, token, 0) === "unfit") throw new VerifyError(core.code());
  return core.opened(token);
}
