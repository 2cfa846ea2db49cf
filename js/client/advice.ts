// What only a developer can mend is also said in the console: once a kind, with what to do, the
// address, the status, and where the documents explain it. Never a secret.

import { bare } from "./addresses.js";
import { type Fault, WORDS } from "./words.js";

/** In the package. Each kind has an anchor there. */
const PAGE = "node_modules/tokenkeep/docs/troubleshooting.md#";

/** Says it, with the address up to its query. */
export type Advise = (kind: Fault, url: string, status?: number) => void;

export function adviser(enabled: boolean, say: (line: string) => void): Advise {
  const said = new Set<Fault>();
  return (kind, url, status) => {
    if (!enabled || said.has(kind)) return;
    said.add(kind);
    say(`tokenkeep: ${WORDS[kind]} ${bare(url)} ${status ? `${status} ` : ""}See ${PAGE}${kind}`);
  };
}
