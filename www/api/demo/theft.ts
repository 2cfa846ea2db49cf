// A log that says too much, and a thief who reads it. The log has the headers of the last call with
// each token. The thief sends the token again: alone, with a proof by a key of the thief's own, and
// with the very proof of the call.

import { generateKeyPair, generateProof } from "dpop";

/** A call as the log has it. */
interface Line {
  readonly url: string;
  readonly headers: Headers;
}

/** What the thief sends beside the token. */
export type Loot = "nothing" | "own-proof" | "copied-proof";

/** One try of the thief, and the API's answer. */
export interface Attempt {
  readonly with: Loot;
  readonly status: number;
  readonly challenge: string | null;
  /** Whom the API took the thief for. */
  readonly name: string | null;
}

const lines = new Map<string, Line>();
const MOST_LINES = 1000;

/** The token of a request, under either scheme. */
export function tokenIn({ headers }: Request): string | null {
  const header = headers.get("Authorization") ?? "";
  return /^(?:Bearer|DPoP) +([\w.~+/-]+=*)$/i.exec(header)?.[1] ?? null;
}

/** Writes the headers of a call into the log. */
export function log({ url, headers }: Request, token: string): void {
  lines.delete(token);
  lines.set(token, { url, headers: new Headers(headers) });
  const oldest = lines.keys().next();
  if (lines.size > MOST_LINES && !oldest.done) lines.delete(oldest.value);
}

/** What the thief gets with the line of this token. Null if there is none. */
export async function steal(
  token: string,
  call: (request: Request) => Response | Promise<Response>,
): Promise<readonly Attempt[] | null> {
  const line = lines.get(token);
  if (line === undefined) return null;
  const send = async (loot: Loot, headers: Record<string, string>): Promise<Attempt> =>
    attemptOf(loot, await call(new Request(line.url, { headers })));

  const alone = await send("nothing", { Authorization: `Bearer ${token}` });
  const copied = line.headers.get("DPoP");
  if (copied === null) return [alone];
  const headers = { Authorization: `DPoP ${token}` };
  // A nonce is for anybody: the thief takes that of the copied proof.
  const ownProof = await generateProof(
    await generateKeyPair("ES256"),
    line.url,
    "GET",
    nonceOf(copied),
    token,
  );
  return [
    alone,
    await send("own-proof", { ...headers, DPoP: ownProof }),
    await send("copied-proof", { ...headers, DPoP: copied }),
  ];
}

async function attemptOf(loot: Loot, answer: Response): Promise<Attempt> {
  const { name = null } = (await answer.json()) as { name?: string };
  const { status } = answer;
  return { with: loot, status, challenge: answer.headers.get("WWW-Authenticate"), name };
}

function nonceOf(proof: string): string | undefined {
  const payload = proof.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
  return (JSON.parse(atob(payload)) as { nonce?: string }).nonce;
}
