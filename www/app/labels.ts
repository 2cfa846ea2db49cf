// Room for the timeline's labels: decides which of them fit, so that no label covers another one or
// a mark.

/** A part of a row that is taken, in pixels. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Pixels that stay free between two labels. */
export const GAP = 4;

/** One row of labels. A label gets a place only where the row is free. */
export class Row {
  readonly #taken: Span[];

  /** `marks`: what the row always shows. */
  constructor(marks: readonly Span[]) {
    this.#taken = [...marks];
  }

  /** Takes the place from `start` on, and says whether it was free. */
  take(start: number, width: number): boolean {
    const end = start + width + GAP;
    if (this.#taken.some(({ from, to }) => from < end && to > start)) return false;
    this.#taken.push({ from: start, to: end });
    return true;
  }
}

const pen = document.createElement("canvas").getContext("2d");
/** The largest width of a letter, in its size, for places where nothing can be measured. */
const WIDEST = 0.7;

/** How wide a text is in the page's typeface, in pixels. */
export function textWidth(text: string, size: number): number {
  if (pen === null) return text.length * size * WIDEST;
  pen.font = `600 ${size}px Geist, system-ui, sans-serif`;
  return pen.measureText(text).width;
}
