// The timeline: the keep's events and the engine's transitions, as they happen, newest first.

import type { Session, TokenKeep, Transition } from "tokenkeep";
import { element, htmlElement } from "./page.ts";
import { errorSentence, signedOutSentence, timeOfDay } from "./words.ts";

/** Old moments make room for new ones beyond this many. */
const MOMENTS = 200;

/** A step of the engine, or something the keep announced: good, trouble, or the end of a session. */
type Kind = "step" | "good" | "trouble" | "end";

const list = element("timeline", HTMLOListElement);

export function showTimeline(keep: TokenKeep): void {
  let known: readonly Transition[] = [];

  const drawSteps = () => {
    const latest = keep.explain();
    for (const step of added(known, latest)) add(step.at, "step", step.event.replaceAll("-", " "), stepNote(step));
    known = latest;
  };
  const drawEvent = (kind: Kind, what: string, note?: string) => {
    drawSteps();
    add(Date.now(), kind, what, note);
  };

  keep.subscribe(drawSteps);
  // Not every transition changes the session; the others are picked up here.
  setInterval(drawSteps, 1000);

  keep.on("signed-in", ({ session }) => drawEvent("good", "Signed in", generationNote(session)));
  keep.on("signed-out", ({ reason }) => drawEvent("end", "Signed out", signedOutSentence(reason) ?? reason));
  keep.on("refreshed", ({ generation, by }) =>
    by === "this-tab"
      ? drawEvent("good", "Token renewed", `Generation ${generation}`)
      : drawEvent("good", "Another tab renewed its token"),
  );
  keep.on("refresh-failed", ({ error, retryAt }) =>
    drawEvent(
      "trouble",
      "Renewal failed",
      errorSentence(error) + (retryAt === null ? "" : ` Next try at ${timeOfDay(retryAt)}.`),
    ),
  );
  keep.on("step-up", ({ acrValues }) => drawEvent("trouble", "The API asks for a stronger login", acrValues.join(", ")));
  keep.on("rejected-fresh-token", ({ url }) =>
    drawEvent("trouble", "A fresh token was refused", `By ${new URL(url).pathname}`),
  );
  keep.on("user-changed", ({ session }) => drawEvent("end", "Somebody else signed in", generationNote(session)));
  drawSteps();
}

/** What `latest` has after the end of `known`. Both are windows on one growing list; the old end may have moved on. */
function added(known: readonly Transition[], latest: readonly Transition[]): readonly Transition[] {
  for (let dropped = 0; dropped <= known.length; dropped++) {
    const overlap = known.slice(dropped);
    if (overlap.every((step, i) => same(step, latest[i]))) return latest.slice(overlap.length);
  }
  return latest;
}

function same(a: Transition, b: Transition | undefined): boolean {
  return (
    b !== undefined &&
    a.at === b.at &&
    a.event === b.event &&
    a.from === b.from &&
    a.to === b.to &&
    a.generation === b.generation &&
    a.note === b.note
  );
}

function stepNote({ from, to, note }: Transition): string {
  return [...(from === to ? [] : [`From ${from} to ${to}`]), ...(note === undefined ? [] : [note])].join("; ");
}

function generationNote(session: Session): string {
  return `Generation ${session.generation}`;
}

/** The newest moment, and how often it has happened in a row: 50 calls refused together are one line, not 50. */
let newest: { key: string; times: number; moment: HTMLElement } | null = null;

function add(at: number, kind: Kind, what: string, note = ""): void {
  htmlElement("history-empty").hidden = true;
  const key = JSON.stringify([kind, what, note]);
  const times = newest?.key === key ? newest.times + 1 : 1;
  const moment = draw(at, kind, times === 1 ? what : `${what}, ${times} times`, note);
  if (times > 1) newest?.moment.remove();
  list.prepend(moment);
  newest = { key, times, moment };
  while (list.children.length > MOMENTS) list.lastElementChild?.remove();
}

function draw(at: number, kind: Kind, what: string, note: string): HTMLElement {
  const moment = document.createElement("li");
  moment.className = "moment";
  moment.dataset.kind = kind;

  const time = document.createElement("time");
  time.dateTime = new Date(at).toISOString();
  time.textContent = timeOfDay(at);

  const text = document.createElement("div");
  text.append(paragraph("moment-what", what));
  if (note !== "") text.append(paragraph("moment-note", note));
  moment.append(time, text);
  return moment;
}

function paragraph(className: string, text: string): HTMLParagraphElement {
  const made = document.createElement("p");
  made.className = className;
  made.textContent = text;
  return made;
}
