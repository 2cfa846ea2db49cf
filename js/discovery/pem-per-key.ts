// Nobody can list keys that each have an address, and tokens may name any kid. So the fetches for
// those that nobody knows are counted all together.

import type { KeyFinder } from "../edge/keys/key-sets.js";
import type { Locator, Means } from "../edge/keys/locator.js";
import type { KeyLocator } from "../edge/options/types.js";
import { given } from "../shared/given.js";
import { setOf } from "./pem.js";

/** Fetches in a cooldown for kids without a key, and how many of these kids are remembered. */
const MOST_TRIES = 10;
/** How many kids with a key are remembered. */
const MOST_KNOWN = 100;

/**
 * Keys in PEM, each at an address of its own: `<base>/<kid>`. AWS load balancers publish theirs in
 * this form. A `kid` is 1 to 128 characters of `A–Z a–z 0–9 _ -`. In a cooldown there are at most
 * ten fetches for kids that nobody knows, whatever is sent. An address that answers 404, 410 or 403
 * has no key: S3 says 403.
 */
export function pemPerKey(base: string | URL): KeyLocator {
  const kind = "pemPerKey";
  const of = given(() => String(base).replace(/\/?$/, "/")) ?? "";
  const open = (means: Means): KeyFinder => {
    const { jwks, keysAt, LeastRecent, now, VerifyError } = means;
    const name = kind + means.addressOf(of);
    const kids = means.shared(name, () => ({
      known: new LeastRecent(MOST_KNOWN),
      tried: new LeastRecent(MOST_TRIES),
      /** When the last fetches for kids without a key began. */
      tries: [] as readonly number[],
    }));
    const { known, tried } = kids;
    const triesOf = (moment: number) => {
      const tries = kids.tries.filter((one) => Math.abs(moment - one) < jwks.cooldown);
      if (tries.length >= MOST_TRIES) throw new VerifyError("jwks.unreachable");
      return tries;
    };
    return {
      async find(alg, kid, call) {
        if (!/^[\w-]{1,128}$/.test(kid ?? "")) throw new VerifyError("key.unknown");
        const own = name + kid;
        const remotes = known.has(own) ? known : tried;
        if (!remotes.has(own)) triesOf(call.now);
        const decode = async (text: string) => setOf([[kid as string, text]]);
        const fetch = (uri: string, init: RequestInit) => {
          if (!known.has(own)) kids.tries = [...triesOf(now()), now()];
          return jwks.fetch(uri, init);
        };
        const otherwise = { decode, fetch, mayBeAbsent: true };
        const keys = keysAt(of + kid, otherwise, remotes);
        const found = await keys.find(alg, kid, call);
        known.get(own, () => keys.shared);
        return found;
      },
    };
  };
  return { kind, of, open } as Locator;
}
