// The encodings in which a backend may write a text back. Escapes are undone in the text that is
// searched, and the places of its characters are kept. Base64 and hexadecimal are made of the text
// that is looked for.

/** A text without its escapes. Character i begins at `starts[i]` of the escaped text. */
export interface Reading {
  readonly text: string;
  /** The last entry is the end of the escaped text. */
  readonly starts: readonly number[];
}

/** How many layers of escapes are undone. */
const DEEPEST = 3;

// Percent-encoding, JSON and JavaScript strings, quoted strings, HTML. A form's "+" for a space is
// missing: `folded` makes one character of the two.
const ESCAPES = new RegExp(
  [
    "%([0-9a-f]{2})",
    "\\\\u([0-9a-f]{4})",
    "\\\\x([0-9a-f]{2})",
    "\\\\([^])",
    "&#x([0-9a-f]{1,6});",
    "&#(\\d{1,7});",
    "&(amp|lt|gt|quot|apos|sol|plus|equals|percnt);",
  ].join("|"),
  "gi",
);
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  sol: "/",
  plus: "+",
  equals: "=",
  percnt: "%",
};

/** The text itself, and the text without one, two and three layers of escapes. */
export function readingsOf(text: string): readonly Reading[] {
  const literal = { text, starts: Array.from({ length: text.length + 1 }, (_, at) => at) };
  const readings: Reading[] = [literal];
  for (let reading: Reading = literal; readings.length <= DEEPEST; ) {
    const next = unescaped(reading);
    if (next.text === reading.text) break;
    readings.push(next);
    reading = next;
  }
  return readings;
}

/** Undoes one layer. A byte becomes the character with its number, as in header fields. */
function unescaped({ text, starts }: Reading): Reading {
  let plain = "";
  const places: number[] = [];
  const take = (characters: string, at: number) => {
    for (let index = 0; index < characters.length; index += 1) places.push(starts[at] ?? 0);
    plain += characters;
  };
  const takeAsIs = (from: number, to: number) => {
    for (let at = from; at < to; at += 1) take(text[at] ?? "", at);
  };
  let end = 0;
  for (const match of text.matchAll(ESCAPES)) {
    takeAsIs(end, match.index);
    take(meaningOf(match), match.index);
    end = match.index + match[0].length;
  }
  takeAsIs(end, text.length);
  places.push(starts[text.length] ?? 0);
  return { text: plain, starts: places };
}

function meaningOf([, percent, u, x, quoted, hex, decimal, named]: RegExpMatchArray): string {
  if (quoted !== undefined) return quoted;
  if (named !== undefined) return NAMED[named.toLowerCase()] ?? "";
  const digits = percent ?? u ?? x ?? hex;
  const code = digits === undefined ? Number(decimal) : Number.parseInt(digits, 16);
  return code > 0x10ffff ? "" : String.fromCodePoint(code);
}

/**
 * The texts that reveal this one: itself with and without its escapes, its bytes, and its bytes in
 * base64 and hexadecimal. Base64 has three forms, depending on what stands before the text. Leaves
 * out the characters that depend on a neighbour.
 */
export function formsOf(text: string): ReadonlySet<string> {
  const forms = new Set<string>();
  for (const { text: plain } of readingsOf(text)) {
    forms.add(plain);
    const isBinary = /^[\0-\xff]*$/.test(plain);
    for (const bytes of [Buffer.from(plain), ...(isBinary ? [Buffer.from(plain, "latin1")] : [])]) {
      forms.add(bytes.toString("latin1")).add(bytes.toString("hex"));
      for (const before of [0, 1, 2]) forms.add(base64Of(bytes, before));
    }
  }
  return forms;
}

function base64Of(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  const whole = Math.floor(((before + bytes.length) * 8) / 6);
  return encoded.slice(Math.ceil((before * 8) / 6), whole);
}

/** Makes texts equal that differ in case, in base64's alphabet or in a form's space. */
export function folded(text: string): string {
  return text
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    .replace(/[- ]/g, "+")
    .replaceAll("_", "/");
}
