// Sends the application's sign-in request while no refresh can run in any tab, and takes the token
// out of the reply.

import { discard } from "../shared/body.js";
import { bytesOf, isLabelled, sentAtOf } from "./authority.js";
import { TokenKeepError } from "./error.js";
import type { Host } from "./host.js";

/**
 * Sends `request` when its turn has come, and resolves to the reply without the token. `twice`: it
 * can be sent once more, with a better proof.
 */
export async function signIn(host: Host, request: Request, twice: boolean): Promise<Response> {
  const turn = host.engine.input("sign-in", 0);
  await host.settled(turn);
  let response: Response;
  let sentAt: number | undefined;
  // What of the reply may be JSON.
  let body: Uint8Array | undefined = new Uint8Array();
  try {
    request.signal.throwIfAborted();
    response = (await host.call(request, twice)).received;
    if (response.ok) {
      if (isLabelled(response) || (await beginsAsObject(response.clone())))
        body = await bytesOf(response.clone());
      sentAt = sentAtOf(response);
    }
  } catch (error) {
    host.engine.signedIn(turn);
    throw error;
  }
  const header = host.tokenIn(response.headers);
  const rest = host.handIn(body, (engine) => {
    const left = engine.signedIn(turn, sentAt, header, body);
    if (left === undefined && LIKE_TOKEN.test(new TextDecoder().decode(body)))
      host.advise("sign-in-without-token", request.url, response.status);
    return left;
  });
  if (rest === undefined && !header?.length) return response;
  const headers = host.withoutToken(response.headers);
  if (rest !== undefined) {
    discard(response.body);
    if (rest.length === 0) throw new TokenKeepError("refresh_malformed");
    headers.delete("Content-Length");
    headers.delete("Content-Encoding");
  }
  // A 204 has a stream in Chromium, and a `Response` of that status may have none.
  const untouched = response.status === 204 ? null : response.body;
  return new Response((rest as Uint8Array<ArrayBuffer> | undefined) ?? untouched, {
    status: response.status,
    statusText: response.statusText,
    headers,
  });
}

/** The beginning of a JWT, or the usual names of a token at any depth. */
const LIKE_TOKEN = /"(eyJ|token"|access_?token")/i;

/**
 * Whether the first character of ASCII that can be seen is that of a JSON object: whatever it is
 * labelled as, the application may read it as one. White space, a byte order mark and the zeros of
 * UTF-16 may go before it. Reads no further.
 */
async function beginsAsObject(response: Response): Promise<boolean> {
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = (await reader?.read())?.value;
    const first = chunk?.find((byte) => byte > 0x20 && byte < 0x7f);
    if (chunk !== undefined && first === undefined) continue;
    discard(reader);
    return first === 0x7b;
  }
}
