// The JWS layer alone (RFC 7515): one compact JWS against given keys. What the payload means is the
// caller's affair.

import { type Rules, UNFIT } from "./core.js";
import type { Instance } from "./instance.js";
import { Key, type KeyDescription, signerAmong } from "./keys/crypto.js";
import { ALGORITHMS, readIssuer } from "./options/read.js";
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
  const rules = { ...RULES, algorithms: allowList(options?.algorithms) };
  const core = instance.current() ?? (await instance.load());
  if (typeof jws !== "string") throw new VerifyError("token.malformed");
  const keys = keysOf(core.readKeys(textOf(given), true));
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
    (key) =>
      (key.algorithms & (1 << place)) !== 0 &&
      (kid === null || key.kid === null || key.kid === kid),
  );
  if (candidates.length === 0) throw new VerifyError("key.unknown");
  await signerAmong(candidates, alg, core, bytes, signature);
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
  return JSON.stringify(
    "keys" in given && Array.isArray(given.keys) ? { keys: given.keys } : { keys: [given] },
  );
}

function keysOf(text: string | undefined): readonly Key[] {
  if (text === undefined)
    throw invalidOption("keys", "must be a key or a key set that is not empty");
  const { keys } = JSON.parse(text) as { keys: readonly KeyDescription[] };
  const clash = (key: KeyDescription, place: number) =>
    keys.findIndex((other) => other.kid === key.kid && other.jwk.kty === key.jwk.kty) !== place;
  if (keys.some((key, place) => key.kid !== null && clash(key, place)))
    throw invalidOption("keys", "must not have two keys of one type under one kid");
  return keys.map((key) => new Key(key));
}
