// `htu`: the address that a proof is for (RFC 9449 sections 4.2 and 4.3): origin and path. Query
// and fragment don't count.

/** An absolute address. URL would forgive spaces, backslashes and missing slashes. */
const FORM = /^https?:\/\/[!-[\]-~]+$/i;

/** Origin and path, in the one form of WHATWG URL; null for what is no such address. */
export function targetOf(address: string | URL): string | null {
  const text = String(address);
  if (!FORM.test(text)) return null;
  try {
    const { origin, pathname, username, password } = new URL(text);
    return username + password === "" ? origin + pathname : null;
  } catch {
    return null;
  }
}

/** Whether an address is the target, however it is written (RFC 3986 section 6.2.2). */
export function isTarget(address: string, target: string): boolean {
  const read = targetOf(address);
  return read !== null && withPlainEscapes(read) === withPlainEscapes(target);
}

/** Percent-encodings in one form: hex in capitals, and none where a character needs none. */
function withPlainEscapes(target: string): string {
  return target.replace(/%[\da-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
  });
}
