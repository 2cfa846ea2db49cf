// The score: the moments of the last minute as a chart, with one lane for each keep of each tab and
// one for the servers. A fixed line marks the present. To its right are the tokens' remaining
// lifetimes. The list tells the same in words.

import { GAP, Row, textWidth } from "./labels.ts";
import { laneOf, type Moment, SERVERS } from "./moments.ts";
import { htmlElement, make } from "./page.ts";
import type { Tabs } from "./tabs.ts";
import { timeOfDay } from "./words.ts";

const LANE = 60;
const AXIS = 26;
/** The distance of a lane's track from the lane's top, and its thickness. */
const TRACK = { top: 26, height: 16 };
/** The part of the width that shows the past. */
const PAST = 0.72;
const TICK_SECONDS = 10;
/** Milliseconds beyond the left edge at which drawing begins, so that no cut is seen. */
const MARGIN = 5000;
/** Half of a glyph's width, plus the smallest gap beside it. */
const GLYPH = 9;
/** The sizes of texts in score.css. */
const SIZES = { name: 12, number: 11, time: 11, count: 10 };

const score = htmlElement("score");
const lanes = htmlElement("score-lanes");
const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
/** Holds everything that moves. Its coordinates are times since the page opened. */
const strip = svg("g", { class: "strip" });
const ruler = svg("g", { class: "ruler" });

export function drawScore({ letter, chronicle }: Tabs): void {
  const opened = Date.now();
  let drawn = 0;
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(ruler, strip);
  score.prepend(drawing);

  const draw = () => {
    drawn = 0;
    if (document.hidden) return;
    const now = Date.now();
    const width = score.clientWidth;
    const scale = (width < 640 ? 5 : 12) / 1000;
    const nowX = Math.round(width * PAST);
    const x = (at: number) => (at - opened) * scale;
    const from = now - nowX / scale;
    const until = now + (width - nowX) / scale;

    const byLane = laneByLane(chronicle.moments);
    const keys = [...byLane.keys()].filter((key) => key !== SERVERS).sort();
    const rows = [SERVERS, ...keys];
    const height = AXIS + rows.length * LANE;
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawing.setAttribute("height", String(height));

    ruler.replaceChildren(
      ...rows.map((_, n) =>
        svg("line", { class: "rail", x1: 0, x2: width, y1: trackY(n), y2: trackY(n) }),
      ),
      svg("rect", {
        class: "future",
        x: nowX,
        y: AXIS,
        width: width - nowX,
        height: height - AXIS,
      }),
      svg("line", { class: "now", x1: nowX, x2: nowX, y1: AXIS - 8, y2: height }),
    );
    strip.replaceChildren(
      ...ticks(from, until, x, height),
      ...rows.flatMap((key, n) => {
        const group = svg("g", { transform: `translate(0 ${AXIS + n * LANE})` });
        const moments = byLane.get(key) ?? [];
        const recent = moments.filter(({ at }) => at >= from - MARGIN);
        const beyond = { from: x(until), to: Infinity };
        const track = new Row([...recent.flatMap((moment) => glyphSpan(moment, x)), beyond]);
        // The lane's name lies over the left end of the row above the track.
        const named = (lanes.children[n]?.firstElementChild?.clientWidth ?? 0) + 24;
        const above = new Row([{ from: -Infinity, to: x(from) + named }, beyond]);
        group.append(
          ...lives(moments, from, x, track),
          ...faults(recent, x),
          ...names(recent, x, [track, above]),
          ...recent.flatMap((moment) => marks(moment, x)),
          ...counts(recent, x),
        );
        return group;
      }),
    );
    strip.style.transform = `translateX(${nowX - x(now)}px)`;
    nameLanes(rows, byLane, letter);
  };

  const soon = () => {
    if (drawn === 0) drawn = requestAnimationFrame(draw);
  };
  chronicle.onMoment(soon);
  new ResizeObserver(soon).observe(score);
  document.addEventListener("visibilitychange", soon);
  setInterval(draw, 1000);
  draw();
}

