// What the tests of the contract kit share: running the checks against the small backend, and
// picking rows by their result.

import { type CheckOptions, checkContract, type Finding } from "../../kit/contract.ts";
import { type Fault, GRACE_SECONDS, PAGE, startBackend, type TestBackend } from "./backend.ts";

/** The options of a check: a sign-in for each session, and the backend's own clock. */
export function optionsFor(
  { base, clock }: TestBackend,
  changed: Partial<CheckOptions> = {},
  body = '{"password":"pass-word"}',
): CheckOptions {
  return {
    target: {
      base,
      refresh: new URL("session/refresh", base),
      logout: new URL("session/logout", base),
      origin: PAGE,
      csrf: ["X-Requested-With", "XMLHttpRequest"],
      headers: [],
    },
    source: {
      signIn: { url: new URL("session/sign-in", base), body },
      cookies: [],
      cookieName: null,
    },
    graceSeconds: GRACE_SECONDS,
    burst: 30,
    skip: ["address.same-site"],
    clock,
    say: () => {},
    ...changed,
  };
}

/** Runs the checks against a backend with these faults. */
export async function check(
  faults: readonly Fault[],
  changed: Partial<CheckOptions> = {},
  body?: string,
): Promise<{ findings: readonly Finding[]; secrets: readonly string[] }> {
  const backend = await startBackend(faults);
  try {
    return {
      findings: await checkContract(optionsFor(backend, changed, body)),
      secrets: backend.secrets,
    };
  } finally {
    backend.close();
  }
}

export function idsWith(findings: readonly Finding[], ...results: Finding["result"][]): string[] {
  return findings
    .filter(({ result }) => results.includes(result))
    .map(({ id }) => id)
    .sort();
}
