// The rows about the refresh's answers: what a granted one holds, and how the end of a session
// differs from trouble.

import type { Answer } from "../backend.ts";
import {
  all,
  described,
  fail,
  given,
  granted,
  isJson,
  isMade,
  notChecked,
  pass,
  quoted,
  type Row,
  type Verdict,
  warn,
} from "../verdict.ts";
import type { Observed, Step } from "../visit.ts";

type Members = Readonly<Record<string, unknown>>;

/** Judges the members of a reply in JSON. */
function members(seen: Observed, judge: (reply: Members) => Verdict): Verdict {
  return granted(seen, (answer) =>
    isJson(answer)
      ? judge(answer.json as Members)
      : notChecked("the reply is no JSON object that could be read"),
  );
}

function judgeReply(answer: Answer): Verdict {
  if (answer.body === null) return notChecked("a body over 64 KiB is not read");
  if (!isJson(answer)) return fail(described(answer));
  const reply = answer.json as Members;
  const token = reply["access_token"] ?? reply["accessToken"];
  if (typeof token !== "string") return fail("no access_token");
  return /^[\x21-\x7e]+$/.test(token)
    ? pass("JSON with an access token")
    : fail("an access_token of other characters");
}

function judgeLifetime(reply: Members): Verdict {
  const told = reply["expires_in"] ?? reply["expiresIn"];
  if ((typeof told === "number" && told >= 0) || (typeof told === "string" && /^\d+$/.test(told)))
    return pass("expires_in, in seconds");
  const token = reply["access_token"] ?? reply["accessToken"];
  const { exp, iat } = claimsOf(String(token));
  return typeof exp === "number" && typeof iat === "number"
    ? pass("exp − iat of the token")
    : warn("neither expires_in nor exp and iat");
}

function claimsOf(token: string): Members {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
    );
    return typeof claims === "object" && claims !== null ? (claims as Members) : {};
  } catch {
    return {};
  }
}

function judgeTokenType({ token_type: type }: Members): Verdict {
  if (type === undefined || type === null) return pass("none, which means Bearer");
  return typeof type === "string" && type.toLowerCase() === "bearer"
    ? pass("Bearer")
    : fail("another token_type");
}

function judgeStoring(seen: Observed): Verdict {
  const answers = [seen.signIn, seen.refresh, seen.logout]
    .filter(isMade)
    .filter(({ status }) => status >= 200 && status < 300);
  const verdicts = answers.map(({ to, headers }) => {
    const control = headers.get("Cache-Control");
    const isNoStore = (control ?? "")
      .split(",")
      .some((directive) => directive.trim().toLowerCase() === "no-store");
    return isNoStore ? pass("no-store") : fail(`Cache-Control: ${quoted(control)}, at ${to}`);
  });
  return verdicts.length === 0 ? notChecked("no call succeeded") : all(verdicts);
}

/** 401 is right. 403, and 400 with one of three errors, also sign the user out. */
export function endsSession(answer: Answer): Verdict {
  const { status } = answer;
  if (status === 401) return pass("401");
  const error = isJson(answer) ? (answer.json as Members)["error"] : undefined;
  const isSaid =
    status === 403 ||
    (status === 400 &&
      ["invalid_grant", "invalid_token", "login_required"].includes(String(error)));
  return isSaid ? warn(described(answer)) : fail(described(answer));
}

function judgeWithoutCookie(answer: Answer): Verdict {
  return all([endsSession(answer), isJson(answer) ? pass("JSON") : fail(described(answer))]);
}

/** A late refusal must not hit the cookie of a newer session. */
function judgeLeftAlone(seen: Observed): Verdict {
  const refusals = [
    seen.withoutCookie,
    seen.unknownCookie,
    seen.malformedCookie,
    seen.reuse,
    seen.afterLogout,
  ]
    .filter(isMade)
    .filter(({ status }) => status >= 300);
  if (refusals.length === 0) return notChecked("nothing was refused");
  const names = new Set(refusals.flatMap(({ cookies }) => cookies.map(({ name }) => name)));
  const touched = seen.cookieName === "" ? names.size > 0 : names.has(seen.cookieName);
  return touched ? fail("a refusal with Set-Cookie") : pass("no Set-Cookie");
}