function laneByLane(moments: readonly Moment[]): ReadonlyMap<string, readonly Moment[]> {
  const byLane = new Map<string, Moment[]>();
  for (const moment of moments) {
    const lane = laneOf(moment);
    byLane.set(lane, [...(byLane.get(lane) ?? []), moment]);
  }
  return byLane;
}

function trackY(row: number): number {
  return AXIS + row * LANE + TRACK.top + TRACK.height / 2;
}

/** A line every ten seconds, and a time of day at every second one, where it is not cut off. */
function ticks(
  from: number,
  until: number,
  x: (at: number) => number,
  height: number,
): SVGElement[] {
  const step = TICK_SECONDS * 1000;
  const made: SVGElement[] = [];
  for (let at = Math.ceil(from / step) * step; at < until; at += step) {
    made.push(svg("line", { class: "tick", x1: x(at), x2: x(at), y1: AXIS - 6, y2: height }));
    const time = timeOfDay(at);
    const half = textWidth(time, SIZES.time) / 2;
    if ((at / step) % 2 === 0 && x(at) - half >= x(from) && x(at) + half <= x(until))
      made.push(svg("text", { class: "tick-time", x: x(at), y: AXIS - 11 }, time));
  }
  return made;
}

/**
 * The tokens of a lane. Each is a bar from its receipt to its successor, to the end of its session
 * or to its expiry.
 */
function lives(
  moments: readonly Moment[],
  from: number,
  x: (at: number) => number,
  track: Row,
): SVGElement[] {
  const bounds = moments.filter(({ token, kind }) => token !== undefined || kind === "end");
  return bounds.flatMap(({ at, token }, n) => {
    if (token === undefined) return [];
    const end = Math.min(bounds[n + 1]?.at ?? Infinity, token.expiresAt);
    if (end < from) return [];
    // A bar that begins left of the strip keeps its number in sight.
    const start = Math.max(at, from - MARGIN);
    const bar = { y: TRACK.top, height: TRACK.height };
    const made = [
      svg("rect", {
        class: "life-bar",
        x: x(start),
        width: Math.max(2, x(end) - x(start) - 2),
        ...bar,
      }),
    ];
    if (token.dueAt < end) {
      made.push(
        svg("rect", {
          class: "life-late",
          x: x(token.dueAt),
          width: Math.max(1, x(end) - x(token.dueAt) - 2),
          ...bar,
        }),
      );
    }
    const number = String(token.generation);
    const numberAt = x(Math.max(at, from)) + GLYPH;
    if (track.take(numberAt, textWidth(number, SIZES.number)))
      made.push(svg("text", { class: "life-number", x: numberAt, y: TRACK.top + 12 }, number));
    return made;
  });
}

function marks(moment: Moment, x: (at: number) => number): SVGElement[] {
  const { at, kind, lasts = 0 } = moment;
  const middle = TRACK.top + TRACK.height / 2;
  const below = TRACK.top + TRACK.height;
  switch (kind) {
    case "step":
      return [];
    case "wait": {
      const width = Math.max(4, x(at) - x(at - lasts));
      return [
        svg("rect", {
          class: "mark-wait",
          x: x(at) - width,
          y: TRACK.top,
          width,
          height: TRACK.height,
        }),
      ];
    }
    case "call":
    case "refused":
      return [
        svg("line", {
          class: `mark-${kind}`,
          x1: x(at),
          x2: x(at),
          y1: below + 3,
          y2: below + (kind === "call" ? 9 : 13),
        }),
      ];
    case "retry":
      // Above the track, because the renewal at its end is on the track at the same moment.
      return [glyph(kind, x(at), TRACK.top - 8)];
    default:
      return [glyph(kind, x(at), middle)];
  }
}

