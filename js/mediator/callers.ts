// Who may call what: the pages of the application those endpoints that work by the session's
// cookie, and a browser's own navigations those that redirect. All is decided by headers, before
// anything else is read.

/** The values that a header may have; null: it may be absent. */
export type Rules = Readonly<Record<string, readonly (string | null)[]>>;

/** What is known of a caller, for applications of these origins. */
export function rulesOf(apps: readonly string[]) {
  return {
    /** A page makes the call, and no form or image of another site (RFC 10017 section 6.1.3.3). */
    pages: {
      "X-Requested-With": ["XMLHttpRequest"],
      Origin: [null, ...apps],
      "Sec-Fetch-Site": [null, "same-origin", "same-site", "none"],
      "Sec-Fetch-Mode": [null, "cors", "same-origin"],
    },
    /** A browser goes to the address itself. */
    navigations: {
      "Sec-Fetch-Mode": [null, "navigate"],
      "Sec-Fetch-Dest": [null, "document"],
    },
    /** The request itself says who it is. */
    anybody: {},
  } satisfies Record<string, Rules>;
}

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
