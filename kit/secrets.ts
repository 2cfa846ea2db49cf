// The secrets of a run: every cookie value, token and credential that went over the wire. A row may
// quote what a backend wrote, and a backend may write a secret back, whole or in part, in any
// encoding. Everything that the kit prints goes through `printable`.

import { folded, formsOf, readingsOf } from "./encodings.ts";

/** A shorter text does not count as a secret: it would be found everywhere. */
const SHORTEST = 4;
/** The length of the pieces of a secret that are hidden. A shorter secret is hidden whole. */
const PIECE = 8;
/** A longer line is cut in the middle. */
const LONGEST_LINE = 200;
const LINE_END = 60;

/** The names of members and headers that hold a secret. `token_type` is none of them. */
const NAME = new RegExp(
  "(token|jwt|secret|passw(or)?d|credentials?|authorization|session|session[_-]?id|sid" +
    "|api[_-]?key)$",
  "i",
);

export class Secrets {
  /** The texts that reveal a secret, folded. */
  readonly #forms = new Set<string>();
  readonly #known = new Set<string>();

  add(text: string): void {
    if (text.length < SHORTEST || this.#known.has(text)) return;
    this.#known.add(text);
    for (const form of formsOf(text)) if (form.length >= SHORTEST) this.#forms.add(folded(form));
  }

  /** Adds every text and number in a JSON value. */
  addAll(value: unknown): void {
    if (typeof value === "string" || typeof value === "number") this.add(String(value));
    else if (typeof value === "object" && value !== null)
      Object.values(value).forEach((inner) => this.addAll(inner));
  }

  /** Adds the members of a JSON value whose names say that they are secret, at any depth. */
  addNamed(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value))
      if (NAME.test(name)) this.addAll(inner);
      else this.addNamed(inner);
  }

  /** Adds a header's value and the credential in it. */
  addHeader(value: string): void {
    this.add(value);
    const [scheme = "", credential = ""] = value.split(/ +/, 2);
    this.add(credential);
    if (scheme.toLowerCase() !== "basic") return;
    const pair = Buffer.from(credential, "base64").toString();
    this.add(pair.slice(pair.indexOf(":") + 1));
  }

  /** Adds the headers whose names say that they are secret. */
  addHeaders(headers: Headers): void {
    for (const [name, value] of headers) if (NAME.test(name)) this.addHeader(value);
  }

  /** The text as it may be printed. */
  printable(text: string): string {
    return this.allPrintable([text])[0] ?? "";
  }

  /**
   * The texts as they may be printed: secrets are hidden first, then characters that a terminal
   * would obey, then long lines are cut. Takes all texts at once because it goes through all
   * secrets.
   */
  allPrintable(texts: readonly string[]): string[] {
    const readings = texts.map((text) =>
      readingsOf(text).map(({ text: read, starts }) => ({ read: folded(read), starts })),
    );
    const telling = this.#tellingPieces(readings.flat().map(({ read }) => read));
    return texts.map((text, index) => {
      const hidden = new Set<number>();
      for (const { read, starts } of readings[index] ?? [])
        for (const piece of telling)
          for (let at = read.indexOf(piece); at >= 0; at = read.indexOf(piece, at + 1))
            for (let from = starts[at] ?? 0; from < (starts[at + piece.length] ?? 0); from += 1)
              hidden.add(from);
      return shortened(without(text, hidden).replace(/\p{C}/gu, "?"));
    });
  }

  /** The pieces of secrets that stand in these texts, and the short secrets. */
  #tellingPieces(texts: readonly string[]): ReadonlySet<string> {
    const standing = new Set(texts.flatMap(piecesOf));
    const telling = new Set<string>();
    for (const form of this.#forms) {
      if (form.length < PIECE) telling.add(form);
      for (let at = 0; at + PIECE <= form.length; at += 1) {
        const piece = form.slice(at, at + PIECE);
        if (standing.has(piece)) telling.add(piece);
      }
    }
    return telling;
  }
}

function piecesOf(text: string): string[] {
  const count = Math.max(0, text.length - PIECE + 1);
  return Array.from({ length: count }, (_, at) => text.slice(at, at + PIECE));
}

function without(text: string, hidden: ReadonlySet<number>): string {
  return Array.from({ length: text.length }, (_, at) =>
    !hidden.has(at) ? text[at] : hidden.has(at - 1) ? "" : "[secret]",
  ).join("");
}

function shortened(text: string): string {
  return text.length <= LONGEST_LINE
    ? text
    : `${text.slice(0, LONGEST_LINE - LINE_END)}…${text.slice(-LINE_END)}`;
}
