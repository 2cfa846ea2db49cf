// The faults a person can ask the servers for, each followed by whatever makes its effect visible at once.

import type { TokenKeep } from "tokenkeep";
import type { DemoControls } from "./demo-controls.ts";
import { button, htmlElement, onPress } from "./page.ts";
import { errorSentence } from "./words.ts";

const OUTAGE_SECONDS = 15;
const SHORT_SECONDS = 20;
const LONG_SECONDS = 15 * 60;

export function offerFaults(keep: TokenKeep, demo: DemoControls): void {
  const result = htmlElement("fault-result");
  const offer = (id: string, work: () => Promise<string>) =>
    onPress(button(id), async () => {
      result.textContent = await work().catch(errorSentence);
    });

  offer("refuse", async () => {
    if (keep.session.status !== "authenticated") return "There is no token to refuse: sign in first.";
    await demo.refuseToken();
    return "The API refuses the present token. Call it and see.";
  });
  offer("refuse-all", async () => {
    await demo.refuseAll();
    return "The API refuses every token. A call is sent twice at most; the second 401 is the answer.";
  });
  offer("accept", async () => {
    await demo.acceptAll();
    return "The API accepts every valid token.";
  });
  offer("outage", async () => {
    await demo.breakRefresh(OUTAGE_SECONDS);
    // The renewal is meant to fail; its error shows in the timeline and in the session card.
    await renewIfSignedIn(keep).catch(() => undefined);
    return `The refresh endpoint is down for ${OUTAGE_SECONDS} seconds.`;
  });
  offer("short-lifetime", async () => {
    await demo.setLifetime(SHORT_SECONDS);
    await renewIfSignedIn(keep);
    return `Tokens live ${SHORT_SECONDS} seconds from now on.`;
  });
  offer("long-lifetime", async () => {
    await demo.setLifetime(LONG_SECONDS);
    await renewIfSignedIn(keep);
    return "Tokens live 15 minutes from now on.";
  });

  htmlElement("faults").hidden = false;
}

async function renewIfSignedIn(keep: TokenKeep): Promise<void> {
  if (keep.session.status === "authenticated") await keep.refresh();
}
