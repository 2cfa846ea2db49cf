// What must never be printed: every cookie value, token and sign-in body that went over the wire in
// this run. The rows are worded without them; a backend that puts one into a header that a row
// quotes doesn't get it onto the screen either.

/** Shorter texts are no secrets, and would be found everywhere. */
const SHORTEST = 4;

export class Secrets {
  readonly #known = new Set<string>();

  add(text: string): void {
    if (text.length >= SHORTEST) this.#known.add(text);
  }

  /** Every text in a JSON value. */
  addAll(value: unknown): void {
    if (typeof value === "string") this.add(value);
    else if (typeof value === "object" && value !== null)
      Object.values(value).forEach((inner) => this.addAll(inner));
  }

  /** The longest first, for one may be part of another. */
  hide(text: string): string {
    const longestFirst = [...this.#known].sort((one, other) => other.length - one.length);
    return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
  }
}
