// The rows about who may call. Forged calls are refused before they touch the session. CORS lets
// the page's own origin in.

import type { Answer } from "../backend.ts";
import {
  all,
  described,
  fail,
  given,
  granted,
  isMade,
  notChecked,
  pass,
  quoted,
  type Row,
  type Verdict,
  warn,
} from "../verdict.ts";
import { FOREIGN_ORIGIN, type Observed, type Step } from "../visit.ts";

const CSRF = "RFC 10017 section 6.1.3.3: another site could send this in the user's name";

/** A refusal is a 4xx that leaves the session unchanged. */
function refused(seen: Observed, step: Step): Verdict {
  // A refusal shows nothing where no refresh succeeds.
  return granted(seen, () =>
    given(step, (answer) => {
      if (answer.cookies.some(({ name }) => name === seen.cookieName))
        return fail(`${answer.status}, and it set the cookie`);
      return answer.status >= 400 && answer.status < 500
        ? pass(`${answer.status}`)
        : fail(described(answer));
    }),
  );
}

function isCrossOrigin({ backend: { target } }: Observed): boolean {
  return target.origin !== target.refresh.origin;
}

/** Judges CORS headers if the page has another origin than the backend. */
function crossOrigin(seen: Observed, step: Step, judge: (answer: Answer) => Verdict): Verdict {
  if (!isCrossOrigin(seen))
    return notChecked(
      "the page has the backend's own origin: say with --origin if it has another one",
    );
  return given(step, judge);
}

/** With credentials a browser wants the exact origin rather than a star. */
function letsPageIn(seen: Observed, answer: Answer): Verdict {
  const { origin } = seen.backend.target;
  const allowed = answer.headers.get("Access-Control-Allow-Origin");
  if (allowed !== origin) return fail(`Access-Control-Allow-Origin: ${quoted(allowed)}`);
  const credentials = answer.headers.get("Access-Control-Allow-Credentials");
  return credentials === "true"
    ? pass("the exact origin, with credentials")
    : fail(`Access-Control-Allow-Credentials: ${quoted(credentials)}`);
}

function listOf(answer: Answer, header: string): readonly string[] {
  return (answer.headers.get(header) ?? "").split(",").map((name) => name.trim().toLowerCase());
}

function judgePreflight(seen: Observed, answer: Answer): Verdict {
  const [name] = seen.backend.target.csrf;
  if (answer.status < 200 || answer.status > 299) return fail(described(answer));
  if (!listOf(answer, "Access-Control-Allow-Headers").includes(name.toLowerCase())) {
    return fail(
      `Access-Control-Allow-Headers: ${quoted(answer.headers.get("Access-Control-Allow-Headers"))}`,
    );
  }
  return letsPageIn(seen, answer);
}

function judgeExposed(answer: Answer): Verdict {
  const exposed = listOf(answer, "Access-Control-Expose-Headers");
  if (!exposed.includes("retry-after"))
    return fail(
      `Access-Control-Expose-Headers: ` +
        `${quoted(answer.headers.get("Access-Control-Expose-Headers"))}`,
    );
  return exposed.includes("date") ? pass("Retry-After and Date") : warn("Retry-After, not Date");
}

function judgeForeign(seen: Observed): Verdict {
  const answers = [seen.foreignPreflight, seen.forgedRefresh.foreign].filter(isMade);
  return all(
    answers.map(({ headers }) =>
      headers.get("Access-Control-Allow-Origin") === FOREIGN_ORIGIN
        ? fail("Access-Control-Allow-Origin with its name")
        : pass("no leave to read"),
    ),
  );
}

export const callerRows: readonly Row[] = [
  {
    id: "csrf.refresh",
    expected: "a refresh without the CSRF header is refused, the cookie untouched",
    why: `${CSRF}, and tokens would rotate away under the page`,
    judge: (seen) => refused(seen, seen.forgedRefresh.withoutHeader),
  },
  {
    id: "csrf.logout",
    expected: "a logout without the CSRF header is refused, the cookie untouched",
    why: `${CSRF} and sign the user out`,
    judge: (seen) => refused(seen, seen.forgedLogout.withoutHeader),
  },
  {
    id: "origin.refresh",
    expected: "a refresh from a foreign origin is refused, the cookie untouched",
    why: "server contract, Refresh, 1: SameSite doesn't keep a sibling subdomain out",
    judge: (seen) => refused(seen, seen.forgedRefresh.foreign),
  },
  {
    id: "origin.logout",
    expected: "a logout from a foreign origin is refused, the cookie untouched",
    why: "server contract, Refresh, 1: SameSite doesn't keep a sibling subdomain out",
    judge: (seen) => refused(seen, seen.forgedLogout.foreign),
  },
  {
    id: "method.refresh",
    expected: "GET doesn't refresh: it is refused, the cookie untouched",
    why: "RFC 9110 section 9.2.1: a GET has to be safe; links, images and prefetching send it",
    judge: (seen) => refused(seen, seen.forgedRefresh.asGet),
  },
  {
    id: "method.logout",
    expected: "GET doesn't log out: it is refused, the cookie untouched",
    why: "RFC 9110 section 9.2.1: a GET has to be safe; links, images and prefetching send it",
    judge: (seen) => refused(seen, seen.forgedLogout.asGet),
  },
  {
    id: "cors.preflight",
    expected: "the page's origin may send the CSRF header, with credentials",
    why: "server contract, Refresh: the browser asks first, and sends nothing when this is missing",
    judge: (seen) => crossOrigin(seen, seen.preflight, (answer) => judgePreflight(seen, answer)),
  },
  {
    id: "cors.answer",
    expected: "the page's origin may read a granted refresh",
    why: "server contract, Refresh: the page would see a network failure",
    judge: (seen) =>
      granted(seen, () => crossOrigin(seen, seen.refresh, (answer) => letsPageIn(seen, answer))),
  },
  {
    id: "cors.refusal",
    expected: "the page's origin may read a refusal",
    why:
      "server contract, Refresh: a 401 that can't be read is a network failure, tried again " +
      "and again",
    judge: (seen) => crossOrigin(seen, seen.withoutCookie, (answer) => letsPageIn(seen, answer)),
  },
  {
    id: "cors.expose",
    expected: "Access-Control-Expose-Headers names Retry-After and Date",
    why:
      "server contract, Refresh: the page can't see how long to wait, or reads a date by a " +
      "wrong clock",
    judge: (seen) => crossOrigin(seen, seen.withoutCookie, judgeExposed),
  },
  {
    id: "cors.foreign",
    expected: "a foreign origin gets no leave to read",
    why:
      "server contract, Refresh, 1: whoever echoes every origin hands the access token to " +
      "any page",
    judge: judgeForeign,
  },
];
