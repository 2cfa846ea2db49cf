// The leanest verifier that is still sound, as one would write it in JavaScript for one issuer with
// one key: the key imported once, the header known by its exact text, the form of the token
// checked, then the signature, then the claims. It has no key set that changes, no second algorithm
// and no reason for a refusal. A verifier that does more can hardly be faster.

import type { Subject } from "./field.ts";

export interface Known {
  readonly issuer: string;
  readonly audience: string;
  readonly kid: string;
  readonly alg: string;
  readonly typ: string;
}

/** Whether the signature over a text holds. */
export type Check = (
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
) => boolean | Promise<boolean>;

const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Decodes base64url, with the runtime's own method where it has one. */
export const bytesOf = decoderOf();

function decoderOf(): (text: string) => Uint8Array<ArrayBuffer> {
  if ("fromBase64" in Uint8Array) {
    const { fromBase64 } = Uint8Array as unknown as {
      fromBase64(text: string, options: { alphabet: "base64url" }): Uint8Array<ArrayBuffer>;
    };
    return (text) => fromBase64.call(Uint8Array, text, { alphabet: "base64url" });
  }
  if (typeof Buffer === "function")
    return (text) => Buffer.from(text, "base64url") as Uint8Array<ArrayBuffer>;
  return (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
      character.charCodeAt(0),
    );
}

function refuse(): never {
  throw new Error("refused");
}

/** `now` in seconds. */
function claimsOf(part: string, { issuer, audience }: Known, now: number): Subject {
  const claims = JSON.parse(decoder.decode(bytesOf(part))) as Record<string, unknown>;
  const { iss, aud, exp, nbf } = claims;
  if (iss !== issuer) refuse();
  if (aud !== audience && !(Array.isArray(aud) && aud.includes(audience))) refuse();
  if (typeof exp !== "number" || exp <= now) refuse();
  if (nbf !== undefined && (typeof nbf !== "number" || nbf > now)) refuse();
  return claims as unknown as Subject;
}

export function verifierByHand(known: Known, check: Check): (token: string) => Promise<Subject> {
  let header = "";
  const takeHeader = (part: string) => {
    const { alg, kid, typ, ...rest } = JSON.parse(decoder.decode(bytesOf(part))) as Record<
      string,
      unknown
    >;
    if (alg !== known.alg || kid !== known.kid || typ !== known.typ || Object.keys(rest).length > 0)
      refuse();
  };
  return async (token) => {
    if (token.length > 16_384 || !FORM.test(token)) refuse();
    const first = token.indexOf(".");
    const second = token.indexOf(".", first + 1);
    const part = token.slice(0, first);
    if (part !== header) takeHeader(part);
    const verdict = check(bytesOf(token.slice(second + 1)), encoder.encode(token.slice(0, second)));
    if (!(typeof verdict === "boolean" ? verdict : await verdict)) refuse();
    header = part;
    return claimsOf(token.slice(first + 1, second), known, Date.now() / 1000);
  };
}
