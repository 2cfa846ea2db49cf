// Finds tokens in what a heap or a memory holds.

const PIECE = 16;

/** Known by pieces of the signatures, because a token may be there in parts. */
export class Tokens {
  readonly #byPiece = new Map<string, string>();

  constructor(tokens: readonly string[] = []) {
    for (const token of tokens) this.add(token);
  }

  add(token: string): void {
    const signature = token.slice(token.lastIndexOf(".") + 1);
    for (let at = 0; at + PIECE <= signature.length; at += PIECE)
      this.#byPiece.set(signature.slice(at, at + PIECE), token);
  }

  /** The tokens of which a text has a piece. */
  in(text: string): readonly string[] {
    const found = new Set<string>();
    for (let at = 0; at + PIECE <= text.length; at += 1) {
      const token = this.#byPiece.get(text.slice(at, at + PIECE));
      if (token !== undefined) found.add(token);
    }
    return [...found];
  }
}
