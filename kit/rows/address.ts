// The rows about where the backend is: over https, and on the page's site.

import { fail, pass, type Row, type Verdict } from "../verdict.ts";
import type { Observed } from "../visit.ts";

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\./.test(hostname)
  );
}

function judgeScheme({ backend: { target } }: Observed): Verdict {
  if (target.base.protocol === "https:") return pass("https");
  return isLoopback(target.base.hostname) ? pass("http on this machine") : fail("http");
}

/** Fails for what is certainly two sites. Only the public suffix list knows the others. */
function judgeSite({ backend: { target } }: Observed): Verdict {
  const page = new URL(target.origin);
  const { hostname: own, protocol } = target.refresh;
  if (page.protocol !== protocol)
    return fail(
      `a page over ${page.protocol.slice(0, -1)}, a backend over ${protocol.slice(0, -1)}`,
    );
  if (page.hostname === own) return pass("one host");
  const end = own.split(".").slice(-2).join(".");
  const isSame =
    !isAddress(own) && own.includes(".") && page.hostname.split(".").slice(-2).join(".") === end;
  return isSame ? pass(`both end in ${end}`) : fail("two sites");
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

export const addressRows: readonly Row[] = [
  {
    id: "address.https",
    expected: "the backend is reached over https (or on this machine)",
    why: "RFC 6750 section 5.3: tokens and cookies would cross the network in the clear",
    judge: judgeScheme,
  },
  {
    id: "address.same-site",
    expected: "page and backend are of one site",
    why: "server contract, Refresh: browsers send a SameSite cookie to no other",
    judge: judgeSite,
  },
];
