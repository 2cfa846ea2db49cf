import type { Locator, Means } from "../edge/keys/locator.js";
import type { KeyLocator } from "../edge/options/types.js";
import { given } from "../shared/given.js";
import { setOf } from "./pem.js";

/**
 * Keys in PEM at one address: a JSON object that has a certificate or a public key, RSA or EC, for
 * each `kid`. Google publishes those of Firebase in this form.
 */
export function pemMap(url: string | URL): KeyLocator {
  const of = given(() => String(url)) ?? "";
  const open = ({ keysAt }: Means) =>
    keysAt(of, {
      decode: async (text) => setOf(Object.entries<string>(JSON.parse(text))),
    });
  return { kind: "pemMap", of, open } as Locator;
}
