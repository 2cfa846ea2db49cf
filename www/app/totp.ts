// An authenticator for people without a phone at hand: the current code for a secret (RFC 6238).
// Outside a demo the secret belongs on another device than the browser, because that makes it a
// second factor.

const STEP_SECONDS = 30;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export interface Code {
  /** Six digits. */
  readonly digits: string;
  /** Milliseconds until the next one. */
  readonly lasts: number;
}

export async function codeNow(secret: string): Promise<Code> {
  const now = Date.now();
  const step = Math.floor(now / 1000 / STEP_SECONDS);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const key = await crypto.subtle.importKey(
    "raw",
    bytesOf(secret),
    { name: "HMAC", hash: "SHA-1" },
    false,
    ["sign"],
  );
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  // RFC 4226 5.3: the last four bits say where the 31 bits of the code are.
  const number = mac.getUint32(mac.getUint8(19) & 15) & 0x7fff_ffff;
  return {
    digits: String(number % 1_000_000).padStart(6, "0"),
    lasts: (step + 1) * STEP_SECONDS * 1000 - now,
  };
}

/** base32, RFC 4648. Characters outside its alphabet are skipped. */
function bytesOf(secret: string): Uint8Array<ArrayBuffer> {
  const bits = [...secret]
    .map((letter) => ALPHABET.indexOf(letter))
    .filter((value) => value >= 0)
    .map((value) => value.toString(2).padStart(5, "0"))
    .join("");
  return Uint8Array.from({ length: Math.floor(bits.length / 8) }, (_, n) =>
    Number.parseInt(bits.slice(n * 8, n * 8 + 8), 2),
  );
}
