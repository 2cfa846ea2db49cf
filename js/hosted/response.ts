// The answer that a worker has got, as a `Response` of the page.

import { CREDIT, type SentHead } from "./protocol.js";

/** The body of an answer, which comes piece by piece. */
export interface Body {
  readonly stream: ReadableStream<Uint8Array>;
  /** What it has failed with. */
  error?: unknown;
  add(piece: ArrayBuffer): void;
  end(): void;
  fail(error: unknown): void;
}

/**
 * A body. `taken` hears how many bytes the reader has taken since it last heard, `cancelled` that
 * nobody wants the rest.
 */
export function newBody(taken: (bytes: number) => void, cancelled: () => void): Body {
  let controller!: ReadableByteStreamController;
  let added = 0;
  let told = 0;
  const source = {
    start: (given: ReadableByteStreamController) => void (controller = given),
    pull() {
      const waiting = CREDIT - controller.desiredSize!;
      const read = added - waiting;
      if (read - told < CREDIT / 4) return;
      taken(read - told);
      told = read;
    },
    cancel: cancelled,
  };
  let stream: ReadableStream<Uint8Array>;
  try {
    stream = new ReadableStream({ ...source, type: "bytes" }, { highWaterMark: CREDIT });
  } catch {
    // Safari before 26.4 has no streams of bytes.
    stream = new ReadableStream(source as unknown as UnderlyingDefaultSource<Uint8Array>, {
      highWaterMark: CREDIT,
      size: (piece) => piece!.byteLength,
    });
  }
  const body: Body = {
    stream,
    add(piece) {
      added += piece.byteLength;
      controller.enqueue(new Uint8Array(piece));
    },
    end() {
      controller.close();
      // A reader with a buffer of its own waits for this.
      controller.byobRequest?.respond(0);
    },
    fail(error) {
      body.error = error;
      controller.error(error);
    },
  };
  return body;
}

/** What a `Response` that was made in the page does not say by itself. */
interface Facts extends Pick<Response, "url" | "redirected" | "type" | "status" | "ok"> {}

const READERS = ["arrayBuffer", "blob", "bytes", "formData", "json", "text"] as const;

/**
 * A response that has these facts. `touch` is called when somebody takes its body. A reader rejects
 * with what the body has failed with: browsers say "Failed to fetch" for any.
 */
function dressed(response: Response, facts: Facts, body: Body | null, touch: () => void): Response {
  const { prototype } = Response;
  const values: Record<string, unknown> = {
    ...facts,
    clone: () => dressed(prototype.clone.call(response), facts, body, touch),
  };
  for (const name of READERS)
    if (name in response)
      values[name] = () =>
        prototype[name].call(response).catch((error: unknown) => {
          throw body?.error ?? error;
        });
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(response, name, { value });
  return Object.defineProperty(response, "body", {
    get() {
      touch();
      return Reflect.get(prototype, "body", this) as unknown;
    },
  });
}

/** Ends answers that were dropped. */
let dropped: FinalizationRegistry<() => void> | undefined;

/** The response of a head. One that is dropped unread is cancelled, so its connection is free. */
export function responseOf(
  [status, statusText, headers, url, redirected, type]: SentHead,
  body: Body | null,
  cancelled: () => void,
): Response {
  let touched = false;
  const response = dressed(
    new Response(body?.stream ?? null, {
      headers,
      statusText,
      // A page can make no others.
      status: status >= 200 && status < 600 ? status : 200,
    }),
    { url, redirected, type, status, ok: status >= 200 && status < 300 },
    body,
    () => (touched = true),
  );
  if (body) {
    const { stream } = body;
    dropped ??= new FinalizationRegistry((end) => end());
    dropped.register(response, () => touched || stream.locked || cancelled());
  }
  return response;
}
