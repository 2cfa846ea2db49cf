// A stolen token, with DPoP and without. A second keep of the session calls the API, whose log says
// too much. A thief reads the log and sends the token again. The thief is played at the API, so it
// works for a token that this page does not have.

import { createTokenKeep, type TokenKeep } from "tokenkeep";
import { orRefusal } from "./authority.ts";
import type { Config } from "./config.ts";
import { signInIfNeeded } from "./demo-controls.ts";
import { type Host, hostOption } from "./hosts.ts";
import { SERVERS } from "./moments.ts";
import { button, element, htmlElement, make, onPress } from "./page.ts";
import type { Tabs } from "./tabs.ts";
import { errorSentence } from "./words.ts";

/** One try of the thief, as the API's demo tells it. */
interface Attempt {
  readonly with: keyof typeof LOOT;
  readonly status: number;
  readonly challenge: string | null;
  readonly name: string | null;
}

/** What the thief sends, in words. */
const LOOT = {
  nothing: "token",
  "own-proof": "token, proof by another key",
  "copied-proof": "token, proof from the log",
} as const;

export function offerTheft(keep: TokenKeep, config: Config, tabs: Tabs): void {
  const verdict = htmlElement("theft-verdict");
  const dpop = element("dpop", HTMLInputElement);
  const host = element("theft-host", HTMLSelectElement);

  const show = async (): Promise<void> => {
    await signInIfNeeded(keep, config);
    const attempts = await playThief(config, dpop.checked, host.value as Host);
    const taken = attempts.find(({ status }) => status === 200);
    htmlElement("theft-rows").replaceChildren(ownersRow(dpop.checked), ...attempts.map(thiefsRow));
    htmlElement("theft-table").hidden = false;
    verdict.dataset.outcome = taken === undefined ? "safe" : "stolen";
    verdict.replaceChildren(
      ...(taken === undefined
        ? [
            make("b", { textContent: "Refused." }),
            " The token names a key that stays in this browser. Whoever has the token alone has nothing.",
          ]
        : [
            make("b", { textContent: "Taken." }),
            ` The API takes the thief for ${taken.name}. A Bearer token works for whoever holds it.`,
          ]),
    );
    const what = taken === undefined ? "Stolen token refused" : "Stolen token taken";
    tabs.tell({ lane: SERVERS, at: Date.now(), kind: "fault", what });
  };

  onPress(button("steal"), async () => {
    await show().catch((error: unknown) => {
      htmlElement("theft-table").hidden = true;
      delete verdict.dataset.outcome;
      verdict.replaceChildren(errorSentence(error));
    });
  });
  // What is on show belongs to the other setting.
  for (const control of [dpop, host])
    control.addEventListener("change", () => {
      htmlElement("theft-table").hidden = true;
      delete verdict.dataset.outcome;
      verdict.replaceChildren();
    });
  htmlElement("theft").hidden = false;
}

/** Calls the API as the owner does, then lets the thief try what is in the log. */
async function playThief(
  { authority, api }: Config,
  dpop: boolean,
  host: Host,
): Promise<readonly Attempt[]> {
  const keep = createTokenKeep({
    refresh: `${authority}/session/refresh`,
    origins: [api],
    dpop,
    ...hostOption(host, dpop ? "token-dpop" : "token-bearer"),
  });
  try {
    await keep.start();
    await orRefusal(keep.fetch(`${api}/api/me`));
    const answer = await orRefusal(keep.fetch(`${api}/demo/steal`, { method: "POST" }));
    return ((await answer.json()) as { attempts: Attempt[] }).attempts;
  } finally {
    keep.close();
  }
}

function ownersRow(dpop: boolean): HTMLTableRowElement {
  return row("You", dpop ? "token, proof by its key" : "token", { status: 200 });
}

function thiefsRow({ with: loot, status, challenge }: Attempt): HTMLTableRowElement {
  const isStolen = status === 200;
  return row("Thief", LOOT[loot], { status, isStolen, reason: reasonIn(challenge) });
}

function row(
  who: string,
  sends: string,
  answer: { status: number; isStolen?: boolean; reason?: string | null },
): HTMLTableRowElement {
  const { status, isStolen = false, reason = null } = answer;
  const cell = make("td", {}, String(status));
  cell.dataset.outcome = isStolen ? "stolen" : "safe";
  if (reason !== null) cell.append(" ", make("code", { textContent: reason }));
  const name = make("th", { scope: "row", textContent: who });
  return make("tr", {}, name, make("td", { textContent: sends }), cell);
}

/** `DPoP error="invalid_token"`: what a challenge complains of, without the rest. */
function reasonIn(challenge: string | null): string | null {
  const [, scheme, error] = /^(\w+) .*?(error="\w+")/.exec(challenge ?? "") ?? [];
  return error === undefined ? null : `${scheme} ${error}`;
}
