// Signing in: the application's own request, sent while no refresh can run in any tab, and the token taken out of its reply.

import type { Body } from "../../build/client/client.js";
import { discard } from "./authority.js";
import { TokenKeepError } from "./error.js";
import type { Host } from "./host.js";

/** Sends `request` when its turn has come, and resolves to the reply without the token. */
export async function signIn(host: Host, request: Request): Promise<Response> {
  const turn = host.engine.signIn();
  await host.answer(turn);
  let response: Response;
  let body: Body | undefined;
  try {
    request.signal.throwIfAborted();
    response = await host.transport(request);
    if (response.ok && isJson(response)) body = await host.read(response.clone());
  } catch (error) {
    host.engine.signedIn(turn);
    throw error;
  }
  const rest = host.engine.signedIn(turn, body);
  if (rest === undefined) return response;
  discard(response.body);
  if (rest.length === 0) throw new TokenKeepError("refresh_malformed");
  const headers = new Headers(response.headers);
  headers.delete("Content-Length");
  headers.delete("Content-Encoding");
  return new Response(rest as Uint8Array<ArrayBuffer>, { status: response.status, statusText: response.statusText, headers });
}

function isJson(response: Response): boolean {
  return /^[^;]*[/+]json\s*(;|$)/i.test(response.headers.get("Content-Type") ?? "");
}
