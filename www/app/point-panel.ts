// One button that shows what the library is for: the API refuses the token, fifty calls go out with
// it, and all of them are answered after one refresh. A link opens a second tab, which shows that
// tabs keep in step.

import type { TokenKeep } from "tokenkeep";
import { MANY, sendMany } from "./call-panel.ts";
import type { Config } from "./config.ts";
import { type DemoControls, signInIfNeeded } from "./demo-controls.ts";
import { SERVERS } from "./moments.ts";
import { button, element, htmlElement, onPress } from "./page.ts";
import type { Tabs } from "./tabs.ts";
import { errorSentence } from "./words.ts";

export function offerPoint(keep: TokenKeep, config: Config, demo: DemoControls, tabs: Tabs): void {
  const result = htmlElement("point-result");
  const figures = htmlElement("point-figures");

  const show = async (): Promise<string> => {
    await signInIfNeeded(keep, config);
    await demo.refuseToken();
    tabs.tell({ lane: SERVERS, at: Date.now(), kind: "fault", what: "One token refused" });
    const before = await demo.counts();
    const answered = await sendMany(keep, `${config.api}/api/time`);
    const after = await demo.counts();
    const refused = after.refused - before.refused;
    const refreshes = after.refreshes - before.refreshes;
    htmlElement("point-calls").textContent = String(MANY);
    htmlElement("point-refused").textContent = String(refused);
    htmlElement("point-refreshes").textContent = String(refreshes);
    htmlElement("point-answered").textContent = String(answered);
    figures.hidden = false;
    return `The API refused the token. The keep renewed it ${times(refreshes)}, sent each refused call once more, and ${answered} of ${MANY} calls were answered.`;
  };

  onPress(button("show-point"), async () => {
    result.textContent = await show().catch(errorSentence);
  });
  element("second-tab", HTMLAnchorElement).addEventListener("click", () => {
    result.textContent =
      "The second tab has a lane of its own in the timeline. Log out in one tab, and both are signed out.";
  });
  htmlElement("point").hidden = false;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
