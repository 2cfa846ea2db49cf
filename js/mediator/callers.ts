// Who may call what: the pages of the application those endpoints that work by the session's
// cookie, and a browser's own navigations those that redirect. All is decided by headers, before
// anything else is read.

import type { HeaderList } from "./answers.js";

/** The values that a header may have; null: it may be absent. */
type Rules = Readonly<Record<string, readonly (string | null)[]>>;

/** What is known of a caller, for applications of these origins. */
export type Callers = (apps: readonly string[]) => Rules;

/** A page makes the call, and no form or image of another site (RFC 10017 section 6.1.3.3). */
export const pages: Callers = (apps) => ({
  "X-Requested-With": ["XMLHttpRequest"],
  Origin: [null, ...apps],
  "Sec-Fetch-Site": [null, "same-origin", "same-site", "none"],
  "Sec-Fetch-Mode": [null, "cors", "same-origin"],
});

/** A browser goes to the address itself. */
export const navigations: Callers = () => ({
  "Sec-Fetch-Mode": [null, "navigate"],
  "Sec-Fetch-Dest": [null, "document"],
});

/** The request itself says who it is. */
export const anybody: Callers = () => ({});

/** The header that breaks the rules. */
export function refusedBy({ headers }: Request, rules: Rules): string | undefined {
  return Object.keys(rules).find((name) => !rules[name]?.includes(headers.get(name)));
}

/** Whether a browser only guesses that somebody will go there. */
export function isGuess({ headers }: Request): boolean {
  return ["Sec-Purpose", "Purpose", "X-Moz"].some((name) =>
    /prefetch|prerender/i.test(headers.get(name) ?? ""),
  );
}

/** What lets pages of the applications make a call, and read its answer. */
export function sharing({ headers }: Request, method: string, apps: readonly string[]): HeaderList {
  const origin = headers.get("Origin") ?? "";
  if (!apps.includes(origin)) return [["Vary", "Origin"]];
  return [
    ["Vary", "Origin"],
    ["Access-Control-Allow-Origin", origin],
    ["Access-Control-Allow-Credentials", "true"],
    ["Access-Control-Allow-Methods", method],
    ["Access-Control-Allow-Headers", "X-Requested-With"],
    ["Access-Control-Expose-Headers", "Retry-After, Date"],
    ["Access-Control-Max-Age", "600"],
  ];
}
