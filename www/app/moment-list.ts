// The timeline in words: moments as a list, newest first, for people who read it.

import { type Moment, SERVERS } from "./moments.ts";
import { element, htmlElement, make } from "./page.ts";
import type { Tabs } from "./tabs.ts";
import { timeOfDay } from "./words.ts";

/** How many moments the list shows at most. Then the oldest go. */
const MOMENTS = 200;

const list = element("timeline", HTMLOListElement);

export function listMoments({ letter, chronicle }: Tabs): void {
  /** The newest moment, and how often it came in a row. Equal moments in a row are one line. */
  let newest: { key: string; times: number; line: HTMLElement } | null = null;

  const add = (moment: Moment) => {
    // The lists of other tabs show the steps of their engines.
    if (moment.kind === "step" && moment.by !== letter) return;
    htmlElement("history-empty").hidden = true;
    const key = JSON.stringify([moment.by, moment.lane, moment.kind, moment.what, moment.note]);
    const times = newest?.key === key ? newest.times + 1 : 1;
    if (times > 1) newest?.line.remove();
    const line = draw(moment, letter, times);
    list.prepend(line);
    newest = { key, times, line };
    while (list.children.length > MOMENTS) list.lastElementChild?.remove();
  };

  chronicle.onMoment(add);
  chronicle.moments.forEach(add);
}

function draw(moment: Moment, letter: string, times: number): HTMLElement {
  const { at, kind, what, note } = moment;
  const line = make("li", { className: "moment" });
  line.dataset.kind = kind;
  const time = make("time", { textContent: timeOfDay(at), dateTime: new Date(at).toISOString() });
  const text = make("div");
  text.append(
    make("p", {
      className: "moment-what",
      textContent: times === 1 ? what : `${what}, ${times} times`,
    }),
  );
  if (note !== undefined) text.append(make("p", { className: "moment-note", textContent: note }));
  line.append(time, text);
  const where = placeOf(moment, letter);
  if (where !== null) line.append(make("p", { className: "moment-where", textContent: where }));
  return line;
}

/** Where it happened. Null for the main keep of this tab, where most moments happen. */
function placeOf({ by, lane }: Moment, letter: string): string | null {
  if (lane === SERVERS) return "Servers";
  const tenant = lane === "main" ? "" : ` ${lane}`;
  if (by === letter) return tenant === "" ? null : `South`;
  return `Tab ${by}${tenant}`;
}
