// The wasm as it travels inside the JavaScript: base64 of a zlib stream.

/** Of ECMAScript 2026, where there is one. */
interface Base64Reader {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** The zlib stream. */
export function packedOf(text: string): Uint8Array<ArrayBuffer> {
  // Milliseconds before the first call are between these two.
  return (
    (Uint8Array as Base64Reader).fromBase64?.(text) ??
    Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  );
}

/**
 * What is in a zlib stream (RFC 1950): so many bytes. In Chromium a Blob, or a Response made of a
 * stream, would take ten times as long as this.
 */
export async function unpacked(
  packed: Uint8Array<ArrayBuffer>,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  const whole = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(packed);
      controller.close();
    },
  });
  const reader = whole.pipeThrough(new DecompressionStream("deflate")).getReader();
  for (let at = 0; ; ) {
    const { value } = await reader.read();
    if (value === undefined) return bytes;
    bytes.set(value, at);
    at += value.length;
  }
}