/** How long each fault lasts. */
function faults(moments: readonly Moment[], x: (at: number) => number): SVGElement[] {
  return moments
    .filter(({ kind, lasts = 0 }) => kind === "fault" && lasts > 0)
    .map(({ at, lasts = 0 }) =>
      svg("rect", {
        class: "fault-bar",
        x: x(at),
        y: TRACK.top,
        width: x(at + lasts) - x(at),
        height: TRACK.height,
      }),
    );
}

/**
 * Writes the number of calls that were answered together beside their mark: of refused calls to the
 * left, of others to the right. The number is left out where there is no room.
 */
function counts(moments: readonly Moment[], x: (at: number) => number): SVGElement[] {
  const answered = moments.filter(({ kind }) => kind === "call" || kind === "refused");
  const row = new Row(answered.map(({ at }) => ({ from: x(at) - 1, to: x(at) + 1 })));
  return answered.flatMap(({ at, kind, times = 1 }) => {
    const count = String(times);
    const width = textWidth(count, SIZES.count);
    const start = kind === "call" ? x(at) + 4 : x(at) - 4 - width;
    if (times === 1 || !row.take(start, width)) return [];
    return [
      svg("text", { class: `count-${kind}`, x: start, y: TRACK.top + TRACK.height + 13 }, count),
    ];
  });
}

/**
 * Writes the name of each mark of the servers to its right or, where no row has room there, to its
 * left. Where that has no room either, only the list has the name. The newest mark is placed first.
 */
function names(
  moments: readonly Moment[],
  x: (at: number) => number,
  rows: readonly [track: Row, above: Row],
): SVGElement[] {
  return moments
    .filter(({ lane }) => lane === SERVERS)
    .toReversed()
    .flatMap(({ at, kind, what }) => {
      const width = textWidth(what, SIZES.name);
      for (const start of [x(at) + GLYPH, x(at) - GLYPH - GAP - width]) {
        const row = rows.findIndex((one) => one.take(start, width));
        if (row === -1) continue;
        const y = row === 0 ? TRACK.top + 12 : 16;
        return [svg("text", { class: `name name-${kind}`, x: start, y }, what)];
      }
      return [];
    });
}

/** The part of the track that a moment's mark takes. */
function glyphSpan({ at, kind, lasts = 0 }: Moment, x: (at: number) => number) {
  if (kind === "step" || kind === "call" || kind === "refused" || kind === "retry") return [];
  const from = kind === "wait" ? Math.min(x(at - lasts), x(at) - 4) : x(at) - GLYPH;
  return [{ from, to: kind === "wait" ? x(at) : x(at) + GLYPH - 1 }];
}

/** A symbol of the legend. The score and the legend use the same ones. */
function glyph(kind: string, x: number, y: number): SVGElement {
  return svg("use", {
    class: `glyph glyph-${kind}`,
    href: `#glyph-${kind}`,
    x: x - 7,
    y: y - 7,
    width: 14,
    height: 14,
  });
}

/** The names of the lanes, above the drawing, and the state of each keep. */
function nameLanes(
  rows: readonly string[],
  byLane: ReadonlyMap<string, readonly Moment[]>,
  letter: string,
): void {
  lanes.replaceChildren(
    ...rows.map((key) => {
      if (key === SERVERS)
        return make("li", { className: "lane" }, make("b", { textContent: "Servers" }));
      const [tab = "", tenant = ""] = key.split("/");
      const name = tab === letter ? `Tab ${tab}, this one` : `Tab ${tab}`;
      const standing = make("span", {
        className: "quiet",
        textContent: standingOf(byLane.get(key) ?? []),
      });
      return make(
        "li",
        { className: "lane" },
        make("b", { textContent: tenant === "main" ? name : `${name}, ${tenant}` }),
        standing,
      );
    }),
  );
}

function standingOf(moments: readonly Moment[]): string {
  const last = moments.findLast(({ token, kind }) => token !== undefined || kind === "end");
  return last?.token === undefined ? "signed out" : `generation ${last.token.generation}`;
}

function svg(name: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}
