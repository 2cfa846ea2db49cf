// The store that isolates or processes share, for the service's own tokens. It may lag, lie, fail
// or hang: that costs a grant. What is in it is sealed for one issuer, client and target. It is
// loaded for the option `shared` alone.

import { hexDigest } from "../digest.js";
import { withoutDelay } from "../patience.js";
import { Sealing } from "../sealing.js";
import type { Settings, TargetSettings } from "./options.js";

/** A token as it is shared. Moments are epoch milliseconds: another isolate reads them. */
export interface SharedToken {
  readonly token: string;
  readonly obtainedAt: number;
  /** Milliseconds. */
  readonly lifetime: number;
}

export interface SharedTokens {
  /** Null for none that can be used. */
  read(target: TargetSettings): Promise<SharedToken | null>;
  /** Ends when the store has it, or fails to take it. */
  write(target: TargetSettings, token: SharedToken): Promise<void>;
}

/** Characters; a token has at most 65 536. */
const MOST = 131_072;
/** Milliseconds that the store is waited for. */
const PATIENCE = 1_000;
/** The least seconds that Workers KV keeps a value. */
const LEAST_TTL = 60;

/** What a token is for. */
const rowOf = ({ origin, parameters }: TargetSettings) => JSON.stringify([origin, parameters]);

export function sharedTokens(
  { clock, client, issuer, tokenEndpoint }: Settings,
  { store, keys }: NonNullable<Settings["shared"]>,
): SharedTokens {
  const { client_id } = client;
  const sealing = new Sealing(keys, [issuer, tokenEndpoint?.href ?? "", client_id]);
  /** Tells one service's tokens from another's that has the same store. */
  const nameOf = async (target: TargetSettings) =>
    `tokenkeep:service:${await hexDigest(issuer + client_id + rowOf(target))}`;
  return {
    async read(target) {
      const found = await withoutDelay(PATIENCE, async () => store.get(await nameOf(target)));
      if (typeof found !== "string" || found.length > MOST) return null;
      const shared = await sealing.open<SharedToken>(found, "service", rowOf(target));
      if (shared === null) return null;
      const age = clock() - shared.obtainedAt;
      return age >= 0 && age < shared.lifetime ? shared : null;
    },
    async write(target, { token, obtainedAt, lifetime }) {
      await withoutDelay(PATIENCE, async () => {
        const shared = { token, obtainedAt, lifetime };
        const sealed = await sealing.seal(shared, "service", rowOf(target));
        const expirationTtl = Math.max(LEAST_TTL, Math.ceil(lifetime / 1000));
        await store.put(await nameOf(target), sealed, { expirationTtl });
      });
    },
  };
}
