// Signing in: the application's own request, sent while no refresh can run in any tab, and the
// token taken out of its reply.

import { bytesOf, discard } from "./authority.js";
import { TokenKeepError } from "./error.js";
import type { Host } from "./host.js";
import { Input } from "./wire.js";

/** Sends `request` when its turn has come, and resolves to the reply without the token. */
export async function signIn(host: Host, request: Request): Promise<Response> {
  const turn = host.engine.input(Input.signIn, 0);
  await host.answer(turn);
  let response: Response;
  let body: Uint8Array | undefined;
  try {
    request.signal.throwIfAborted();
    response = await host.transport(request);
    if (response.ok && isJson(response)) body = await bytesOf(response.clone());
  } catch (error) {
    host.engine.signedIn(turn);
    throw error;
  }
  const rest = host.engine.signedIn(turn, body);
  body?.fill(0);
  if (rest === undefined) return response;
  discard(response.body);
  if (rest.length === 0) throw new TokenKeepError("refresh_malformed");
  const headers = new Headers(response.headers);
  headers.delete("Content-Length");
  headers.delete("Content-Encoding");
  return new Response(rest as Uint8Array<ArrayBuffer>, {
    status: response.status,
    statusText: response.statusText,
    headers,
  });
}

function isJson(response: Response): boolean {
  return /^[^;]*[/+]json\s*(;|$)/i.test(response.headers.get("Content-Type") ?? "");
}
