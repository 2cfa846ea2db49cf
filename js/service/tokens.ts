// What an application gets: the service's own tokens, and those of the users that it acts for.

import { bindsPromisesToRequests } from "../edge/keys/scope.js";
import type { ExecutionContextLike, Verified } from "../edge/result/verified.js";
import { ServiceTokenError } from "./error.js";
import { keeperOf, type Nature, type Party } from "./keeper.js";
import { readOptions, type Settings } from "./options.js";
import { exchange } from "./requests.js";
import type { OnBehalf, ServiceOptions, ServiceTokens } from "./types.js";
import type { User } from "./users.js";

/**
 * Keeps the tokens by which a service calls others: its own, and those that it gets in exchange for
 * its users'. Nothing is asked, measured or drawn by chance before the first call.
 *
 * ```ts
 * const stock = createServiceTokens({
 *   issuer: "https://auth.example.com",
 *   client: { id: "orders", auth: { method: "private_key_jwt", key } },
 *   targets: { "https://stock.example.com": { audience: "stock", scopes: ["stock:read"] } },
 * });
 * const items = await stock.fetch("https://stock.example.com/items");
 * ```
 *
 * @throws {ServiceTokenError} config_invalid
 */
export function createServiceTokens(options: ServiceOptions): ServiceTokens {
  return serviceTokens(readOptions(options), {
    now: () => performance.now(),
    random: Math.random,
  });
}

/** @internal */
export function serviceTokens(settings: Settings, nature: Nature): ServiceTokens {
  const { targets, transport } = settings;
  const keeper = keeperOf(settings, nature);
  const anyone: Party = { context: null, calls: bindsPromisesToRequests() ? null : new Map() };

  /**
   * Who calls within one request. On Workers an `AbortSignal` belongs to the request that made it,
   * and can't be looked at in another one: that shows whether this is still the same.
   */
  const within = (context: ExecutionContextLike): (() => Party) => {
    const { signal } = new AbortController();
    const party: Party = { context, calls: anyone.calls ?? new Map() };
    return () => {
      try {
        if (!signal.aborted) return party;
      } catch {
        // As below.
      }
      throw new ServiceTokenError("closed");
    };
  };

  const callsOf = (partyOf: () => Party, user?: User): OnBehalf => {
    const lend = (origin: string) => keeper.lend(origin, partyOf(), user);
    // The token, whatever its scheme.
    const inbound = user?.authorization?.match(/ \S+$/)?.[0];
    const caller = { lend, transport, inbound };
    return {
      fetch: (input, init) => exchange(caller, input, init),
      async withToken(target, use) {
        return use((await lend(target).take()).token);
      },
    };
  };

  const facesOf = (partyOf: () => Party) => ({
    ...callsOf(partyOf),
    onBehalfOf(request: Request, auth: Verified) {
      return callsOf(partyOf, {
        authorization: request.headers.get("Authorization"),
        claims: auth?.claims,
      });
    },
  });

  return {
    ...facesOf(() => anyone),
    within: (context) => facesOf(within(context)),
    async prime() {
      const ends = targets.map(([origin]) => keeper.lend(origin, anyone).take());
      // One that fails hides none of the others.
      await Promise.allSettled(ends);
      await Promise.all(ends);
    },
    close: keeper.close,
  };
}
