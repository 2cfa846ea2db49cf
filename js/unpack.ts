// The wasm as it travels inside the JavaScript: base64 of its gzip stream.

/** Of ECMAScript 2026, where there is one. */
interface Base64Reader {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** The gzip stream. */
export function packedOf(text: string): Uint8Array<ArrayBuffer> {
  // Milliseconds before the first call are between these two.
  return (
    (Uint8Array as Base64Reader).fromBase64?.(text) ??
    Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  );
}

/**
 * What is in a gzip stream. In Chromium a Blob, or a Response made of a stream, would take ten
 * times as long as this.
 */
export async function unpacked(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  // The length of what is in it stands at its end (RFC 1952 section 2.3.1).
  const bytes = new Uint8Array(new DataView(packed.buffer).getUint32(packed.length - 4, true));
  const whole = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(packed);
      controller.close();
    },
  });
  const reader = whole.pipeThrough(new DecompressionStream("gzip")).getReader();
  for (let at = 0; ; ) {
    const { value } = await reader.read();
    if (value === undefined) return bytes;
    bytes.set(value, at);
    at += value.length;
  }
}
