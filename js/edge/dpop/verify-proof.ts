// `verifyProof`, for an authority: one proof against a method and an address.

import type { Instance } from "../instance.js";
import { invalidOption } from "../options/invalid.js";
import { ownMembers } from "../options/own.js";
import { functionIfGiven, readClock, readMembers } from "../options/read.js";
import type { DpopOptions, ExpectedProof, VerifiedProof } from "../options/types.js";
import { withDpop } from "../request/challenge.js";
import { VerifyError } from "../request/error.js";
import { replayIn } from "./memory-replay.js";
import { type DpopSettings, readDpop } from "./options.js";
import { checkProof, newNonce } from "./proof.js";
import { MOST_PROOFS, SeenProofs } from "./seen-proofs.js";
import { targetOf } from "./target.js";

/** Seconds. */
const SLACK = 30;

/** What all calls share that are given no store. */
let seen: SeenProofs | null = null;

/** What is given where nothing is. */
export const NO_OPTIONS: DpopOptions & { clock?: () => number } = {};

export async function verifyProofOver(
  instance: Instance,
  proof: string,
  expected: ExpectedProof,
  options: DpopOptions & { clock?: () => number },
): Promise<VerifiedProof> {
  let settings: DpopSettings | null = null;
  try {
    settings = settingsOf(options);
    return await verify(instance, proof, expected, settings);
  } catch (cause) {
    if (cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError) instance.renew();
    // Options that throw can't be read.
    const code = settings === null ? "config_invalid" : "runtime.failed";
    const error = cause instanceof VerifyError ? cause : new VerifyError(code, { cause });
    throw settings === null ? error : withDpop(error, { algs: settings.algs, isUsed: true });
  }
}

/** Options are read once: to read them takes a fifth of the time of a check. */
const read = new WeakMap<object, DpopSettings>();

function settingsOf(options: DpopOptions & { clock?: () => number }): DpopSettings {
  if (typeof options !== "object" || options === null)
    throw invalidOption("options", "must be an object");
  const known = read.get(options);
  if (known !== undefined) return known;
  const { clock: given } = ownMembers(options, ["clock"]);
  functionIfGiven("clock", given);
  const clock = given ?? (() => Date.now());
  const { clock: _, ...rest } = options;
  const usualReplay = () => replayIn((seen ??= new SeenProofs(MOST_PROOFS)), clock);
  const settings = readDpop("options", rest, { clock, slack: SLACK, usualReplay });
  read.set(options, settings);
  return settings;
}

async function verify(
  instance: Instance,
  proof: string,
  given: ExpectedProof,
  settings: DpopSettings,
): Promise<VerifiedProof> {
  const { method, url, token } = readMembers("expected", given, ["method", "url", "token"]);
  const target = typeof url === "string" || url instanceof URL ? targetOf(url) : null;
  if (target === null) throw invalidOption("expected.url", "must be an http or https address");
  if (typeof method !== "string") throw invalidOption("expected.method", "must be a text");
  if (token !== undefined && typeof token !== "string")
    throw invalidOption("expected.token", "must be a text");
  const core = instance.current() ?? (await instance.load());
  // RFC 9449's own examples are of 2019.
  const now = readClock(settings.clock, Number.NEGATIVE_INFINITY);
  const tokenHash = token === undefined ? undefined : core.tokenHash(token);
  const expected = { method, target, tokenHash };
  const taken = await checkProof(core, proof, expected, null, settings, now);
  const { jti, thumbprint, iat } = taken;
  const { nonce } = settings;
  return { jti, thumbprint, iat, nonce: nonce && newNonce(core, nonce.secrets, now / 1000) };
}
