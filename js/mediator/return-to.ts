// Where a browser returns to. The check is on the parsed address and never on its text: what a text
// looks like to us says nothing about how a browser reads it.

/** Characters, encoded: more has no room in a transaction's cookie. */
const LONGEST = 2_000;

/** The address that is asked for if it is of the applications, else the root of the first one. */
export function returnAddress(text: string | null, apps: readonly [string, ...string[]]): URL {
  const root = new URL(apps[0]);
  if (text === null || !URL.canParse(text, root)) return root;
  const url = new URL(text, root);
  const { protocol, origin, href, username, password } = url;
  // A `blob:` address has the origin too.
  const isPage = /^https?:$/.test(protocol) && apps.includes(origin);
  return isPage && href.length <= LONGEST && username + password === "" ? url : root;
}

/** Adds the mark that tells the page what came of it. One that is there already goes. */
export function marked(to: URL, mark: string): URL {
  const url = new URL(to);
  // By hand, for `searchParams` would write the rest anew.
  const others = url.search.slice(1).split("&");
  const kept = others.filter((part) => part !== "" && !/^tokenkeep(=|$)/.test(part));
  url.search = [...kept, `tokenkeep=${mark}`].join("&");
  return url;
}
