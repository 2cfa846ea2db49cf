// Room for the timeline's labels: which of them fit, so that none is drawn over another or over a
// mark.

/** What is taken of a row, in pixels. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Pixels that stay free between two labels. */
const GAP = 4;

/** One row of labels. A label is given its place only where nothing is yet. */
export class Row {
  readonly #taken: Span[];

  /** `marks`: what is drawn in the row in any case. */
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
/** Pixels that a letter takes at most, for its size, where nothing can be measured. */
const WIDEST = 0.7;

/** How wide a text is in the page's typeface, in pixels. */
export function textWidth(text: string, size: number): number {
  if (pen === null) return text.length * size * WIDEST;
  pen.font = `600 ${size}px Geist, system-ui, sans-serif`;
  return pen.measureText(text).width;
}
