// An operator acts for a user: one token with both names, one call that the API lets it make, one
// that is for the user alone, and what the API wrote down of the two.

import type { TokenKeep } from "tokenkeep";
import { type Authority, orRefusal } from "./authority.ts";
import type { Config } from "./config.ts";
import { DEMO_CUSTOMER } from "./demo-controls.ts";
import { button, htmlElement, make, onPress } from "./page.ts";
import { errorSentence } from "./words.ts";

const CALLS = ["/api/me", "/api/vault"];

/** A call by somebody who acted, as the API's log has it. */
interface ActedCall {
  readonly call: string;
  readonly status: number;
  readonly names: readonly [user: string | null, actor: string | null];
}

export function offerActing(keep: TokenKeep, { api }: Config, authority: Authority): void {
  const result = htmlElement("acting-result");
  htmlElement("acting").hidden = false;

  onPress(button("act-for"), async () => {
    const act = async (): Promise<string> => {
      // No keep: nothing renews this token, and after the two calls nobody has it.
      const token = await authority.actFor(DEMO_CUSTOMER);
      const headers = { Authorization: `Bearer ${token}` };
      const statuses: number[] = [];
      for (const path of CALLS) statuses.push((await fetch(api + path, { headers })).status);
      const answer = await orRefusal(keep.fetch(`${api}/demo/acted`));
      show(((await answer.json()) as { calls: ActedCall[] }).calls);
      const [account = 0, vault = 0] = statuses;
      return account === 200 && vault === 403
        ? "Bob’s account was open to Alice, and the vault was not. The API wrote both names down, and so did the authority: see the audit log."
        : `The API answered ${account} and ${vault}.`;
    };
    result.textContent = await act().catch(errorSentence);
  });
}

function show(calls: readonly ActedCall[]): void {
  htmlElement("acting-rows").replaceChildren(...calls.map(row));
  htmlElement("acting-table").hidden = calls.length === 0;
}

function row({ call, status, names: [user, actor] }: ActedCall): HTMLTableRowElement {
  const answer = make("td", { textContent: String(status) });
  answer.dataset.outcome = status === 200 ? "ok" : "refused";
  return make(
    "tr",
    {},
    make("th", { scope: "row", textContent: call }),
    answer,
    make("td", { textContent: user ?? "" }),
    make("td", { textContent: actor ?? "" }),
  );
}
