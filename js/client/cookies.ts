// The cookies of the page that script can read.

import { originOf } from "./addresses.js";
import type { Settings } from "./options.js";

/**
 * The value of a cookie as it is written. `null` where no cookie can be read: there is no document,
 * or it is sandboxed. Of several cookies with one name the most specific is first.
 */
export function cookieNamed(name: string): string | null | undefined {
  try {
    return `; ${document.cookie}`.split(`; ${name}=`)[1]?.split(";")[0];
  } catch {
    return null;
  }
}

/** Reads a cookie as `cookieNamed` does. A worker has to ask a page. */
export type Cookies = (
  name: string,
) => string | null | undefined | Promise<string | null | undefined>;

/**
 * Double submit: sets the header that repeats the value of a cookie. It goes to the page's own
 * origin and to those of the refresh and the logout endpoint.
 */
export function submitTwice(
  { csrf, authority }: Settings,
  request: Request,
  value: string | null | undefined,
): void {
  if (value == null) return;
  if (![globalThis.origin, ...authority].map(originOf).includes(originOf(request.url))) return;
  for (const read of [decodeURIComponent, String]) {
    try {
      return request.headers.set(csrf!.header, read(value));
    } catch {
      // It is not percent-encoded, or no header can carry it.
    }
  }
}
