// Page, API, API: what the second API reads in the token that it got, and what it says to the
// user's own token.

import type { TokenKeep } from "tokenkeep";
import { orRefusal } from "./authority.ts";
import type { Config } from "./config.ts";
import { button, htmlElement, onPress } from "./page.ts";
import { errorSentence } from "./words.ts";

/** What the second API says of its caller. */
interface Seen {
  readonly sub: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly actors: readonly string[];
  /** The parts of its token that everybody can read: the header. */
  readonly readable: readonly object[];
}

export function offerChain(keep: TokenKeep, { api }: Config): void {
  const result = htmlElement("chain-result");
  htmlElement("chain").hidden = false;

  onPress(button("call-chain"), async () => {
    const call = async (): Promise<string> => {
      const answer = await orRefusal(keep.fetch(`${api}/api/stock`));
      const { sub, audience, scopes, actors, readable } = (await answer.json()) as Seen;
      htmlElement("chain-audience").textContent = audience;
      htmlElement("chain-subject").textContent = sub;
      htmlElement("chain-actors").textContent = actors.join(", for ");
      htmlElement("chain-scopes").textContent = scopes.join(" ");
      htmlElement("chain-readable").textContent = readable
        .flatMap((part) => Object.entries(part))
        .filter(([name]) => name !== "epk")
        .map(([name, value]) => `${name} ${value}`)
        .join(", ");
      htmlElement("chain-token").hidden = false;
      return "The second API got a token of its own: yours was exchanged for it. Only that API can read it.";
    };
    result.textContent = await call().catch(errorSentence);
  });

  onPress(button("forward-token"), async () => {
    const forward = async (): Promise<string> => {
      const answer = await orRefusal(keep.fetch(`${api}/demo/forward`, { method: "POST" }));
      const { status } = (await answer.json()) as { status: number };
      return status === 401
        ? "The second API answered 401: your token is for the first one."
        : `The second API answered ${status}.`;
    };
    result.textContent = await forward().catch(errorSentence);
  });
}
