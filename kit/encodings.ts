// The ways in which a backend may write a text back. Escapes are undone in what is searched, each
// with the place that it had; base64 and hexadecimal are made of what is looked for.

/** A text without its escapes; character i begins at `starts[i]` of the text that was written. */
export interface Reading {
  readonly text: string;
  /** Has one place more than `text` has characters: the end. */
  readonly starts: readonly number[];
}

/** Deeper nesting of escapes than this is not read. */
const DEEPEST = 3;

// Percent-encoding, JSON and JavaScript strings, quoted strings, HTML. A "+" for a space needs no
// place here: `folded` makes one of the two.
const ESCAPES =
  /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\([\s\S])|&#x([0-9a-f]{1,6});|&#(\d{1,7});|&(amp|lt|gt|quot|apos|sol|plus|equals|percnt);/gi;
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

/** The text as it is written, and without one layer of escapes after the other. */
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

/** Undoes one layer. A byte becomes the character of its number, as header fields are read. */
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
 * Every text that tells this one: itself with and without its escapes, its bytes, and what base64
 * and hexadecimal make of them. Base64 has three forms, by what stands before; the characters that
 * depend on a neighbour are left out.
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

/** One text for all that differ in case, in base64's alphabet, or in a form's space. */
export function folded(text: string): string {
  return text
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    .replace(/[- ]/g, "+")
    .replaceAll("_", "/");
}
