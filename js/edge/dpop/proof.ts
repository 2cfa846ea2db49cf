// The checks of a DPoP proof (RFC 9449 section 4.3), in order: its text, by src/verify/proof.rs;
// its nonce; its signature; and last, that it is its first use. A proof that fails an earlier check
// stays unused.

import { decodeBinary } from "../../shared/base64url.js";
import type { Core, ExpectedOfProof as Expected, Proof } from "../core.js";
import { Key } from "../keys/crypto.js";
import type { ReplayStore, ReplayUse } from "../options/store-types.js";
import { VerifyError, type VerifyErrorCode } from "../request/error.js";
import { type DpopSettings, LONGEST_PROOF, type NonceSettings } from "./options.js";
import { isTarget } from "./target.js";

/** A proof that was taken. */
export interface Taken {
  readonly jti: string;
  readonly thumbprint: string;
  readonly iat: number;
  /** When its nonce was given out, in seconds; null where none is asked for. */
  readonly nonceIssued: number | null;
}

/** Longer headers are not remembered. */
const LONGEST_HEADER = 1_024;

/**
 * Checks a proof. `boundTo`: the thumbprint that its key has to have, if any. `now`: milliseconds.
 * `request`: what the proof came with, which may be judged several times and uses it once.
 *
 * @throws {VerifyError} proof.*, replay.unavailable, alg.unsupported_by_runtime
 */
export async function checkProof(
  core: Core,
  text: string | null | undefined,
  expected: Expected,
  boundTo: string | null,
  settings: DpopSettings,
  now: number,
  request: Request | null = null,
): Promise<Taken> {
  if ((text ?? "") === "") throw new VerifyError("proof.missing");
  if (typeof text !== "string" || text.length > LONGEST_PROOF)
    throw new VerifyError("proof.malformed");
  const { headers, nonce, replay, admitted } = settings;
  const seconds = now / 1000;
  // A client sends the same header with each proof.
  const header = text.slice(0, text.indexOf("."));
  const known = headers.find(header);
  const passed = known?.description.thumbprint;
  const proof = read(core, text, expected, settings, seconds, passed);
  const { jti, iat, name, otherTarget } = proof;
  const thumbprint = passed ?? proof.thumbprint ?? "";
  if (boundTo !== null && boundTo !== thumbprint) throw new VerifyError("proof.binding");
  if (otherTarget !== null && !isTarget(otherTarget, expected.target))
    throw new VerifyError("proof.url");
  const nonceIssued = nonce && nonceOf(core, proof.nonce, nonce, seconds);
  let [bytes, signature] = [core.signingInput(text), core.signature()];
  let key = known ?? null;
  if (key === null) {
    // Copies: another request may use the wasm before the key is ready.
    [bytes, signature] = [bytes.slice(), signature.slice()];
    key = await keyIn(header, core).verificationKey(proof.algorithm ?? "");
  }
  if (key === null) throw new VerifyError("proof.key");
  if (!(await key.verify(bytes, signature, Boolean))) throw new VerifyError("proof.signature");
  if (header.length <= LONGEST_HEADER) headers.get(header, () => key);
  if (replay !== null && (request === null || admitted.get(request) !== name)) {
    const end =
      nonce !== null && nonceIssued !== null ? nonceIssued + nonce.lifetime : iat + settings.window;
    // It is good at its last moment, too.
    await firstUse(replay, { name, thumbprint, expiresAt: end + 1 });
    if (request !== null) admitted.set(request, name);
  }
  return { jti, thumbprint, iat, nonceIssued };
}

function read(
  core: Core,
  text: string,
  expected: Expected,
  { rules }: DpopSettings,
  now: number,
  passed: string | undefined,
): Proof {
  try {
    return core.readProof(rules, text, expected, now, passed);
  } catch (cause) {
    // Texts are the refusals of src/edge/proof.rs.
    throw typeof cause === "string" ? new VerifyError(cause as VerifyErrorCode) : cause;
  }
}

/** The key in the header of a proof, which was read before. */
function keyIn(header: string, core: Core): Key {
  const { jwk } = JSON.parse(decodeBinary(header)) as { jwk: unknown };
  const set = { keys: [jwk] };
  const [description] = core.describeKeys(JSON.stringify(set), false).keys;
  if (description === undefined) throw new VerifyError("proof.key");
  return new Key(description);
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
