// The authority's signing keys as the operator sees them: the one that signs, the next one, and
// those that are about to leave.

import type { Authority, SigningKey } from "./authority.ts";
import { SERVERS } from "./moments.ts";
import { button, htmlElement, make, onPress } from "./page.ts";
import type { Tabs } from "./tabs.ts";
import { errorSentence, timeOfDay } from "./words.ts";

/** The states of a key, the last one first: the next key is above, the leaving keys below. */
const STATES = {
  next: "Published, signs next",
  active: "Signs",
  retired: "Verifies what it signed",
} as const;
const ORDER = Object.keys(STATES);

export function offerKeys(authority: Authority, tabs: Tabs): void {
  const result = htmlElement("keys-result");
  const attempt = async (work: () => Promise<string>) => {
    result.textContent = await work().catch(errorSentence);
  };

  onPress(button("show-keys"), () => attempt(() => show(authority)));
  onPress(button("rotate-keys"), () =>
    attempt(async () => {
      await authority.rotateKeys();
      tabs.tell({ lane: SERVERS, at: Date.now(), kind: "act", what: "Keys rotated" });
      await show(authority);
      return "The next key signs from now on. Tokens of the one before are good until they expire.";
    }),
  );
}

async function show(authority: Authority): Promise<string> {
  const keys = await authority.keys();
  const ordered = [...keys].sort(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.since - a.since,
  );
  htmlElement("key-list").replaceChildren(...ordered.map(line));
  return keys.length === 1 ? "One key." : `${keys.length} keys.`;
}

function line({ kid, alg, state, since, retiresAt }: SigningKey): HTMLElement {
  const end = retiresAt === null ? "" : `, leaves at ${timeOfDay(retiresAt * 1000)}`;
  const made = make(
    "li",
    {},
    make(
      "div",
      {},
      make("h3", {}, make("code", { textContent: kid })),
      make("p", {
        className: "quiet",
        textContent: `${alg}, since ${timeOfDay(since * 1000)}${end}`,
      }),
    ),
    make("p", { className: "tag", textContent: STATES[state] }),
  );
  made.dataset.state = state;
  return made;
}
