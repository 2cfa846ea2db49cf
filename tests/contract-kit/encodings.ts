// The encodings in which a backend may write a secret back, and the search for what is left of one.
// The search shares nothing with the kit: it undoes one encoding at a time and looks for pieces.

const hex = (byte: number) => byte.toString(16).padStart(2, "0");
const bytesOf = (text: string) => [...Buffer.from(text)];
const written = (text: string, write: (code: number, character: string) => string) =>
  [...text].map((character) => write(character.codePointAt(0) ?? 0, character)).join("");

/** Each gives ASCII, because it has to fit into a header. */
export const encodings = {
  raw: (text) => text,
  "percent, upper case": (text) =>
    bytesOf(text)
      .map((byte) => `%${hex(byte).toUpperCase()}`)
      .join(""),
  "percent, lower case": (text) =>
    bytesOf(text)
      .map((byte) => `%${hex(byte)}`)
      .join(""),
  "percent, mixed": (text) =>
    bytesOf(text)
      .map((byte, at) => {
        const escaped = at % 2 === 0 ? hex(byte) : hex(byte).toUpperCase();
        return at % 3 === 0 && byte < 128 ? String.fromCharCode(byte) : `%${escaped}`;
      })
      .join(""),
  "percent, of a URL's part": (text) => encodeURIComponent(text),
  "percent, twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  form: (text) => String(new URLSearchParams([["", text]])).slice(1),
  base64: (text) => Buffer.from(text).toString("base64"),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  "base64 after a name": (text) => Buffer.from(`alice:${text}`).toString("base64"),
  "base64 inside JSON": (text) => Buffer.from(JSON.stringify({ v: text })).toString("base64"),
  JSON: (text) => JSON.stringify(text),
  "JSON, all escaped": (text) =>
    written(text, (code) => `\\u${hex(code >> 8)}${hex(code & 255).toUpperCase()}`),
  HTML: (text) =>
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;"),
  "HTML, by number": (text) =>
    written(text, (code, character) =>
      code % 2 === 0 ? `&#${code};` : code % 3 === 0 ? `&#x${hex(code).toUpperCase()};` : character,
    ),
  "quoted string": (text) => `"${text.replace(/["\\]/g, "\\$&")}"`,
  "quoted string, all escaped": (text) => `"${text.replace(/[^ux]/g, "\\$&")}"`,
  "upper case": (text) => text.toUpperCase(),
} satisfies Record<string, (text: string) => string>;

export type Encoding = keyof typeof encodings;

const undone: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.replaceAll("+", " "),
  (text) =>
    text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll("%", ""), "hex").toString(),
    ),
  (text) =>
    text.replace(/\\u([0-9a-f]{4})/gi, (_, code) => String.fromCharCode(parseInt(code, 16))),
  (text) => text.replace(/\\(.)/g, "$1"),
  (text) =>
    text
      .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCharCode(parseInt(code, 16)))
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&"),
  (text) =>
    text.replace(/[\w+/-]{11,}/g, (run) =>
      // Base64 after other letters, or with its beginning cut off, begins at any of four places.
      [0, 1, 2, 3].map((at) => Buffer.from(run.slice(at), "base64").toString()).join(" "),
    ),
];

/** The pieces of secrets, eight characters long, that a text reveals, encoded up to twice. */
export function piecesIn(text: string, secrets: readonly string[]): string[] {
  const once = undone.map((undo) => undo(text));
  const readings = once.flatMap((reading) => undone.map((undo) => undo(reading)));
  const searched = readings.join("\n").toLowerCase();
  const pieces = secrets.flatMap((secret) =>
    Array.from({ length: Math.max(0, secret.length - 7) }, (_, at) => secret.slice(at, at + 8)),
  );
  return [...new Set(pieces)].filter((piece) => searched.includes(piece.toLowerCase()));
}
