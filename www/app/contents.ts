// Links to the panels below the timeline. The timeline stays in sight where there is space, so each
// link leaves room for it above the panel.

import { htmlElement, make } from "./page.ts";

/** Call this once every panel of this page is shown. */
export function listPanels(): void {
  const links = [
    ...document.querySelectorAll<HTMLElement>(
      "#timeline-section ~ * .panel, #timeline-section ~ .panel",
    ),
  ]
    .filter((panel) => !panel.hidden)
    .map((panel) =>
      make(
        "li",
        {},
        make("a", {
          href: `#${panel.id}`,
          textContent: panel.querySelector("h2")?.textContent ?? "",
        }),
      ),
    );
  htmlElement("contents").replaceChildren(...links);

  const timeline = htmlElement("timeline-section");
  new ResizeObserver(() => {
    const covers = getComputedStyle(timeline).position === "sticky" ? timeline.offsetHeight : 0;
    document.documentElement.style.scrollPaddingBlockStart = `${covers + 16}px`;
  }).observe(timeline);
}
