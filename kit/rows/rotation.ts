// The rows about refresh tokens over time: a new one at each use, a grace window for lost replies
// and parallel tabs, an alarm when a used one comes back late, and limits that say what they are.

import type { Answer } from "../backend.ts";
import {
  answered,
  described,
  fail,
  given,
  granted,
  notChecked,
  pass,
  quoted,
  type Row,
  type Verdict,
  warn,
} from "../verdict.ts";
import { isGranted, type Observed, STABLE } from "../visit.ts";
import { endsSession } from "./reply.ts";

const GRACE = "server contract, Rotation and the grace window";

/** The refresh cookie that an answer sets; null when it sets none. */
function cookieOf(seen: Observed, answer: Answer): string | null {
  return (
    answer.cookies.find(({ name, deletes }) => name === seen.cookieName && !deletes)?.value ?? null
  );
}

function judgeReplay(seen: Observed): Verdict {
  return given(seen.replay, (answer) =>
    isGranted(answer) ? pass(`${answer.status}`) : fail(described(answer)),
  );
}

function judgeSuccessor(seen: Observed): Verdict {
  return granted(seen, (first) =>
    given(seen.replay, (answer) => {
      if (!isGranted(answer)) return notChecked("the predecessor was refused");
      const successor = cookieOf(seen, answer);
      if (successor === null) return fail("no cookie");
      return successor === cookieOf(seen, first) ? pass("the same cookie") : fail("another cookie");
    }),
  );
}

function parallel(seen: Observed, judge: (answers: readonly Answer[]) => Verdict): Verdict {
  return seen.parallel.length === 0
    ? notChecked("there was no session left to try it with")
    : granted(seen, () => judge(seen.parallel));
}

function judgeParallel(answers: readonly Answer[]): Verdict {
  const others = answers.filter((answer) => !isGranted(answer));
  if (others.length === 0) return pass(`${answers.length} of ${answers.length} granted`);
  const kinds = [...new Set(others.map(described))].join(", ");
  const came = `${answers.length - others.length} of ${answers.length} granted, others ${kinds}`;
  return others.every(({ status }) => status === 429) ? warn(came) : fail(came);
}

function judgeOneSuccessor(seen: Observed, answers: readonly Answer[]): Verdict {
  if (seen.hasStableCookie && !seen.rotates) return notChecked(STABLE.reason);
  const successors = answers.filter(isGranted).map((answer) => cookieOf(seen, answer));
  if (successors.length < 2) return notChecked("fewer than two were granted");
  const different = new Set(successors).size;
  return different === 1 ? pass("one") : fail(`${different} different ones`);
}

function judgeLimit(answer: Answer): Verdict {
  if (answer.status === 429 || answer.status === 503) return pass(`${answer.status}`);
  return fail(described(answer));
}

/** Judges the answer of the limit, if one was met. */
function limit(seen: Observed, judge: (answer: Answer) => Verdict): Verdict {
  return answered(seen.limited, (answer) =>
    judgeLimit(answer).result === "pass" ? judge(answer) : notChecked("no limit was told as one"),
  );
}

function judgeRetryAfter({ headers }: Answer): Verdict {
  const wait = headers.get("Retry-After");
  if (wait === null) return fail("none");
  if (/^\d+$/.test(wait)) return pass("seconds");
  return Number.isNaN(Date.parse(wait)) ? fail(quoted(wait)) : pass("a date");
}

export const rotationRows: readonly Row[] = [
  {
    id: "rotation.new-cookie",
    expected: "each refresh sets a new cookie",
    why:
      "RFC 9700 section 4.14.2: without rotation a copied refresh token serves its thief " +
      "unnoticed",
    judge: (seen) =>
      granted(seen, () => {
        if (seen.rotates) return pass("a new one");
        return seen.hasStableCookie ? notChecked(STABLE.reason) : fail("the same one, or none");
      }),
  },
  {
    id: "grace.accepted",
    expected: "the predecessor, presented again at once, is granted",
    why: `${GRACE}: a reply that gets lost would cost the session`,
    judge: judgeReplay,
  },
  {
    id: "grace.same-successor",
    expected: "it gets the same successor",
    why: `${GRACE}: with two successors the browser may keep the one that is refused later`,
    judge: judgeSuccessor,
  },
  {
    id: "parallel.granted",
    expected: "parallel refreshes with one cookie are all granted",
    why: `${GRACE}: where Web Locks are missing, two tabs can refresh at once`,
    judge: (seen) => parallel(seen, judgeParallel),
  },
  {
    id: "parallel.one-successor",
    expected: "parallel refreshes get one successor",
    why: `${GRACE}: the last answer to arrive decides which cookie the browser keeps`,
    judge: (seen) => parallel(seen, (answers) => judgeOneSuccessor(seen, answers)),
  },
  {
    id: "parallel.no-alarm",
    expected: "the session lives on after parallel refreshes",
    why: `${GRACE}: they are no theft`,
    judge: (seen) =>
      parallel(seen, () =>
        given(seen.afterParallel, (answer) =>
          isGranted(answer) ? pass(`${answer.status}`) : fail(described(answer)),
        ),
      ),
  },
  {
    id: "reuse.refused",
    expected: "a used cookie is refused after the grace window",
    why:
      "RFC 9700 section 4.14.2: it is in the hands of a thief, or of somebody whose session " +
      "a thief has",
    judge: ({ reuse }) =>
      given(reuse, (answer) => (isGranted(answer) ? fail("granted") : endsSession(answer))),
  },
  {
    id: "reuse.ends-session",
    expected: "its return ends the session: the newest cookie is refused too",
    why:
      "RFC 9700 section 4.14.2: nobody can tell whether the thief holds the old one or the " +
      "new one",
    judge: (seen) =>
      given(seen.reuse, (answer) =>
        isGranted(answer)
          ? notChecked("the used cookie was granted")
          : given(seen.afterReuse, (after) =>
              isGranted(after) ? fail("granted") : endsSession(after),
            ),
      ),
  },
  {
    id: "limit.status",
    expected: "too many refreshes are answered with 429, or 503",
    why: "RFC 6585 section 4; server contract, Refresh, 3: 401 would sign the user out",
    judge: ({ limited }) => answered(limited, judgeLimit),
  },
  {
    id: "limit.retry-after",
    expected: "with Retry-After, in seconds or as a date",
    why: "RFC 9110 section 10.2.3: otherwise every tab guesses how long to wait",
    judge: (seen) => limit(seen, judgeRetryAfter),
  },
  {
    id: "limit.keeps-cookie",
    expected: "the limit leaves the cookie alone",
    why: "server contract, Refresh, 3: a limit is no end of the session",
    judge: (seen) =>
      limit(seen, ({ cookies }) =>
        cookies.some(({ name }) => name === seen.cookieName)
          ? fail("Set-Cookie")
          : pass("no Set-Cookie"),
      ),
  },
];
