// The rows about DPoP (RFC 9449), which are judged with `--dpop`: tokens that are bound to the key
// of a call, and bad proofs that cost nobody a session.

import type { Answer } from "../backend.ts";
import type { Bound, DpopSeen } from "../dpop.ts";
import {
  all,
  described,
  fail,
  notChecked,
  pass,
  quoted,
  type Row,
  type Verdict,
} from "../verdict.ts";
import { isGranted } from "../visit.ts";

type Members = Readonly<Record<string, unknown>>;

const membersOf = ({ json }: Answer): Members =>
  typeof json === "object" && json !== null ? (json as Members) : {};

/** `cnf.jkt` of a JWT; undefined for anything else. */
function boundKeyOf(token: unknown): unknown {
  try {
    const text = Buffer.from(String(token).split(".")[1] ?? "", "base64url").toString();
    return (JSON.parse(text) as { cnf?: { jkt?: unknown } }).cnf?.jkt;
  } catch {
    return undefined;
  }
}

function judgeBound({ answer, jkt }: Bound): Verdict {
  if (!isGranted(answer)) return fail(described(answer));
  const { access_token: token, token_type: type } = membersOf(answer);
  if (String(type).toLowerCase() !== "dpop") return fail("token_type is not DPoP");
  const key = boundKeyOf(token);
  if (key === undefined) return notChecked("the token is no JWT with cnf.jkt that could be read");
  return key === jkt ? pass("cnf.jkt of the key, DPoP") : fail("bound to another key");
}

function judgeBad({ answer }: { answer: Answer }): Verdict {
  const { error } = membersOf(answer);
  if (answer.cookies.length > 0) return fail("a Set-Cookie");
  const isNamed = error === "invalid_dpop_proof" || error === "use_dpop_nonce";
  return answer.status === 400 && isNamed ? pass("400") : fail(described(answer));
}

function judgeNonce({ first }: DpopSeen): Verdict {
  const nonce = first.headers.get("DPoP-Nonce");
  if (isGranted(first) && nonce === null) return pass("none is asked for");
  if (nonce === null) return fail(`${described(first)} without DPoP-Nonce`);
  const isExposed = /(^|,)\s*dpop-nonce\s*(,|$)/i.test(
    first.headers.get("Access-Control-Expose-Headers") ?? "",
  );
  if (!isExposed) return fail("DPoP-Nonce is not exposed");
  if (isGranted(first)) return pass("given with the reply");
  return first.status === 400 && membersOf(first)["error"] === "use_dpop_nonce"
    ? pass("400 use_dpop_nonce")
    : fail(described(first));
}

function judgeCors({ preflight }: DpopSeen): Verdict {
  const allowed = preflight.headers.get("Access-Control-Allow-Headers");
  return /(^|,)\s*dpop\s*(,|$)/i.test(allowed ?? "") ? pass("DPoP") : fail(quoted(allowed));
}

const row = (
  id: string,
  expected: string,
  why: string,
  judge: (seen: DpopSeen) => Verdict,
): Row => ({
  id: `dpop.${id}`,
  expected,
  why,
  judge: ({ dpop }) =>
    dpop === undefined
      ? notChecked("give --dpop")
      : "reason" in dpop
        ? notChecked(dpop.reason)
        : judge(dpop),
});

export const dpopRows: readonly Row[] = [
  row(
    "cors",
    "the page's origin may send the header DPoP",
    "RFC 9449 section 4.1: the browser asks first, and sends no proof when this is missing",
    judgeCors,
  ),
  row(
    "bound",
    "a refresh with a proof gives a token of type DPoP, bound to the key of the proof",
    "RFC 9449 sections 5 and 6: otherwise the token can be used by whoever has it",
    ({ bound }) => judgeBound(bound),
  ),
  row(
    "two-keys",
    "one session serves two keys, one after the other",
    "each tab has a key of its own; the cookie belongs to all of them",
    ({ other }) => judgeBound(other),
  ),
  row(
    "nonce",
    "a nonce, if one is asked for, comes with 400 use_dpop_nonce in an exposed DPoP-Nonce",
    "RFC 9449 section 8: the page can't see it otherwise, and would try in vain",
    judgeNonce,
  ),
  row(
    "bad-proof",
    "a bad proof is refused with 400 and its own error, the cookie untouched, the session alive",
    "RFC 9449 section 5: 401 or invalid_grant would sign the user out",
    ({ bad, afterBad }) =>
      all([
        ...bad.map(judgeBad),
        isGranted(afterBad) ? pass("400") : fail(`${described(afterBad)} afterwards`),
      ]),
  ),
  row(
    "no-downgrade",
    "without a proof no token is given, where the backend requires DPoP",
    "whoever has the cookie would get a Bearer token",
    ({ without }) =>
      without === null
        ? notChecked("--dpop required asks for it")
        : isGranted(without)
          ? fail(described(without))
          : pass(String(without.status)),
  ),
];