function judgeRedirects(seen: Observed): Verdict {
  const session = seen.backend.answers.filter(({ to }) => to !== "sign-in");
  const found = session.filter(({ status }) => status >= 300 && status < 400);
  return found.length === 0
    ? pass("none")
    : fail([...new Set(found.map(({ to, status }) => `${status} at ${to}`))].join("; "));
}

function unknown(seen: Observed): Verdict {
  const judge = (step: Step) => given(step, endsSession);
  return all([judge(seen.unknownCookie), judge(seen.malformedCookie)]);
}

export const replyRows: readonly Row[] = [
  {
    id: "refresh.status",
    expected: "a refresh with a good cookie is answered with 200",
    why:
      "server contract, Refresh, 2: any other status is a refusal, trouble or a fault of " +
      "the configuration",
    judge: ({ refresh }) =>
      given(refresh, (answer) =>
        answer.status === 200 || answer.status === 201
          ? pass(`${answer.status}`)
          : fail(described(answer)),
      ),
  },
  {
    id: "refresh.json",
    expected: "the reply is a JSON object with an access_token of visible ASCII",
    why:
      "RFC 6749 section 5.1, RFC 6750 section 2.1: there is no token otherwise, or none " +
      "that a header can carry",
    judge: (seen) => granted(seen, judgeReply),
  },
  {
    id: "refresh.lifetime",
    expected: "the reply says how long the token lives: expires_in, or exp and iat of a JWT",
    why: "RFC 6749 section 5.1: tokenkeep otherwise takes its defaultLifetime, which may be wrong",
    judge: (seen) => members(seen, judgeLifetime),
  },
  {
    id: "refresh.token-type",
    expected: "token_type is Bearer, or missing",
    why: "RFC 6749 section 7.1: a client must not use a token whose type it doesn't understand",
    judge: (seen) => members(seen, judgeTokenType),
  },
  {
    id: "refresh.size",
    expected: "the reply is at most 64 KiB long",
    why: "server contract, Refresh, 2: a longer one is refused unread",
    judge: (seen) =>
      granted(seen, ({ body }) => (body === null ? fail("longer") : pass("within 64 KiB"))),
  },
  {
    id: "refresh.no-refresh-token",
    expected: "no refresh token in the reply",
    why:
      "RFC 10017 section 6.2.2.2: what the cookie keeps from scripts, the body would hand " +
      "to them",
    judge: (seen) =>
      members(seen, (reply) => {
        const isThere = [reply["refresh_token"], reply["refreshToken"]].some(
          (member) => member !== undefined && member !== null,
        );
        return isThere ? fail("a refresh_token") : pass("none");
      }),
  },
  {
    id: "cache.no-store",
    expected: "sign-in, refresh and logout are answered under Cache-Control: no-store",
    why: "RFC 6749 section 5.1: a cache would keep the token, or hand one user's to another",
    judge: judgeStoring,
  },
  {
    id: "redirects.none",
    expected: "refresh and logout never redirect",
    why:
      "server contract, Refresh, 4: a redirect is not followed, and says nothing about the " +
      "session",
    judge: judgeRedirects,
  },
  {
    id: "refusal.no-cookie",
    expected: "a refresh without a cookie is refused with 401, in JSON",
    why: "server contract, Refresh, 3: every visitor who is not signed in begins with this call",
    judge: ({ withoutCookie }) => given(withoutCookie, judgeWithoutCookie),
  },
  {
    id: "refusal.unknown-cookie",
    expected:
      "a refresh with a cookie that nobody was given, or a malformed one, is refused with 401",
    why:
      "server contract, Refresh, 3: a 500 is trouble that passes, so the page would try for " +
      "ever instead of signing out",
    judge: unknown,
  },
  {
    id: "refusal.keeps-cookie",
    expected: "a refusal neither sets nor deletes the cookie",
    why:
      "server contract, Refresh, 5: the answer may come late and hit the cookie of a newer " +
      "session",
    judge: judgeLeftAlone,
  },
];
