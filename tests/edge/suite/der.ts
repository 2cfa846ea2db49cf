// DER and PEM, for keys and certificates that tests make.

import { base64url } from "./kit.ts";

/** A value with its tag and length (X.690 section 8.1). */
export function der(tag: number, ...parts: (Uint8Array | number)[]): Uint8Array<ArrayBuffer> {
  const content = parts.flatMap((part) => (typeof part === "number" ? part : [...part]));
  const { length } = content;
  const head =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length];
  return Uint8Array.from([tag, ...head, ...content]);
}

export function pem(label: string, bytes: Uint8Array): string {
  const text = base64url(bytes).replace(/-/g, "+").replace(/_/g, "/");
  const padded = text.padEnd(Math.ceil(text.length / 4) * 4, "=");
  const lines = padded.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
