// The faults that a person can order from the servers. Each is followed by the call that makes its
// effect visible at once.

import type { TokenKeep } from "tokenkeep";
import type { DemoControls } from "./demo-controls.ts";
import { SERVERS } from "./moments.ts";
import { button, htmlElement, onPress } from "./page.ts";
import type { Tabs } from "./tabs.ts";
import { errorSentence } from "./words.ts";

const OUTAGE_SECONDS = 15;
const SHORT_SECONDS = 30;
const LONG_SECONDS = 15 * 60;
const GRACE_SECONDS = 20;
/**
 * Renewals in a row. The authority allows a session ten a minute, and the keep makes at most as
 * many in one tab.
 */
const HURRIED = 6;

export function offerFaults(keep: TokenKeep, demo: DemoControls, tabs: Tabs): void {
  const offer = (id: string, work: () => Promise<string>) => {
    const pressed = button(id);
    const result = resultBeside(pressed);
    onPress(pressed, async () => {
      result.textContent = await work().catch(errorSentence);
    });
  };
  const tell = (what: string, lasts?: number) =>
    tabs.tell({
      lane: SERVERS,
      at: Date.now(),
      kind: "fault",
      what,
      ...(lasts === undefined ? {} : { lasts: lasts * 1000 }),
    });

  offer("refuse", async () => {
    if (keep.session.status !== "authenticated")
      return "There is no token to refuse: sign in first.";
    await demo.refuseToken();
    tell("One token refused");
    return "The API refuses the present token. Call it and see.";
  });
  offer("refuse-all", async () => {
    await demo.refuseAll();
    tell("Every token refused");
    return "The API refuses every token. A call is sent twice at most; the second 401 is the answer.";
  });
  offer("accept", async () => {
    await demo.acceptAll();
    tell("Tokens accepted");
    return "The API accepts every valid token.";
  });
  offer("outage", async () => {
    await demo.breakRefresh(OUTAGE_SECONDS);
    tell("Outage", OUTAGE_SECONDS);
    // The renewal is meant to fail; its error shows in the timeline and in the session card.
    await renewIfSignedIn(keep).catch(nothing);
    return `The refresh endpoint is down for ${OUTAGE_SECONDS} seconds.`;
  });
  offer("lose-reply", async () => {
    if (keep.session.status !== "authenticated") return "There is nothing to renew: sign in first.";
    await demo.loseReplies(1);
    tell("Reply lost");
    // This renewal is meant to fail too. The next one, a moment later, shows the point.
    await keep.refresh().catch(nothing);
    return "The cookie was used up and its successor lost. The next try presents it again, and is given the same successor.";
  });
  offer("replay", async () => {
    if (keep.session.status !== "authenticated") return "There is nothing to steal: sign in first.";
    // The thief comes late: the page has the reply to its renewal, and the grace window has no
    // length.
    await keep.refresh();
    await demo.setGrace(0);
    const { status, error } = await demo.replay().finally(() => demo.setGrace(GRACE_SECONDS));
    tell(`Thief: ${status}`);
    await keep.refresh().catch(nothing);
    return `The thief was answered ${status} (${error ?? "no error"}). The session is over for both: somebody has a copy.`;
  });
  offer("hurry", async () => {
    if (keep.session.status !== "authenticated") return "There is nothing to renew: sign in first.";
    tell("Hurry");
    tabs.hurry(HURRIED);
    return `Every open tab renews ${HURRIED} times in a row.`;
  });
  tabs.onHurry((times) => void renewOften(keep, times));
  offer("short-lifetime", async () => {
    await demo.setLifetime(SHORT_SECONDS);
    tell(`Lifetime ${SHORT_SECONDS} s`);
    await renewIfSignedIn(keep);
    return `Tokens live ${SHORT_SECONDS} seconds from now on.`;
  });
  offer("long-lifetime", async () => {
    await demo.setLifetime(LONG_SECONDS);
    tell("Lifetime 15 min");
    await renewIfSignedIn(keep);
    return "Tokens live 15 minutes from now on.";
  });

  htmlElement("faults").hidden = false;
}

/** The part of a row that says what its button did. */
function resultBeside(pressed: HTMLElement): Element {
  const found = pressed.closest("li")?.querySelector(".result");
  if (!found) throw new Error(`index.html has no place for what #${pressed.id} did`);
  return found;
}

async function renewIfSignedIn(keep: TokenKeep): Promise<void> {
  if (keep.session.status === "authenticated") await keep.refresh();
}

/**
 * Renews one after the other until one fails. Then the keep waits as the authority asked it to, and
 * this function ends.
 */
async function renewOften(keep: TokenKeep, times: number): Promise<void> {
  try {
    for (let n = 0; n < times; n++) await renewIfSignedIn(keep);
  } catch {
    // The page hears of it by the event.
  }
}

function nothing(): void {}
