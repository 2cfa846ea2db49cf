// The entry point `tokenkeep`: the client with its wasm inlined, as base64 of its gzip stream. Importing it touches no global and
// does no I/O.

import { gzippedWasm } from "../build/client/inlined.js";
import { bytesOf } from "./client/authority.js";
import { keepWith } from "./client/keep.js";
import { coreFrom } from "./client/load.js";
import type { TokenKeep, TokenKeepOptions } from "./client/types.js";

// In Chromium a Blob, or a Response made of a stream, takes ten times as long as the unpacking: this is a few milliseconds before the first call.
const load = coreFrom(async () => {
  const packed = Uint8Array.from(atob(gzippedWasm), (character) => character.charCodeAt(0));
  const unpacked = streamOf(packed).pipeThrough(new DecompressionStream("gzip"));
  return (await bytesOf({ body: unpacked })) as BufferSource;
});

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/**
 * Makes a keep. Nothing is sent and no wasm is loaded until it is first used.
 *
 * @throws {TokenKeepError} `config_invalid` for an option that can't be right; the message names it.
 */
export function createTokenKeep(options: TokenKeepOptions): TokenKeep {
  return keepWith(options, load);
}

export { TokenKeepError, type TokenKeepErrorCode } from "./client/error.js";
export type * from "./client/types.js";
