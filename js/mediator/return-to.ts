// Where a browser returns to. The check is on the parsed address and never on its text: what a text
// looks like to us says nothing about how a browser reads it.

/** Characters. Encoded it may be twice as long: more has no room in a transaction's cookie. */
const LONGEST = 1_024;

/** The address that a query asks for if it is of the applications, else the root of the first. */
export function returnAddress(
  text: string | null,
  apps: readonly [string, ...string[]],
  longest = LONGEST,
): URL {
  const [first] = apps;
  const root = new URL(first);
  if (text === null || text.length > longest || !URL.canParse(text, root)) return root;
  const url = new URL(text, root);
  const { protocol, origin, href, username, password } = url;
  // A `blob:` address has the origin too.
  const isPage = /^https?:$/.test(protocol) && apps.includes(origin);
  return isPage && href.length <= 2 * LONGEST && username + password === "" ? url : root;
}

/** The same of an address that was kept, encoded, since then. */
export function keptAddress(text: string | null, apps: readonly [string, ...string[]]): URL {
  return returnAddress(text, apps, 2 * LONGEST);
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
