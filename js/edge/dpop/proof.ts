// The checks of a DPoP proof (RFC 9449 section 4.3), in order: its text, by src/verify/proof.rs;
// its nonce; its signature; and last, that it is its first use. A proof that fails an earlier check
// stays unused.

import type { Core, ExpectedOfProof as Expected, Proof } from "../core.js";
import { Key } from "../keys/crypto.js";
import { LeastRecent } from "../keys/least-recent.js";
import type { ReplayStore, ReplayUse } from "../options/store-types.js";
import { VerifyError, type VerifyErrorCode } from "../request/error.js";
import { type DpopSettings, LONGEST_PROOF, type NonceSettings } from "./options.js";
import { isTarget } from "./target.js";

/** A proof that was taken. */
export interface Taken {
  readonly proof: Proof;
  /** When its nonce was given out, in seconds; null where none is asked for. */
  readonly nonceIssued: number | null;
}

/** Keys of clients, by thumbprint: to make one ready takes as long as to check a signature. */
const keys = new LeastRecent<Key>(1_000);

/**
 * Checks a proof. `now`: milliseconds.
 *
 * @throws {VerifyError} proof.*, replay.unavailable, alg.unsupported_by_runtime
 */
export async function checkProof(
  core: Core,
  text: string | null | undefined,
  expected: Expected,
  settings: DpopSettings,
  now: number,
): Promise<Taken> {
  if ((text ?? "") === "") throw new VerifyError("proof.missing");
  if (typeof text !== "string" || text.length > LONGEST_PROOF)
    throw new VerifyError("proof.malformed");
  const seconds = now / 1000;
  const proof = read(core, text, expected, settings, seconds);
  const { algorithm, jwk, thumbprint, otherTarget } = proof;
  if (otherTarget !== null && !isTarget(otherTarget, expected.target))
    throw new VerifyError("proof.url");
  const { nonce, replay } = settings;
  const nonceIssued = nonce && nonceOf(core, proof.nonce, nonce, seconds);
  // Copies: another request may use the wasm before the key is ready.
  const [bytes, signature] = [core.signingInput(text).slice(), core.signature().slice()];
  const made = keys.get(thumbprint, () => {
    const [description] = core.describeKeys(`{"keys":[${jwk}]}`, false).keys;
    if (description === undefined) throw new VerifyError("proof.key");
    return new Key(description);
  });
  const key = await made.verificationKey(algorithm);
  if (key === null) throw new VerifyError("proof.key");
  if (!(await key.verify(bytes, signature, Boolean))) throw new VerifyError("proof.signature");
  if (replay !== null) {
    const { name, iat } = proof;
    const end =
      nonce !== null && nonceIssued !== null ? nonceIssued + nonce.lifetime : iat + settings.window;
    // It is good at its last moment, too.
    await firstUse(replay, { name, thumbprint, expiresAt: end + 1 });
  }
  return { proof, nonceIssued };
}

function read(
  core: Core,
  text: string,
  expected: Expected,
  { rules }: DpopSettings,
  now: number,
): Proof {
  try {
    return core.readProof(rules, text, expected, now);
  } catch (cause) {
    // Texts are the refusals of src/edge/proof.rs.
    throw typeof cause === "string" ? new VerifyError(cause as VerifyErrorCode) : cause;
  }
}

/** When the nonce of a proof was given out. `now`: seconds. */
function nonceOf(
  core: Core,
  nonce: string | null,
  { secrets, lifetime }: NonceSettings,
  now: number,
): number {
  for (const secret of nonce === null ? [] : secrets) {
    const issued = core.nonceIssuedAt(nonce ?? "", secret, now, lifetime);
    if (issued !== undefined) return issued;
  }
  throw new VerifyError("proof.nonce", { dpopNonce: newNonce(core, secrets, now) });
}

/** The nonce to hand out. `now`: seconds. */
export function newNonce(core: Core, [secret]: NonceSettings["secrets"], now: number): string {
  return core.makeNonce(secret ?? new Uint8Array(), now);
}

async function firstUse(replay: ReplayStore, use: ReplayUse): Promise<void> {
  let isFirst: unknown;
  try {
    isFirst = await replay.firstUse(use);
  } catch (cause) {
    throw new VerifyError("replay.unavailable", { cause });
  }
  if (isFirst === false) throw new VerifyError("proof.replayed");
  if (isFirst !== true) throw new VerifyError("replay.unavailable");
}
