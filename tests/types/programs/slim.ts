// `tokenkeep/slim`, with each of the things that may hold the wasm. Nothing here runs: the type
// check is the test.

import {
  createTokenKeep,
  type Session,
  type SlimTokenKeepOptions,
  type TokenKeep,
  TokenKeepError,
  type TokenKeepOptions,
  type WasmSource,
} from "tokenkeep/slim";

const common: TokenKeepOptions = { refresh: "/session/refresh" };

export function each(module: WebAssembly.Module): TokenKeep[] {
  const sources: WasmSource[] = [
    "/client.wasm",
    new URL("https://cdn.example.com/client.wasm"),
    fetch("/client.wasm"),
    new Response(),
    new ArrayBuffer(8),
    new Uint8Array(8),
    module,
  ];
  return sources.map((wasm) => createTokenKeep({ ...common, wasm }));
}

export async function use(options: SlimTokenKeepOptions): Promise<Session | TokenKeepError> {
  return createTokenKeep(options)
    .start()
    .catch((error: unknown) => (error instanceof TokenKeepError ? error : new TokenKeepError()));
}
