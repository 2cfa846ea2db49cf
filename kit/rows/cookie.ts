// The rows about the refresh cookie's attributes, as it was set at sign-in and at each refresh.

import { covers, type SetCookie } from "../cookies.ts";
import {
  all,
  fail,
  isMade,
  notChecked,
  pass,
  quoted,
  type Row,
  type Verdict,
  warn,
} from "../verdict.ts";
import type { Observed } from "../visit.ts";

/** Judges every setting of the refresh cookie that the visit saw in a granted answer. */
function eachSetting(seen: Observed, judge: (cookie: SetCookie) => Verdict): Verdict {
  const verdicts = [seen.signIn, seen.refresh].filter(isMade).flatMap(({ to, cookies }) =>
    cookies
      .filter(({ name, deletes }) => name === seen.cookieName && !deletes)
      .map((cookie): Verdict => {
        const { result, came } = judge(cookie);
        return { result, came: result === "pass" ? came : `${came}, at ${to}` };
      }),
  );
  return verdicts.length === 0 ? notChecked("no answer set the cookie") : all(verdicts);
}

function judgeSameSite({ sameSite }: SetCookie): Verdict {
  const value = sameSite?.toLowerCase();
  if (value === "strict") return pass("SameSite=Strict");
  return value === "lax"
    ? warn("SameSite=Lax")
    : fail(sameSite === null ? "no SameSite" : `SameSite=${quoted(sameSite)}`);
}

function judgePath(seen: Observed, { name, path }: SetCookie): Verdict {
  const { refresh, logout } = seen.backend.target;
  const came = `Path=${quoted(path)}`;
  if (!covers(path, refresh)) return fail(`${came}, which leaves out the refresh`);
  if (!covers(path, logout)) return fail(`${came}, which leaves out the logout`);
  if (path !== "/") return pass(came);
  return name.startsWith("__Host-") ? pass(`${came}, as the prefix __Host- demands`) : fail(came);
}

export const cookieRows: readonly Row[] = [
  {
    id: "cookie.http-only",
    expected: "the cookie is HttpOnly",
    why: "RFC 10017 section 6.1.3.2: a script that gets into the page could read the refresh token",
    judge: (seen) =>
      eachSetting(seen, ({ httpOnly }) => (httpOnly ? pass("HttpOnly") : fail("no HttpOnly"))),
  },
  {
    id: "cookie.secure",
    expected: "the cookie is Secure",
    why:
      "RFC 10017 section 6.1.3.2: one plain http request would show the refresh token to " +
      "the network",
    judge: (seen) =>
      eachSetting(seen, ({ secure }) => (secure ? pass("Secure") : fail("no Secure"))),
  },
  {
    id: "cookie.same-site",
    expected: "the cookie is SameSite=Strict",
    why:
      "RFC 10017 section 6.1.3.2: with None it travels with calls that other sites make; " +
      "Lax lets links carry it",
    judge: (seen) => eachSetting(seen, judgeSameSite),
  },
  {
    id: "cookie.path",
    expected:
      "the cookie's path covers refresh and logout and not the whole host (unless its name " +
      "begins with __Host-)",
    why: "server contract, Refresh, 5: what never gets the refresh token can't log it or lose it",
    judge: (seen) => eachSetting(seen, (cookie) => judgePath(seen, cookie)),
  },
  {
    id: "cookie.no-domain",
    expected: "the cookie has no Domain",
    why:
      "RFC 10017 section 6.1.3.2: with it every subdomain gets the refresh token, a " +
      "forgotten one too",
    judge: (seen) =>
      eachSetting(seen, ({ domain }) =>
        domain === null ? pass("no Domain") : fail(`Domain=${quoted(domain)}`),
      ),
  },
];
