// The rows about logout: it ends the session for good, on the server and in the browser.

import type { Answer } from "../backend.ts";
import {
  described,
  fail,
  given,
  granted,
  pass,
  quoted,
  type Row,
  type Verdict,
} from "../verdict.ts";
import { isGranted, type Observed, type Step } from "../visit.ts";
import { endsSession } from "./reply.ts";

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** A browser deletes the cookie only if name, path and domain are those that it was set with. */
function judgeDeletion(seen: Observed, answer: Answer): Verdict {
  const deletion = answer.cookies.findLast(({ name }) => name === seen.cookieName);
  if (deletion === undefined) return fail("no Set-Cookie");
  if (!deletion.deletes) return fail("Set-Cookie without an end in the past");
  if (!deletion.secure && /^__(Secure|Host)-/i.test(deletion.name))
    return fail("no Secure, without which the prefix makes browsers ignore it");
  const set = seen.backend.answers
    .flatMap(({ cookies }) => cookies)
    .find(({ name, deletes }) => name === seen.cookieName && !deletes);
  if (set !== undefined && set.path !== deletion.path)
    return fail(`Path=${quoted(deletion.path)}, set with Path=${quoted(set.path)}`);
  if (set !== undefined && set.domain !== deletion.domain)
    return fail(`Domain=${quoted(deletion.domain)}, set with Domain=${quoted(set.domain)}`);
  return pass("deleted");
}

/** Judges a refresh with a cookie of the session that was ended. */
function isDead(seen: Observed, step: Step): Verdict {
  return granted(seen, () =>
    given(step, (answer) => (isGranted(answer) ? fail("granted") : endsSession(answer))),
  );
}

export const logoutRows: readonly Row[] = [
  {
    id: "logout.status",
    expected: "a logout is answered with 2xx",
    why: "server contract, Logout: tokenkeep reports anything else as a logout that failed",
    judge: ({ logout }) =>
      given(logout, (answer) =>
        isSuccess(answer) ? pass(`${answer.status}`) : fail(described(answer)),
      ),
  },
  {
    id: "logout.deletes-cookie",
    expected: "it deletes the cookie, with the path and domain that it was set with",
    why: "server contract, Logout; RFC 6265 section 5.3: otherwise the cookie stays in the browser",
    judge: (seen) => given(seen.logout, (answer) => judgeDeletion(seen, answer)),
  },
  {
    id: "logout.final",
    expected: "the session's cookie is refused afterwards",
    why: "server contract, Logout: a copy of the cookie would outlive the session",
    judge: (seen) => isDead(seen, seen.afterLogout),
  },
  {
    id: "logout.final-predecessor",
    expected: "its predecessor is refused afterwards, grace window or not",
    why: "server contract, Logout: revoke by the session, not by the one refresh token",
    judge: (seen) => isDead(seen, seen.predecessorAfterLogout),
  },
  {
    id: "logout.no-session",
    expected: "without a session it is answered with 2xx or 401",
    why: "server contract, Logout: the session may have ended a moment before; that is no failure",
    judge: ({ logoutWithoutCookie }) =>
      given(logoutWithoutCookie, (answer) =>
        isSuccess(answer) || answer.status === 401
          ? pass(`${answer.status}`)
          : fail(described(answer)),
      ),
  },
];
