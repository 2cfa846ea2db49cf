// The store that isolates or processes share, for the service's own tokens. It may lag, lie, fail
// or hang: that costs a grant. What is in it is sealed for one issuer, client and target. It is
// loaded for the option `shared` alone.

import { keepAlive } from "../edge/keys/scope.js";
import { hexDigest } from "../shared/digest.js";
import { withoutDelay } from "../shared/patience.js";
import { Sealing } from "../shared/sealing.js";
import { dueAfter, type Entry, type Issued } from "./entry.js";
import type { Party } from "./keeper.js";
import type { Settings, TargetSettings } from "./options.js";

/** Characters; a token has at most 65 536. */
const MOST = 131_072;
/** Milliseconds that the store is waited for. */
const PATIENCE = 1_000;
/** The least seconds that Workers KV keeps a value. */
const LEAST_TTL = 60;

/** What a token is for. */
const rowOf = ({ origin, parameters }: TargetSettings) => JSON.stringify([origin, parameters]);

/** What obtains a token: the store has it, or else `grant` asks for it. */
export function sharing(
  settings: Settings,
  { store, keys }: NonNullable<Settings["shared"]>,
  random: () => number,
) {
  const { clock, client, issuer, tokenEndpoint } = settings;
  const { client_id } = client;
  const sealing = new Sealing(keys, [issuer, tokenEndpoint?.href ?? "", client_id]);
  /** Tells one service's tokens from another's that has the same store. */
  const nameOf = async (target: TargetSettings) =>
    `tokenkeep:service:${await hexDigest(issuer + client_id + rowOf(target))}`;

  /** Null for none that can be used. */
  const read = async (target: TargetSettings) => {
    const found = await withoutDelay(PATIENCE, async () => store.get(await nameOf(target)));
    if (typeof found !== "string" || found.length > MOST) return null;
    return sealing.open<Issued>(found, "service", rowOf(target));
  };

  /** Ends when the store has it, or fails to take it. */
  const write = (target: TargetSettings, issued: Issued) =>
    withoutDelay(PATIENCE, async () => {
      const sealed = await sealing.seal(issued, "service", rowOf(target));
      const expirationTtl = Math.max(LEAST_TTL, Math.ceil(issued.lifetime / 1000));
      await store.put(await nameOf(target), sealed, { expirationTtl });
    });

  return async (
    { kept, target }: Entry,
    { calls, context }: Party,
    grant: () => Promise<Issued>,
  ): Promise<Issued> => {
    const found = await read(target);
    // The store may lag, and have the very token that an API refused.
    if (found && found.obtainedAt > (kept?.obtainedAt ?? 0)) {
      const age = clock() - found.obtainedAt;
      if (age >= 0 && age < dueAfter(found.lifetime, settings, random))
        return { ...found, from: "shared" };
    }
    const issued = await grant();
    const written = write(target, issued);
    await (calls ? keepAlive(context, written) : written);
    return issued;
  };
}
