// The JWS layer alone (RFC 7515): one compact JWS against given keys. What the payload means is the
// caller's affair.

import type { Core, KeyDescription, RuleSet } from "./core.js";
import { type Instance, withCoreOf } from "./instance.js";
import { Key, verificationKeyAmong } from "./keys/crypto.js";
import { LeastRecent } from "./keys/least-recent.js";
import { isOfSecrets, readAlgorithms } from "./options/algorithms.js";
import { invalidOption } from "./options/invalid.js";
import { NO_RULES } from "./options/issuer.js";
import { ownMembers } from "./options/own.js";
import { listOfTexts, readMembers } from "./options/read.js";
import type { Compact, CompactOptions, Jwk } from "./options/types.js";
import { VerifyError } from "./request/error.js";

const MOST_BYTES = 1_048_576;

const RULES: Omit<RuleSet, "algorithms"> = {
  ...NO_RULES,
  profile: "jws",
  readsPadding: false,
  maxTokenBytes: MOST_BYTES,
};

export function verifyCompactOver(
  instance: Instance,
  jws: string,
  given: Jwk | { keys: readonly Jwk[] },
  options: CompactOptions,
): Promise<Compact> {
  return withCoreOf(instance, (core) => verify(core, jws, given, options));
}

async function verify(
  core: Core,
  jws: string,
  given: Jwk | { keys: readonly Jwk[] },
  options: CompactOptions,
): Promise<Compact> {
  const { algorithms } = readMembers("options", options, ["algorithms"]);
  const rules = rulesOf(listOfTexts("options.algorithms", algorithms));
  if (typeof jws !== "string") throw new VerifyError("token.malformed");
  const keys = keysOf(textOf(given), core);
  if (jws.length > MOST_BYTES) throw new VerifyError("token.too_large");
  if (core.read(rules, jws, 0) === "unfit") throw new VerifyError(core.code());
  const { algorithm, kid, header, signingInput, signature, payload } = core.opened(jws);
  const candidates = keys.filter(
    (key) =>
      key.algorithms.includes(algorithm) && (kid === null || key.kid === null || key.kid === kid),
  );
  if (candidates.length === 0) throw new VerifyError("key.unknown");
  const made = candidates.map((key) => new Key(key));
  await verificationKeyAmong(made, algorithm, signingInput, signature);
  return { header, payload };
}

/** The rules of the lists that were given last: most callers have one, written anew each time. */
const rulesByList = new LeastRecent<RuleSet>(100);

function rulesOf(names: readonly string[]): RuleSet {
  const algorithms = readAlgorithms("options.algorithms", names);
  if (algorithms.some(isOfSecrets) && !algorithms.every(isOfSecrets))
    throw invalidOption("options.algorithms", "must not mix HS* with the rest");
  return rulesByList.get(algorithms.join(), () => ({ ...RULES, algorithms }));
}

function textOf(given: Jwk | { keys: readonly Jwk[] }): string {
  if (typeof given !== "object" || given === null)
    throw invalidOption("keys", "must be a key or a key set");
  try {
    const isSet = Object.hasOwn(given, "keys") && "keys" in given && Array.isArray(given.keys);
    return JSON.stringify({ keys: isSet ? given.keys : [given] });
  } catch {
    throw invalidOption("keys", "must be JSON");
  }
}

function keysOf(text: string, core: Core): readonly KeyDescription[] {
  if (hasClash(JSON.parse(text) as { keys: readonly unknown[] }))
    throw invalidOption("keys", "must not have two keys of one type under one kid");
  try {
    return core.describeKeys(text, true).keys;
  } catch (refusal) {
    if (refusal === "jwks.malformed")
      throw invalidOption("keys", "must be a key or a key set that is not empty");
    if (refusal === "jwks.too_large") throw invalidOption("keys", "must not hold so many keys");
    throw refusal;
  }
}

/**
 * Whether two keys of one type bear one `kid`. Keys that can't be used count: which of the two a
 * token means must not depend on what this version can use.
 */
function hasClash({ keys }: { keys: readonly unknown[] }): boolean {
  const seen = new Set<string>();
  for (const key of keys) {
    const { kid, kty } = ownMembers<{ kid?: unknown; kty?: unknown }>(key ?? {}, ["kid", "kty"]);
    if (typeof kid !== "string" || typeof kty !== "string") continue;
    const name = JSON.stringify([kid, kty]);
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}
