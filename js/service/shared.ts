// The store that isolates or processes share, for the service's own tokens. It may lag, lie, fail
// or hang: that costs a grant. What is in it is sealed for one issuer, client and target.

import { Sealing } from "../sealing.js";
import type { Settings, TargetSettings } from "./options.js";

/** A token as it is shared. Moments are epoch milliseconds: another isolate reads them. */
export interface SharedToken {
  readonly token: string;
  readonly obtainedAt: number;
  /** Milliseconds. */
  readonly lifetime: number;
}

/** Characters; a token has at most 65 536. */
const MOST = 131_072;
/** Milliseconds that the store is waited for. */
const PATIENCE = 1_000;
/** The least seconds that Workers KV keeps a value. */
const LEAST_TTL = 60;

export class SharedTokens {
  readonly #settings: Settings;
  readonly #sealing: Sealing;

  constructor(settings: Settings) {
    const { issuer, tokenEndpoint, client, shared } = settings;
    this.#settings = settings;
    this.#sealing = new Sealing(shared?.keys ?? [], [
      issuer,
      tokenEndpoint ?? "",
      client.client_id,
    ]);
  }

  /** Null for none that can be used. */
  async read(target: TargetSettings): Promise<SharedToken | null> {
    const { shared, clock } = this.#settings;
    if (shared === undefined) return null;
    const found = await within(async () => shared.store.get(await this.#nameOf(target)));
    if (typeof found !== "string" || found.length > MOST) return null;
    const text = await this.#sealing.open(found, "service", rowOf(target));
    if (text === null) return null;
    const { token, obtainedAt, lifetime } = JSON.parse(text) as SharedToken;
    const age = clock() - obtainedAt;
    return age >= 0 && age < lifetime ? { token, obtainedAt, lifetime } : null;
  }

  /** Ends when the store has it, or fails to take it. */
  async write(target: TargetSettings, { token, obtainedAt, lifetime }: SharedToken): Promise<void> {
    const { shared } = this.#settings;
    if (shared === undefined) return;
    const text = JSON.stringify({ token, obtainedAt, lifetime });
    await within(async () => {
      const sealed = await this.#sealing.seal(text, "service", rowOf(target));
      const expirationTtl = Math.max(LEAST_TTL, Math.ceil(lifetime / 1000));
      await shared.store.put(await this.#nameOf(target), sealed, { expirationTtl });
    });
  }

  /** Tells one service's tokens from another's that has the same store. */
  async #nameOf(target: TargetSettings): Promise<string> {
    const { issuer, client } = this.#settings;
    return `tokenkeep:service:${await digestOf(issuer + client.client_id + rowOf(target))}`;
  }
}

/** What a token is for. */
const rowOf = ({ origin, parameters }: TargetSettings) => JSON.stringify([origin, parameters]);

/** SHA-256 in hexadecimal digits. */
export async function digestOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What the store gives; null when it fails or is late. */
async function within<T>(ask: () => Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, null);
  });
  try {
    return await Promise.race([ask(), tooLate]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
