// Figures in a document: each table lies between two marks. A run of the measurements writes the
// text between the marks and nothing else.

const MARKED = /(<!-- figures: ([^>]*?) -->\n\n)[\s\S]*?(\n\n<!-- end of figures -->)/g;

/** The names of a document's marks, in order. */
export function marksOf(document: string): readonly string[] {
  return [...document.matchAll(MARKED)].map(([, , name = ""]) => name);
}

/** Puts these figures into the document. Throws when the two don't have the same names. */
export function withFigures(document: string, figures: Readonly<Record<string, string>>): string {
  const marks = marksOf(document);
  const names = Object.keys(figures);
  const odd = [
    ...marks.filter((mark, place) => !names.includes(mark) || marks.indexOf(mark) !== place),
    ...names.filter((name) => !marks.includes(name)),
  ];
  if (odd.length > 0)
    throw new Error(`The document's marks are not the figures' names: ${odd.join(", ")}.`);
  return document.replace(
    MARKED,
    (_, begin: string, name: string, end: string) => begin + figures[name] + end,
  );
}
