// base64url without padding (RFC 4648 section 5), for what is our own or was checked: it is read
// leniently. What comes from outside is decoded in Rust (src/verify/base64url.rs).

export function encodeBase64url(given: Uint8Array | ArrayBuffer): string {
  // Twice as fast as to spread the bytes.
  return encodeBinary(String.fromCharCode.apply(null, new Uint8Array(given) as never));
}

/** Of a text whose characters stand for bytes, as those of ASCII do. */
export function encodeBinary(text: string): string {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * A text whose characters stand for bytes.
 *
 * @throws when it is no base64
 */
export function decodeBinary(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** @throws when it is no base64 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(decodeBinary(text), (character) => character.charCodeAt(0));
}

/** A part of a JWT: JSON as base64url. */
export function encodeJson(value: object): string {
  return encodeBase64url(new TextEncoder().encode(JSON.stringify(value)));
}
