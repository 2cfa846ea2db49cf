// The rule by which a fake keep's requests go out, as the real one's do: with the token, and with
// one refresh and one retry after a refusal.

import { remedyOf } from "../client/challenge.js";
import type { TokenKeepEvents } from "../client/types.js";

/** What the rule needs of a keep. */
export interface Turns {
  /** The token that may go to an address, and its generation. */
  tokenFor(address: string): { readonly token: string; readonly generation: number } | null;
  /** Renews the token, unless it is of a later generation already. Never rejects. */
  renew(generation: number): Promise<void>;
  emit<K extends "step-up" | "rejected-fresh-token">(type: K, event: TokenKeepEvents[K]): void;
}

/** Sends once, or twice; `send` and `refused` are those of `attempt`. */
export async function exchange<T>(
  turns: Turns,
  url: string,
  send: (token: string | null) => T | Promise<T>,
  refused: (outcome: T) => boolean | string,
): Promise<T> {
  const lent = turns.tokenFor(url);
  const first = await send(lent?.token ?? null);
  if (lent === null || !isRenewable(turns, refused(first), url)) return first;
  await turns.renew(lent.generation);
  const renewed = turns.tokenFor(url);
  if (renewed === null || renewed.generation === lent.generation) return first;
  const second = await send(renewed.token);
  if (isRenewable(turns, refused(second), url)) turns.emit("rejected-fresh-token", { url });
  return second;
}

/** Whether a fresh token may help; `told` is what `refused` said. */
function isRenewable(turns: Turns, told: boolean | string, url: string): boolean {
  if (told === false) return false;
  const remedy = remedyOf(told === true ? "" : told);
  if (remedy) turns.emit("step-up", { ...remedy, url });
  return remedy === undefined;
}
