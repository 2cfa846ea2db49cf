// Sequences of bytes.

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

// A byte order mark is no part of a token.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const decoded = (bytes: Bytes): string => decoder.decode(bytes);
export const encoded = (text: string): Bytes => encoder.encode(text);

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A number as four bytes, the highest first. */
export const big = (value: number): Bytes =>
  Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
