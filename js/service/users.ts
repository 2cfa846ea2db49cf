// The tokens of users: an exchange (RFC 8693), or the grant that a target describes, and which of
// them are remembered. It is loaded when a service first acts for a user.

import type { Claims } from "../edge/result/verified.js";
import type { EndpointFailure } from "../oauth/ask.js";
import { hexDigest } from "../shared/digest.js";
import { type Entry, type Issued, newEntry } from "./entry.js";
import type { ServiceTokenError } from "./error.js";
import type { Answer, Ask, Asked } from "./grants.js";
import type { Party, Wish } from "./keeper.js";
import type { Parameters, Settings, TargetSettings } from "./options.js";
import { AUTHENTICATES } from "./reserved.js";

const TYPES = "urn:ietf:params:oauth:token-type:";
const ACCESS_TOKEN = `${TYPES}access_token`;
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** For whom a service acts, as far as that is known. */
export interface User {
  /** The header of his request. */
  readonly authorization: string | null;
  readonly claims: Claims | undefined;
}

/**
 * RFC 6750 section 2.1, and RFC 9449 section 7.1 for a token that is bound to a key. The platform
 * joins two headers by a comma, which no token has.
 */
const BEARER = /^(?:bearer|dpop) +([\w.~+/-]+=*)$/i;

type Describe = Exclude<TargetSettings["user"], string>;
type Subject = { readonly token: string; readonly claims: Claims };

/** How often, at most, the entries are searched for tokens that have expired. */
const SWEEP = 1_000;

export type Users = ReturnType<typeof usersOf>;

/**
 * @param take gives a token: the service's own may go along with an exchange
 * @param Failure the class of the bundle that has loaded this one
 */
export function usersOf(
  { clock, size }: Settings,
  now: () => number,
  ask: Ask,
  take: (wish: Wish, party: Party) => Issued | Promise<Issued>,
  Failure: typeof ServiceTokenError,
) {
  /** By a digest of origin and user's token, the least recently used first. */
  const entries = new Map<string, Entry>();
  let sweptAt = -Infinity;

  const makeRoom = () => {
    const moment = now();
    if (moment - sweptAt >= SWEEP) {
      sweptAt = moment;
      for (const [name, { kept }] of entries)
        if (kept !== null && moment - kept.receivedAt >= kept.lifetime) entries.delete(name);
    }
    for (const name of entries.keys()) if (entries.size >= size) entries.delete(name);
  };

  /** What is asked of an exchange. */
  const exchangeOf = async (own: Wish, token: string, party: Party): Promise<Asked> => {
    const { actor, parameters, scopes } = own.entry.target;
    const asked: Parameters[number][] = [
      ["subject_token", token],
      ["subject_token_type", ACCESS_TOKEN],
      ["requested_token_type", ACCESS_TOKEN],
      ...parameters,
    ];
    if (actor) {
      const { token } = await take(own, party);
      asked.push(["actor_token", token], ["actor_token_type", ACCESS_TOKEN]);
    }
    const judge = ({ issued_token_type: issued, scope = "" }: Answer) => {
      if (issued !== ACCESS_TOKEN && issued !== `${TYPES}jwt`) throw new Failure("token_malformed");
      const granted: readonly string[] = String(scope).match(/\S+/g) ?? [];
      if (granted.some((one) => !scopes.includes(one))) throw new Failure("exchange_widened");
    };
    return [EXCHANGE, asked, judge];
  };

  /** What is asked by the grant that the target describes. */
  const grantOf = (describe: Describe, subject: Subject): Asked => {
    const { grantType, parameters } = describe(subject);
    const asked = Object.entries(parameters);
    if (typeof grantType !== "string" || asked.some(([name]) => AUTHENTICATES.test(name)))
      throw new Failure("config_invalid", {}, "`user` must describe a grant alone.");
    return [grantType, asked];
  };

  /** @param own what the service itself wants there */
  return async (own: Wish, { authorization, claims }: User): Promise<Wish> => {
    const { target } = own.entry;
    const { origin, user } = target;
    if (user === "refuse") throw new Failure("user_refused");
    const [, token] = BEARER.exec(authorization ?? "") ?? [];
    if (!token || !claims) throw new Failure("subject_missing");
    const { exp = Infinity, sub } = claims;
    const until = exp * 1000;
    if (clock() >= until) throw new Failure("subject_expired");
    // The whole token: two of one user may differ in what they allow.
    const name = await hexDigest(origin + token);
    const subject = sub === undefined ? null : (await hexDigest(sub)).slice(0, 16);
    const entry = entries.get(name) ?? newEntry(target, "exchange_refused", subject);
    entries.delete(name);
    if (entries.size >= size) makeRoom();
    entries.set(name, entry);
    return {
      entry,
      async obtain(party) {
        const asked =
          user === "exchange"
            ? await exchangeOf(own, token, party)
            : grantOf(user, { token, claims });
        try {
          const { lifetime, ...issued } = await ask(...asked);
          // No token outlives the one that it was exchanged for.
          return { ...issued, lifetime: Math.min(lifetime, until - issued.obtainedAt) };
        } catch (failure) {
          // Nothing but another token of the user mends these.
          const { error } = failure as EndpointFailure;
          if (error && /^invalid_(grant|request)$/.test(error)) entry.refusedFor = Infinity;
          throw failure;
        }
      },
    };
  };
}
