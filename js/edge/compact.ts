// The JWS layer alone (RFC 7515): one compact JWS against given keys. What the payload means is the
// caller's affair.

import { type Core, type KeyDescription, type Rules, UNFIT } from "./core.js";
import type { Instance } from "./instance.js";
import { Key, verificationKeyAmong } from "./keys/crypto.js";
import { ownMembers } from "./options/own.js";
import { ALGORITHMS, readIssuer, readMembers } from "./options/read.js";
import type { Algorithm, Compact, CompactOptions, Jwk } from "./options/types.js";
import { invalidOption, VerifyError } from "./request/error.js";
import type { JoseHeader } from "./result/verified.js";

const MOST_BYTES = 1_048_576;

/** A profile without rules for claims, by the numbers of src/edge/mod.rs. */
const RULES: Omit<Rules, "algorithms"> = {
  maxTokenBytes: MOST_BYTES,
  profile: 3,
  texts: "",
  allowNoExpiry: false,
  clockTolerance: 0,
  maxTokenAge: Number.NaN,
};

export async function verifyCompactOver(
  instance: Instance,
  jws: string,
  given: Jwk | { keys: readonly Jwk[] },
  options: CompactOptions,
): Promise<Compact> {
  try {
    return await verify(instance, jws, given, options);
  } catch (cause) {
    if (cause instanceof VerifyError) throw cause;
    if (cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError)
      instance.discard();
    throw new VerifyError("runtime.failed", { cause });
  }
}

async function verify(
  instance: Instance,
  jws: string,
  given: Jwk | { keys: readonly Jwk[] },
  options: CompactOptions,
): Promise<Compact> {
  const { algorithms } = readMembers("options", options, ["algorithms"]);
  const rules = { ...RULES, algorithms: allowList(algorithms) };
  const core = instance.current() ?? (await instance.load());
  if (typeof jws !== "string") throw new VerifyError("token.malformed");
  const keys = keysOf(textOf(given), core);
  if (jws.length > MOST_BYTES) throw new VerifyError("token.too_large");
  const length = core.take(jws);
  if (core.read(rules, length, 0) === UNFIT) throw new VerifyError(core.code());
  const place = core.algorithm();
  const alg = ALGORITHMS[place] ?? "";
  const kid = core.kid() ?? null;
  const header = JSON.parse(core.header()) as JoseHeader;
  // Copies: the wasm's memory is used again before this is over.
  const [bytes, signature, payload] = [
    core.taken(jws.lastIndexOf(".")).slice(),
    core.signature().slice(),
    core.payload().slice(),
  ];
  const candidates = keys.filter(
    (key) => key.algorithms.includes(alg) && (kid === null || key.kid === null || key.kid === kid),
  );
  if (candidates.length === 0) throw new VerifyError("key.unknown");
  await verificationKeyAmong(
    candidates.map((key) => new Key(key)),
    alg,
    bytes,
    signature,
  );
  return { header, payload };
}

/** The same rules as for an issuer: not empty, known names, HS* apart from the rest. */
function allowList(algorithms: readonly Algorithm[]): number {
  const hmac =
    Array.isArray(algorithms) && algorithms.some((name) => String(name).startsWith("HS"));
  const key = hmac ? { secret: new Uint8Array(64) } : { jwks: { keys: [{}] } };
  return readIssuer({ issuer: "-", audience: "-", algorithms, ...key }, "options").algorithms;
}

function textOf(given: Jwk | { keys: readonly Jwk[] }): string {
  if (typeof given !== "object" || given === null)
    throw invalidOption("keys", "must be a key or a key set");
  const isSet = Object.hasOwn(given, "keys") && "keys" in given && Array.isArray(given.keys);
  try {
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
