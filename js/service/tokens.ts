// What an application gets: the service's own tokens, and those of the users that it acts for.

import { promiseScope } from "../edge/keys/scope.js";
import { isPromise } from "../edge/options/own.js";
import type { ExecutionContextLike, Verified } from "../edge/result/verified.js";
import { ServiceTokenError } from "./error.js";
import type { Subject } from "./grants.js";
import { Keeper, type Nature, type Party } from "./keeper.js";
import { readOptions, type Settings, type TargetSettings } from "./options.js";
import { BEARER, type Caller, exchange, type Lender } from "./requests.js";
import type { OnBehalf, ServiceOptions, ServiceTokens } from "./types.js";

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
    random: () => Math.random(),
  });
}

/** @internal */
export function serviceTokens(settings: Settings, nature: Nature): ServiceTokens {
  const keeper = new Keeper(settings, nature);
  const anyone: Party = { context: null, scope: promiseScope(null), lasting: isLasting(null) };
  const onBehalfOf = (party: () => Party) => (request: Request, auth: Verified) =>
    asUser(settings, keeper, party, request, auth);
  return {
    ...callsOf(settings, keeper, () => anyone),
    onBehalfOf: onBehalfOf(() => anyone),
    within(context) {
      const party = partyOf(context);
      return { ...callsOf(settings, keeper, party), onBehalfOf: onBehalfOf(party) };
    },
    async prime() {
      const ends = await Promise.allSettled(
        Array.from(settings.targets.values(), async (target) => {
          const wanted = { target, user: null };
          await keeper.take(await keeper.entryOf(wanted), wanted, anyone);
        }),
      );
      const failed = ends.find((end) => end.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
    close: () => keeper.close(),
  };
}

const isLasting = (context: ExecutionContextLike | null) => promiseScope(context) !== null;

/**
 * Who calls within one request. On Workers an `AbortSignal` belongs to the request that made it,
 * and can't be looked at in another one: that shows whether this is still the same.
 */
function partyOf(context: ExecutionContextLike): () => Party {
  const { signal } = new AbortController();
  const party: Party = { context, scope: promiseScope(null) ?? {}, lasting: isLasting(context) };
  return () => {
    try {
      if (!signal.aborted) return party;
    } catch {
      // As below.
    }
    throw new ServiceTokenError("closed", {
      message: "The request that these service tokens are for is over.",
    });
  };
}

/** `fetch` and `withToken` of one caller, for a user or for the service itself. */
function callsOf(
  settings: Settings,
  keeper: Keeper,
  partyOf: () => Party,
  userFor: (target: TargetSettings) => Subject | null = () => null,
  inbound?: string,
): OnBehalf {
  const at = (origin: string): Lender => {
    const target = settings.targets.get(origin);
    if (target === undefined) throw new ServiceTokenError("origin_not_listed");
    const wanted = { target, user: userFor(target) };
    const party = partyOf();
    return {
      take() {
        const entry = keeper.entryOf(wanted);
        return isPromise(entry)
          ? entry.then((found) => keeper.take(found, wanted, party))
          : keeper.take(entry, wanted, party);
      },
      renewed: async (refused) =>
        keeper.renewed(await keeper.entryOf(wanted), wanted, party, refused),
      rejected: (refused) => keeper.rejected(wanted, refused),
    };
  };
  const caller: Caller = { at, transport: settings.transport, inbound };
  return {
    fetch: (input, init) => exchange(caller, input, init),
    async withToken(target, use) {
      return use((await at(target).take()).token);
    },
  };
}

function asUser(
  settings: Settings,
  keeper: Keeper,
  party: () => Party,
  request: Request,
  auth: Verified,
): OnBehalf {
  const token = BEARER.exec(request.headers.get("Authorization") ?? "")?.[1];
  const claims = auth?.claims;
  const userFor = ({ user }: TargetSettings): Subject => {
    if (user === "refuse") throw new ServiceTokenError("user_refused");
    if (token === undefined || claims === undefined) throw new ServiceTokenError("subject_missing");
    if (claims.exp !== undefined && settings.clock() >= claims.exp * 1000)
      throw new ServiceTokenError("subject_expired");
    return { token, claims };
  };
  return callsOf(settings, keeper, party, userFor, token);
}
