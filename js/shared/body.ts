// Bodies of requests and of answers: reading one within a bound, giving one up, and whether one can
// be sent twice.

/** Null: it is longer than it may be, and the rest is not read. No body is an empty one. */
export async function readWithin(
  { body }: Pick<Response, "body">,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      discard(reader);
      return null;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * Gives up a stream that nobody will read to its end, so that its connection is free: a Worker has
 * six.
 */
export function discard(stream: { cancel(): Promise<void> } | null | undefined): void {
  stream?.cancel().catch(() => undefined);
}

/**
 * Whether the body of a `Request` was made of a stream, which the `Request` does not tell. But the
 * Fetch standard refuses the mode "no-cors" for a body "whose source is null", and only the source
 * of a stream is null. So a trial copy shows it.
 */
export function isMadeOfStream(request: Request): boolean {
  try {
    new Request(request.clone(), { method: "POST", mode: "no-cors" });
    return false;
  } catch {
    return true;
  }
}
