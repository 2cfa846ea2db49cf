// The store that isolates or processes share, for the service's own tokens. It may lag, lie, fail
// or hang: that costs a grant. What is in it is sealed by AES-256-GCM for one issuer, client and
// target, under a key that HKDF (RFC 5869) derives.

import type { Settings, TargetSettings } from "./options.js";

/** A token as it is shared. Moments are epoch milliseconds: another isolate reads them. */
export interface SharedToken {
  readonly token: string;
  readonly obtainedAt: number;
  /** Milliseconds. */
  readonly lifetime: number;
}

const VERSION = "1.";
const IV_BYTES = 12;
/** Characters; a token has at most 65 536. */
const MOST = 131_072;
/** Milliseconds that the store is waited for. */
const PATIENCE = 1_000;
/** The least seconds that Workers KV keeps a value. */
const LEAST_TTL = 60;

const encode = (text: string) => new TextEncoder().encode(text);

export class SharedTokens {
  readonly #settings: Settings;
  /** Keys and no promises of them, by the place of the secret. */
  readonly #keys: CryptoKey[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Null for none that can be used. */
  async read(target: TargetSettings): Promise<SharedToken | null> {
    const { shared, clock } = this.#settings;
    if (shared === undefined) return null;
    const found = await within(async () => shared.store.get(await this.#nameOf(target)));
    if (typeof found !== "string" || found.length > MOST || !found.startsWith(VERSION)) return null;
    try {
      const text = await this.#open(found.slice(VERSION.length), this.#boundTo(target));
      const { token, obtainedAt, lifetime } = JSON.parse(text) as SharedToken;
      const age = clock() - obtainedAt;
      return age >= 0 && age < lifetime ? { token, obtainedAt, lifetime } : null;
    } catch {
      return null;
    }
  }

  /** Ends when the store has it, or fails to take it. */
  async write(target: TargetSettings, { token, obtainedAt, lifetime }: SharedToken): Promise<void> {
    const { shared } = this.#settings;
    if (shared === undefined) return;
    const text = JSON.stringify({ token, obtainedAt, lifetime });
    await within(async () => {
      const sealed = VERSION + (await this.#seal(text, this.#boundTo(target)));
      const expirationTtl = Math.max(LEAST_TTL, Math.ceil(lifetime / 1000));
      await shared.store.put(await this.#nameOf(target), sealed, { expirationTtl });
    });
  }

  /** Whose token it is, and what for. */
  #boundTo({ origin, parameters }: TargetSettings): string {
    const { issuer, tokenEndpoint, client } = this.#settings;
    return JSON.stringify([issuer, tokenEndpoint, client.client_id, origin, parameters]);
  }

  async #nameOf(target: TargetSettings): Promise<string> {
    return `tokenkeep:service:${await digestOf(this.#boundTo(target))}`;
  }

  async #seal(text: string, bound: string): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: encode(bound) },
      await this.#key(0),
      encode(text),
    );
    let bytes = "";
    for (const byte of [...iv, ...new Uint8Array(sealed)]) bytes += String.fromCharCode(byte);
    return btoa(bytes);
  }

  /** @throws for what none of the keys sealed for this */
  async #open(sealed: string, bound: string): Promise<string> {
    const bytes = Uint8Array.from(atob(sealed), (char) => char.charCodeAt(0));
    const iv = bytes.subarray(0, IV_BYTES);
    for (const place of this.#settings.shared?.keys.keys() ?? [])
      try {
        const opened = await crypto.subtle.decrypt(
          { name: "AES-GCM", iv, additionalData: encode(bound) },
          await this.#key(place),
          bytes.subarray(IV_BYTES),
        );
        return new TextDecoder().decode(opened);
      } catch {
        // Perhaps another key sealed it.
      }
    throw new Error("It was not sealed for this.");
  }

  async #key(place: number): Promise<CryptoKey> {
    const secret = this.#settings.shared?.keys[place] as Uint8Array<ArrayBuffer>;
    return (this.#keys[place] ??= await crypto.subtle.deriveKey(
      {
        name: "HKDF",
        hash: "SHA-256",
        salt: new Uint8Array(),
        info: encode("tokenkeep service token"),
      },
      await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]),
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    ));
  }
}

/** SHA-256 in hexadecimal digits. */
export async function digestOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", encode(text));
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
