// A person's own sessions: lists them, ends one of them, and logs out everywhere.

import type { TokenKeep } from "tokenkeep";
import type { Authority, OwnSession } from "./authority.ts";
import { SERVERS } from "./moments.ts";
import { button, htmlElement, make, onPress } from "./page.ts";
import type { Tabs } from "./tabs.ts";
import { errorSentence, timeOfDay } from "./words.ts";

export function offerSessions(keep: TokenKeep, authority: Authority, tabs: Tabs): void {
  const list = htmlElement("session-list");
  const result = htmlElement("sessions-result");
  const tell = (what: string) => tabs.tell({ lane: SERVERS, at: Date.now(), kind: "act", what });
  const attempt = async (work: () => Promise<string>) => {
    result.textContent = await work().catch(errorSentence);
  };

  const show = async (): Promise<string> => {
    const sessions = await authority.sessions();
    list.replaceChildren(...sessions.map((session) => line(session)));
    return sessions.length === 1 ? "One session." : `${sessions.length} sessions.`;
  };

  const line = (session: OwnSession): HTMLElement => {
    const { id, current, device, startedAt, lastUsedAt } = session;
    const times = `Since ${timeOfDay(startedAt * 1000)}, last renewed ${timeOfDay(lastUsedAt * 1000)}`;
    const text = make(
      "div",
      {},
      make("h3", { textContent: device }),
      make("p", { className: "quiet", textContent: times }),
    );
    if (current)
      return make("li", {}, text, make("p", { className: "tag", textContent: "This browser" }));
    const end = make("button", {
      className: "button button-small",
      type: "button",
      textContent: "End",
    });
    end.setAttribute(
      "aria-label",
      `End the session of ${device} since ${timeOfDay(startedAt * 1000)}`,
    );
    onPress(end, () =>
      attempt(async () => {
        await authority.endSession(id);
        tell("Session ended");
        await show();
        // The button that had the focus is gone with its line.
        htmlElement("sessions-title").focus();
        return `The session of ${device} is over.`;
      }),
    );
    return make("li", {}, text, end);
  };

  onPress(button("show-sessions"), () => attempt(show));
  onPress(button("log-out-everywhere"), () =>
    attempt(async () => {
      await authority.logOutEverywhere();
      tell("Logged out everywhere");
      await keep.logout();
      return "Every session is over, in every browser.";
    }),
  );
  keep.on("signed-out", () => list.replaceChildren());
}
